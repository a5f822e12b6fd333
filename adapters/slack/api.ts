import { webApi } from "@slack/bolt";
import type { Logger } from "pino";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { slackError } from "./slack-error.ts";
import { slackLogger } from "./slack-logger.ts";

export type WebClient = webApi.WebClient;

const TIMEOUT_MS = 8_000;

export interface ApiOptions {
	readonly token: string;
	/** Base of the Web API, with a trailing slash. Absent: Slack's own. */
	readonly apiUrl?: string;
	readonly log: Logger;
	readonly timeoutMs?: number;
}

/** Options of every client of ours: no call is ever tried again behind our back, for that could post twice. */
export function clientOptions({ apiUrl, log, timeoutMs }: Omit<ApiOptions, "token">): webApi.WebClientOptions {
	return {
		...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
		logger: slackLogger(log),
		retryConfig: { retries: 0 },
		rejectRateLimitedCalls: true,
		timeout: timeoutMs ?? TIMEOUT_MS,
		fetch: fetchSlack,
	};
}

/** The connection was never made, so nothing was asked. */
const NEVER_SENT = new Set(["EAI_AGAIN", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"]);

/** Marks what surely had no effect where that is still known. */
const fetchSlack: webApi.FetchFunction = async (url, init) => {
	try {
		return await fetch(url, init);
	} catch (error) {
		const code = networkCode(error);
		if (!NEVER_SENT.has(code)) throw error;
		throw new VendorError("unavailable", `Slack could not be reached (${code}); it is tried again.`, { cause: error });
	}
};

function networkCode(error: unknown): string {
	for (let at = error; typeof at === "object" && at !== null; at = Reflect.get(at, "cause")) {
		const code: unknown = Reflect.get(at, "code");
		if (typeof code === "string") return code;
	}
	return "";
}

export function createApi(options: ApiOptions): WebClient {
	return new webApi.WebClient(options.token, clientOptions(options));
}

/** One call to Slack; whatever goes wrong is a VendorError. */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
	try {
		return await call();
	} catch (error) {
		throw slackError(error);
	}
}

/** Slack's own word for what went wrong (`message_not_found`); null when it did not answer at all. */
export function slackCode(error: unknown): string | null {
	return error instanceof webApi.WebAPIPlatformError && /^[a-z_]{1,60}$/.test(error.data.error)
		? error.data.error
		: null;
}
