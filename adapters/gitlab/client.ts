import type { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { ApiAnswer, ApiCallOptions, ApiOptions } from "../http/api-call.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { rateBudget } from "../http/rate-budget.ts";
import { apiUrlOf } from "./api-url.ts";
import { rateSaid, refusalOf } from "./errors.ts";

/** `baseUrl` is https://gitlab.com, or that of a server of one's own, with its path if it lives below one; /api/v4 may follow. */
export type GitLabOptions = ApiOptions;
export type Answer = ApiAnswer;

export interface CallOptions extends ApiCallOptions {
	/** The answer is a text that may be long: its end is enough. */
	readonly text?: boolean;
}

/** `path` is behind /api/v4, its parts encoded. */
export type Call = (method: "GET" | "POST" | "PUT", path: string, options: CallOptions) => Promise<Answer>;

/** One GitLab API with its token. A call is one exchange: nothing is tried again by itself. Throws VendorError. */
export function connect({ baseUrl, token, withinMs, now = () => new Date() }: GitLabOptions): Call {
	const api = apiUrlOf(baseUrl);
	const budget = rateBudget("GitLab", () => now().getTime());
	const whole = boundedFetch("GitLab", api, withinMs);
	const end = boundedFetch("GitLab", api, withinMs, "end");
	return async (method, path, options) => {
		budget.ask(options.canWait ?? false);
		const { query = {}, body, what } = options;
		const search = new URLSearchParams();
		for (const [key, value] of Object.entries(query)) search.set(key, String(value));
		const response = await (options.text === true ? end : whole)(
			`${api}${path}${search.size === 0 ? "" : `?${search}`}`,
			{
				method,
				headers: {
					"private-token": token,
					"user-agent": "draven",
					accept: options.text === true ? "text/plain" : "application/json",
					...(body === undefined ? {} : { "content-type": "application/json" }),
					...options.headers,
				},
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
			},
		);
		const text = await response.text();
		const { status, headers } = response;
		const answer: Answer = { status, headers, data: options.text === true && response.ok ? text : jsonOf(text) };
		budget.heard(rateSaid(answer));
		if (response.ok) return answer;
		const moved = status >= 300 && status < 400 && status !== 304;
		const meant =
			options.refused?.(answer) ??
			(moved
				? new VendorError("rejected", `GitLab has moved ${what} (${status}): name it as it is called now.`)
				: refusalOf(answer, { what, method }));
		if (!(meant instanceof VendorError)) return meant;
		if (meant.kind === "rate_limited" && meant.retryAfter !== null) budget.refused(meant.retryAfter);
		throw meant;
	};
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** What an answer says, or the word that it is none of GitLab's. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Pick<Answer, "data">, what: string): T {
	const parsed = schema.safeParse(answer.data);
	if (parsed.success) return parsed.data;
	throw new VendorError(
		"unavailable",
		`What came back for ${what} is no answer of GitLab's API. Is the baseUrl right? It is https://host, with its path if it lives below one.`,
	);
}

/** Answers a 404 with null: it is not there. A whole project that is not there is an error all the same. */
export function absentIsNull(answer: Answer): Answer | undefined {
	const { data } = answer;
	const said = typeof data === "object" && data !== null && "message" in data ? String(data.message) : "";
	return answer.status === 404 && said !== "" && !/project/i.test(said) ? { ...answer, data: null } : undefined;
}
