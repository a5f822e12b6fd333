import type { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { ApiAnswer, ApiCallOptions, ApiOptions } from "../http/api-call.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { rateBudget } from "../http/rate-budget.ts";
import { rateSaid, refusalOf } from "./errors.ts";

/** `baseUrl` is https://api.bitbucket.org; `token` an access token, or `email:token` of an API token. */
export type BitbucketOptions = ApiOptions;
export type Answer = ApiAnswer;

export interface CallOptions extends ApiCallOptions {
	/** A redirect is the answer: what it leads to is at another host, which must not see the token. */
	readonly redirected?: boolean;
}

export type Call = (method: "GET" | "POST" | "PUT", path: string, options: CallOptions) => Promise<Answer>;

/** Bitbucket's API with its credentials. A call is one exchange: nothing is tried again by itself. Throws VendorError. */
export function connect({ baseUrl, token, withinMs, now = () => new Date() }: BitbucketOptions): Call {
	const root = baseUrl.replace(/\/+$/, "").replace(/\/2\.0$/, "");
	const fetch = boundedFetch("Bitbucket", root, withinMs);
	const budget = rateBudget("Bitbucket", () => now().getTime());
	const authorization = isApiToken(token) ? `Basic ${Buffer.from(token).toString("base64")}` : `Bearer ${token}`;

	return async (method, path, options) => {
		budget.ask(options.canWait ?? false);
		const query = new URLSearchParams();
		for (const [name, value] of Object.entries(options.query ?? {})) query.set(name, String(value));
		const search = query.size === 0 ? "" : `?${query}`;
		const response = await fetch(`${root}/2.0${path}${search}`, {
			method,
			headers: {
				...{ accept: "application/json", "user-agent": "draven", authorization },
				...(options.body === undefined ? {} : { "content-type": "application/json" }),
				...options.headers,
			},
			...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
			...(options.redirected === true ? { redirect: "manual" as const } : {}),
		});
		const text = await response.text();
		const isPlain = response.ok && options.headers?.["accept"] !== undefined;
		const answer = { status: response.status, headers: response.headers, data: isPlain ? text : jsonOf(text) };
		budget.heard(rateSaid(answer));
		if (response.ok || (options.redirected === true && response.headers.has("location"))) return answer;
		const meant = options.refused?.(answer) ?? refusalOf(answer, { what: options.what, method });
		if (!(meant instanceof VendorError)) return meant;
		if (meant.kind === "rate_limited" && meant.retryAfter !== null) budget.refused(meant.retryAfter);
		throw meant;
	};
}

/** An API token goes with its owner's address, `email:token`; repositories, projects and workspaces have access tokens. */
export function isApiToken(token: string): boolean {
	return /^[^\s@:]+@[^\s@:]+:./.test(token);
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** What an answer says, or the word that it is none of Bitbucket's. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Answer, what: string): T {
	const parsed = schema.safeParse(answer.data);
	if (parsed.success) return parsed.data;
	throw new VendorError(
		"unavailable",
		`What came back for ${what} is no answer of Bitbucket's API. Is the baseUrl right? It is left out, or https://api.bitbucket.org.`,
	);
}

/** For `refused`: what is not there is an answer without data. */
export function absentIsNull(answer: Answer): Answer | undefined {
	return answer.status === 404 ? { ...answer, data: null } : undefined;
}
