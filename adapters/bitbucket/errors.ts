import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { RateSaid } from "../http/rate-budget.ts";
import type { Answer } from "./client.ts";

/** What was asked for, for the sentence: `the pipeline 42 of acme/web`. */
export interface Asked {
	readonly what: string;
	readonly method: string;
}

const Said = z.object({
	error: z.object({ message: z.string(), detail: z.unknown().optional() }),
});
const Scopes = z.object({ required: z.array(z.string()) });

/** Seconds to wait after a refusal for the rate limit, which names none: the hour that counts rolls on. */
const LIMIT_WAIT = 60;
/** Bitbucket does not tell what is left, only that it is less than a fifth: then what can wait goes once a minute. */
const NEAR = { part: 0.03, endsIn: 10 * 60_000 };

/** What Bitbucket wrote, on one line. */
export function messageOf(answer: Answer): string {
	const said = Said.safeParse(answer.data).data?.error;
	if (said === undefined) return "";
	const detail = typeof said.detail === "string" ? [said.detail] : [];
	return [said.message, ...detail].join(": ").replace(/\s+/g, " ").trim().slice(0, 300);
}

/** Answers to access tokens alone carry it. null: nothing is known. */
export function rateSaid({ headers }: Answer): RateSaid | null {
	const near = headers.get("x-ratelimit-nearlimit");
	const limit = Number(headers.get("x-ratelimit-limit"));
	if (near === null || !(limit > 0)) return null;
	return { limit, left: near.toLowerCase() === "true" ? limit * NEAR.part : limit, endsIn: NEAR.endsIn };
}

/** What an answer that is no success means for us, marked at birth. It carries nothing of the request, so no secret. */
export function refusalOf(answer: Answer, asked: Asked): VendorError {
	const { status } = answer;
	const said = messageOf(answer);
	const quoted = said === "" ? "" : ` It says: ${said.replace(/\.?$/, ".")}`;
	if (status === 429) {
		const wait = Math.max(retryAfter(answer).retryAfter ?? LIMIT_WAIT, 1);
		return new VendorError(
			"rate_limited",
			`Bitbucket's rate limit is used up (1,000 requests an hour for a token): it is asked again in ${wait} s.`,
			{ retryAfter: wait },
		);
	}
	if (status === 401)
		return new VendorError(
			"unauthorized",
			`Bitbucket does not accept the token of this integration (401).${quoted} Write an access token as it is, and an API token as email:token; app passwords have ended.`,
		);
	if (status === 403) return new VendorError("unauthorized", forbidden(answer, asked, quoted));
	if (status === 404)
		return new VendorError(
			"not_found",
			`Bitbucket does not know ${asked.what}, or the token of this integration may not see it (404).`,
		);
	if (status === 408 || status >= 500)
		return new VendorError("unavailable", `Bitbucket has trouble (${status}) with ${asked.what}.`, {
			mayHaveHappened: asked.method !== "GET",
			...retryAfter(answer),
		});
	if (status >= 300 && status < 400)
		return new VendorError(
			"rejected",
			`Bitbucket has moved ${asked.what} (${status}): name it as it is called now, and leave the baseUrl out.`,
		);
	return new VendorError("rejected", `Bitbucket refuses ${asked.what} (${status}).${quoted}`);
}

function retryAfter({ headers }: Answer): { retryAfter?: number } {
	const text = headers.get("retry-after");
	return text !== null && /^\d{1,6}$/.test(text) ? { retryAfter: Number(text) } : {};
}

function forbidden(answer: Answer, asked: Asked, quoted: string): string {
	const scopes = missingScopes(answer);
	const grant =
		scopes.length > 0
			? `Give it the scope ${scopes.join(", ")}.`
			: "It needs to read the repository, and to read and write pipelines.";
	return `The token of this integration may not use ${asked.what} at Bitbucket (403).${quoted} ${grant}`;
}

/** The scopes that a refusal names; both kinds of token have names of their own for them. */
function missingScopes(answer: Answer): string[] {
	const detail = Said.safeParse(answer.data).data?.error.detail;
	return (Scopes.safeParse(detail).data?.required ?? []).filter((scope) => /^[\w:.-]{1,60}$/.test(scope)).slice(0, 5);
}
