import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { RateSaid } from "../http/rate-budget.ts";
import type { Answer } from "./client.ts";

/** What was asked for, for the sentence: `the pipelines of acme/web`. */
export interface Asked {
	readonly what: string;
	readonly method: string;
}

/** `message` is a text, a list, or lists by field; the API's own layer says `error`. */
const Said = z.union([
	z.object({ message: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.array(z.string()))]) }),
	z.object({ error: z.string(), error_description: z.string().optional() }),
]);

/** Seconds to wait when a limit was reached and GitLab names none; its limits are by the minute. */
const WAIT = 60;

/** What GitLab wrote, on one line. */
export function messageOf({ data }: Pick<Answer, "data">): string {
	const said = Said.safeParse(data);
	if (!said.success) return "";
	return textsOf(said.data).join(": ").replace(/\s+/g, " ").trim().slice(0, 400);
}

function textsOf(said: z.infer<typeof Said>): readonly string[] {
	if ("error" in said) return [said.error, ...(said.error_description === undefined ? [] : [said.error_description])];
	const { message } = said;
	if (typeof message === "string") return [message];
	if (Array.isArray(message)) return message;
	return Object.entries(message).map(([field, texts]) => `${field === "base" ? "" : `${field} `}${texts.join(", ")}`);
}

/** What an answer that is no success means for us, marked at birth. It carries nothing of the request, so no secret. */
export function refusalOf(answer: Answer, asked: Asked): VendorError {
	const { status } = answer;
	const said = messageOf(answer);
	const quoted = said === "" ? "" : ` It says: ${said.replace(/\.?$/, ".")}`;
	if (status === 429) {
		const wait = waitOf(answer);
		return new VendorError("rate_limited", `GitLab's rate limit is used up for another ${wait} s.`, {
			retryAfter: wait,
		});
	}
	if (status === 401)
		return new VendorError(
			"unauthorized",
			`GitLab does not accept the token of this integration (401).${quoted} Renew it: a project or group access token with the scope api.`,
		);
	if (status === 403)
		return new VendorError(
			"unauthorized",
			`The token of this integration may not use ${asked.what} at GitLab (403).${quoted} It needs the scope api and the role Developer, or Maintainer where a branch or tag is protected.`,
		);
	if (status === 404) return new VendorError("not_found", notFound(said, asked));
	if (status === 405 && /moved/i.test(said))
		return new VendorError("rejected", `GitLab has moved ${asked.what}: write the project's new path in draven.yaml.`);
	if (status === 408 || status >= 500)
		return new VendorError("unavailable", `GitLab has trouble (${status}) with ${asked.what}.`, {
			mayHaveHappened: asked.method !== "GET",
			...retryAfter(answer),
		});
	return new VendorError("rejected", `GitLab refuses ${asked.what} (${status}).${quoted}`);
}

function notFound(said: string, asked: Asked): string {
	if (said === "")
		return "No GitLab API answers at this baseUrl (404): write it as https://host, with its path if it lives below one.";
	return `GitLab does not know ${asked.what}, or the token of this integration may not see it (404).`;
}

function retryAfter({ headers }: Answer): { retryAfter?: number } {
	const text = headers.get("retry-after") ?? "";
	return /^\d{1,6}$/.test(text) ? { retryAfter: Number(text) } : {};
}

function waitOf(answer: Answer): number {
	const { retryAfter: asked } = retryAfter(answer);
	if (asked !== undefined) return Math.max(asked, 1);
	const seconds = resetIn(answer);
	return seconds === null ? WAIT : Math.min(Math.max(seconds, 1), 3_600);
}

/** What an answer says of the rate limit; null: nothing, as a server without limits does. */
export function rateSaid(answer: Pick<Answer, "headers">): RateSaid | null {
	const [limit, left] = ["ratelimit-limit", "ratelimit-remaining"].map((name) => answer.headers.get(name));
	const endsIn = resetIn(answer);
	if (limit == null || left == null || endsIn === null) return null;
	const said = { limit: Number(limit), left: Number(left), endsIn: endsIn * 1_000 };
	return said.limit > 0 && said.left >= 0 ? said : null;
}

/** Seconds until the period of the limit ends, by GitLab's own clock: ours may be off. */
function resetIn({ headers }: Pick<Answer, "headers">): number | null {
	const reset = Number(headers.get("ratelimit-reset") ?? "");
	const date = Date.parse(headers.get("date") ?? "");
	const seconds = Math.ceil(reset - (Number.isNaN(date) ? Date.now() : date) / 1_000);
	return Number.isFinite(seconds) && reset > 0 ? seconds : null;
}
