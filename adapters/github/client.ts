import { Octokit } from "@octokit/rest";
import type { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { type RateBudget, rateBudget } from "../http/rate-budget.ts";
import { type AppCredentials, type AppToken, appToken } from "./app-token.ts";
import { type Refused, rateSaid, refusalOf, refusedAnswer } from "./errors.ts";

export type GitHubAuth = { readonly token: string } | { readonly app: AppCredentials };

export interface GitHubOptions {
	/** https://api.github.com, or that of an Enterprise Server, which ends in /api/v3. */
	readonly baseUrl: string;
	readonly auth: GitHubAuth;
	/** Milliseconds that one exchange may take; default 10 s. */
	readonly withinMs?: number;
	/** The clock of the rate limit. */
	readonly now?: () => Date;
}

export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | number | undefined>>;
	readonly data: unknown;
}

export interface CallOptions {
	/** What is asked for, as it stands in a sentence: `the run 42 of acme/web`. */
	readonly what: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** What an answer that is no success means here; undefined: what it means everywhere. */
	readonly refused?: (answer: Refused) => Answer | VendorError | undefined;
	/** Ends the exchange sooner than usual; one for several calls bounds them together. */
	readonly signal?: AbortSignal;
	/** A redirect is the answer: what it leads to is at another host, which must not see the token. */
	readonly redirected?: boolean;
	/** Ask as the App itself, not as its installation. */
	readonly asApp?: boolean;
	/** Not sent while little is left of the rate limit: it comes round again. */
	readonly canWait?: boolean;
}

export type Call = (
	route: string,
	parameters: Readonly<Record<string, unknown>>,
	options: CallOptions,
) => Promise<Answer>;

type Send = (
	route: string,
	parameters: Readonly<Record<string, unknown>>,
	authorization: string,
	options: CallOptions,
) => Promise<Answer>;

/** The version that we were written for; Octokit sends none. */
const API_VERSION = "2022-11-28";
const silent = () => {};

/** One GitHub API with its credentials. A call is one exchange: nothing is tried again by itself. Throws VendorError. */
export function connect(options: GitHubOptions): Call {
	const { now = () => new Date() } = options;
	return within(
		rateBudget("GitHub", () => now().getTime()),
		authorized(options),
	);
}

/** What the App asks as itself has a limit of its own. */
function within(budget: RateBudget, call: Call): Call {
	return async (route, parameters, options) => {
		if (options.asApp === true) return call(route, parameters, options);
		budget.ask(options.canWait ?? false);
		try {
			const answer = await call(route, parameters, {
				...options,
				refused: (refused) => {
					budget.heard(rateSaid(refused));
					return options.refused?.(refused);
				},
			});
			budget.heard(rateSaid(answer));
			return answer;
		} catch (error) {
			if (error instanceof VendorError && error.kind === "rate_limited" && error.retryAfter !== null)
				budget.refused(error.retryAfter);
			throw error;
		}
	};
}

function authorized({ baseUrl, auth, withinMs }: GitHubOptions): Call {
	const octokit = new Octokit({
		baseUrl,
		userAgent: "draven",
		log: { debug: silent, info: silent, warn: silent, error: silent },
		request: { fetch: boundedFetch("GitHub", baseUrl, withinMs) },
	});

	const send: Send = async (route, parameters, authorization, options) => {
		const method = route.slice(0, route.indexOf(" "));
		const headers = {
			...options.headers,
			authorization,
			accept: "application/vnd.github+json",
			"x-github-api-version": API_VERSION,
		};
		const request = {
			...(options.signal === undefined ? {} : { signal: options.signal }),
			...(options.redirected === true ? { redirect: "manual" as const } : {}),
		};
		try {
			const { status, headers: received, data } = await octokit.request(route, { ...parameters, headers, request });
			if (status < 300 || options.redirected === true) return { status, headers: received, data };
			throw new VendorError("rejected", `GitHub has moved ${options.what} (${status}): name it as it is called now.`);
		} catch (error) {
			if (error instanceof VendorError) throw error;
			if (error instanceof Error && error.cause instanceof VendorError) throw error.cause;
			const answer = refusedAnswer(error);
			if (answer === null) throw error;
			const meant = options.refused?.(answer) ?? refusalOf(answer, { what: options.what, method });
			if (meant instanceof VendorError) throw meant;
			return meant;
		}
	};

	if ("token" in auth) return (route, parameters, options) => send(route, parameters, `Bearer ${auth.token}`, options);

	const tokens = appToken(auth.app, async (jwt) => {
		const what = `a token for the installation ${auth.app.installationId} of the App ${auth.app.id}`;
		const route = "POST /app/installations/{id}/access_tokens";
		try {
			return (await send(route, { id: auth.app.installationId }, `Bearer ${jwt}`, { what })).data;
		} catch (error) {
			// A token more or less has no effect: what it was wanted for was surely not sent.
			throw error instanceof VendorError ? withoutEffect(error) : error;
		}
	});
	return (route, parameters, options) => sendAsApp(send, tokens, route, parameters, options);
}

async function sendAsApp(
	send: Send,
	tokens: AppToken,
	route: string,
	parameters: Readonly<Record<string, unknown>>,
	options: CallOptions,
): Promise<Answer> {
	if (options.asApp === true) return send(route, parameters, `Bearer ${await tokens.jwt()}`, options);
	const token = await tokens.get();
	return send(route, parameters, `Bearer ${token}`, {
		...options,
		refused: (answer) => {
			if (answer.status === 401 && tokens.forget(token))
				return new VendorError("unavailable", "GitHub does not know the App's new token yet.", { retryAfter: 1 });
			return options.refused?.(answer);
		},
	});
}

function withoutEffect(error: VendorError): VendorError {
	return new VendorError(error.kind, error.message, {
		...(error.retryAfter === null ? {} : { retryAfter: error.retryAfter }),
	});
}

/** What an answer says, or the word that it is none of GitHub's. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Answer, what: string): T {
	const parsed = schema.safeParse(answer.data);
	if (parsed.success) return parsed.data;
	throw new VendorError(
		"unavailable",
		`What came back for ${what} is no answer of GitHub's API. Is the baseUrl right? That of an Enterprise Server ends in /api/v3.`,
	);
}
