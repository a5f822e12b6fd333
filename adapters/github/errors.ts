import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { RateSaid } from "../http/rate-budget.ts";

/** What was asked for, for the sentence: `the workflow deploy.yml in acme/web`. */
export interface Asked {
	readonly what: string;
	readonly method: string;
}

/** An answer that Octokit threw. */
const Thrown = z.object({
	response: z.object({
		status: z.number(),
		headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()),
		data: z.unknown().optional(),
	}),
});
export type Refused = z.infer<typeof Thrown>["response"];

const Said = z.object({ message: z.string(), errors: z.array(z.unknown()).optional().catch(undefined) });
const DETAIL = z.union([z.string(), z.object({ message: z.string() }).transform((detail) => detail.message)]);

/** Seconds to wait after a secondary limit that names none; GitHub asks for a minute at least. */
const SECONDARY_WAIT = 60;

/** The answer behind an error of Octokit; null: it is no answer. */
export function refusedAnswer(error: unknown): Refused | null {
	const thrown = Thrown.safeParse(error);
	return thrown.success ? thrown.data.response : null;
}

/** What GitHub wrote, on one line. */
export function messageOf(answer: Refused): string {
	const said = Said.safeParse(answer.data);
	if (!said.success) return "";
	const details = (said.data.errors ?? []).flatMap((detail) => DETAIL.safeParse(detail).data ?? []);
	return [said.data.message, ...details].join(": ").replace(/\s+/g, " ").trim().slice(0, 300);
}

/** What an answer that is no success means for us, marked at birth. It carries nothing of the request, so no secret. */
export function refusalOf(answer: Refused, asked: Asked): VendorError {
	const { status } = answer;
	const said = messageOf(answer);
	const quoted = said === "" ? "" : ` It says: ${said.replace(/\.?$/, ".")}`;
	const wait = rateLimit(answer, said);
	if (wait !== null)
		return new VendorError("rate_limited", `GitHub's rate limit is used up for another ${wait} s.`, {
			retryAfter: wait,
		});
	if (status === 401)
		return new VendorError(
			"unauthorized",
			`GitHub does not accept the credentials of this integration (401).${quoted} Renew the token, or check the App's id and private key.`,
		);
	if (status === 403) return new VendorError("unauthorized", forbidden(answer, asked, quoted));
	if (status === 404) return new VendorError("not_found", notFound(answer, asked));
	if (status === 408 || status >= 500)
		return new VendorError("unavailable", `GitHub has trouble (${status}) with ${asked.what}.`, {
			mayHaveHappened: asked.method !== "GET",
			...retryAfter(answer),
		});
	return new VendorError("rejected", `GitHub refuses ${asked.what} (${status}).${quoted}`);
}

type Headed = Pick<Refused, "headers">;

function header(answer: Headed, name: string): string | null {
	const value = answer.headers[name];
	return value === undefined ? null : String(value);
}

/** What an answer says of the primary rate limit; null: nothing, as an Enterprise Server without limits does. */
export function rateSaid(answer: Headed): RateSaid | null {
	const [limit, left] = ["x-ratelimit-limit", "x-ratelimit-remaining"].map((name) => header(answer, name));
	const endsIn = resetIn(answer);
	if (limit == null || left == null || endsIn === null) return null;
	const said = { limit: Number(limit), left: Number(left), endsIn: endsIn * 1_000 };
	return said.limit > 0 && said.left >= 0 ? said : null;
}

/** Seconds until the period of the primary limit ends, by GitHub's own clock: ours may be off. */
function resetIn(answer: Headed): number | null {
	const reset = Number(header(answer, "x-ratelimit-reset") ?? "");
	const date = Date.parse(header(answer, "date") ?? "");
	const seconds = Math.ceil(reset - (Number.isNaN(date) ? Date.now() : date) / 1_000);
	return Number.isFinite(seconds) && reset > 0 ? seconds : null;
}

function retryAfter(answer: Refused): { retryAfter?: number } {
	const text = header(answer, "retry-after");
	return text !== null && /^\d{1,6}$/.test(text) ? { retryAfter: Number(text) } : {};
}

/** Seconds to wait; null: it is no rate limit. GitHub sends 403 as often as 429 for it. */
function rateLimit(answer: Refused, said: string): number | null {
	if (answer.status !== 403 && answer.status !== 429) return null;
	const { retryAfter: asked } = retryAfter(answer);
	if (asked !== undefined) return Math.max(asked, 1);
	if (header(answer, "x-ratelimit-remaining") === "0") {
		const seconds = resetIn(answer);
		return seconds === null ? SECONDARY_WAIT : Math.min(Math.max(seconds, 1), 3_600);
	}
	return answer.status === 429 || /rate limit|abuse detection/i.test(said) ? SECONDARY_WAIT : null;
}

function forbidden(answer: Refused, asked: Asked, quoted: string): string {
	if (header(answer, "x-github-sso") !== null)
		return `GitHub wants the token to be authorised for single sign-on of the organisation (403): do that at the token's settings.`;
	const needed = header(answer, "x-accepted-github-permissions");
	const grant =
		needed !== null && /^[\w=;, ]{1,200}$/.test(needed)
			? `It needs ${needed}.`
			: "It needs Actions (read and write), and Contents, Checks and Commit statuses (read).";
	return `The credentials of this integration may not use ${asked.what} at GitHub (403).${quoted} ${grant}`;
}

function notFound(answer: Refused, asked: Asked): string {
	if (!Said.safeParse(answer.data).success)
		return `No GitHub API answers at this baseUrl (404). That of an Enterprise Server ends in /api/v3.`;
	return `GitHub does not know ${asked.what}, or the credentials of this integration may not see it (404).`;
}
