import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Refusal } from "../core/refusal.ts";
import { refusalText } from "../words/refusal-words.ts";

/** What an endpoint answers. */
export interface Reply {
	readonly status: number;
	/** JSON; absent: no content. */
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
	/** Parts of the body that are told once: with an Idempotency-Key, to the first try alone. They are kept nowhere. */
	readonly secret?: Readonly<Record<string, string>>;
}

/** RFC 9457, with a code that never changes for machines. */
export interface Problem {
	readonly type: string;
	readonly title: string;
	readonly status: number;
	readonly detail: string;
	readonly code: string;
}

export const PROBLEM_TYPE = "application/problem+json";

export function problem(status: number, code: string, detail: string, headers: Record<string, string> = {}): Reply {
	const body: Problem = { type: `urn:draven:${code}`, title: STATUS_CODES[status] ?? "Error", status, detail, code };
	return { status, body, headers: { ...headers, "content-type": PROBLEM_TYPE } };
}

const FORBIDDEN = new Set([
	"no_right",
	"outsider",
	"self_approval",
	"groups_unreadable",
	"own_account",
	"person_unreadable",
	"token_scope",
]);
/** It would have been right at another time, or in another state. */
const CONFLICT = new Set([
	"already_decided",
	"already_exists",
	"configuration_refused",
	"in_progress",
	"locked",
	"not_over_yet",
	"not_possible_now",
	"queue_full",
	"ref_moved",
	"superseded",
]);
/** Nothing was changed, and the same may well work in a minute. */
const PASSING = new Set(["provider_rate_limited", "provider_unavailable"]);

export function refusalReply(no: Refusal): Reply {
	return problem(statusOf(no.code), no.code, refusalText(no));
}

export function statusOf(code: string): number {
	if (FORBIDDEN.has(code)) return 403;
	if (CONFLICT.has(code)) return 409;
	if (code === "bad_cursor") return 400;
	if (code === "changed_meanwhile") return 412;
	if (PASSING.has(code)) return 503;
	if (code.startsWith("provider_")) return 502;
	if (code.startsWith("unknown_")) return 404;
	return 422;
}

/** The same, where no framework stands between us and the socket. */
export function sendReply(response: ServerResponse, { status, body, headers }: Reply): void {
	if (response.headersSent) return void response.destroy();
	const text = body === undefined ? "" : JSON.stringify(body);
	// With its length told, the answer goes out in one piece.
	response.writeHead(status, {
		"content-type": "application/json",
		"content-length": Buffer.byteLength(text),
		...headers,
	});
	response.end(text);
}
