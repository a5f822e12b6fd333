import type { Sql } from "./runs.ts";

export type TakenKey =
	/** The request is ours to carry out. `since` names the first try: the same when a try that died is taken up again. */
	| { readonly kind: "mine"; readonly since: Date; readonly triedAt: Date }
	| { readonly kind: "answered"; readonly status: number; readonly answer: unknown }
	| { readonly kind: "in_progress" }
	/** The key stands for a request that said something else. */
	| { readonly kind: "other_request" };

export interface KeyName {
	readonly tokenId: string;
	readonly key: string;
}

/** How long answers are kept. */
const KEPT_MS = 86_400_000;
/**
 * Who has not answered by then has most likely died, and somebody else takes the request up. Short, because its sender asks again soon;
 * were both at work, what they do is known by the time of the first try and has one effect.
 */
const LEASE_MS = 5_000;

/** Insert first: of two requests with one key that come at the same time, one carries it out. */
export async function takeKey(sql: Sql, name: KeyName, requestHash: string, now: Date): Promise<TakenKey> {
	const mine: unknown[] = await sql.query(
		`INSERT INTO idempotent_answer AS old (token_id, key, request_hash, created_at, tried_at) VALUES ($1, $2, $3, $4, $4)
		 ON CONFLICT (token_id, key) DO UPDATE SET request_hash = $3, status = NULL, body = NULL, created_at = $4, tried_at = $4
		 WHERE old.created_at <= $5 RETURNING key`,
		[name.tokenId, name.key, requestHash, now, new Date(now.getTime() - KEPT_MS)],
	);
	if (mine.length === 1) return { kind: "mine", since: now, triedAt: now };
	const row = await rowOf(sql, name);
	// Given back between the two statements: whoever asks again gets it.
	if (row === undefined) return { kind: "in_progress" };
	if (row.request_hash !== requestHash) return { kind: "other_request" };
	if (row.status !== null) return { kind: "answered", status: row.status, answer: row.body };
	const [, tookUp]: [unknown, number] = await sql.query(
		"UPDATE idempotent_answer SET tried_at = $3 WHERE token_id = $1 AND key = $2 AND status IS NULL AND tried_at <= $4",
		[name.tokenId, name.key, now, new Date(now.getTime() - LEASE_MS)],
	);
	return tookUp === 1 ? { kind: "mine", since: row.created_at, triedAt: now } : { kind: "in_progress" };
}

interface KeyRow {
	request_hash: string;
	status: number | null;
	body: unknown;
	created_at: Date;
}

async function rowOf(sql: Sql, name: KeyName): Promise<KeyRow | undefined> {
	const rows: KeyRow[] = await sql.query(
		"SELECT request_hash, status, body, created_at FROM idempotent_answer WHERE token_id = $1 AND key = $2",
		[name.tokenId, name.key],
	);
	return rows[0];
}

/** What was answered; null: nothing yet. */
export async function keptAnswer(sql: Sql, name: KeyName): Promise<{ status: number; answer: unknown } | null> {
	const row = await rowOf(sql, name);
	return row === undefined || row.status === null ? null : { status: row.status, answer: row.body };
}

/** False: somebody else who had taken up the same request has answered it. */
export async function keepAnswer(sql: Sql, name: KeyName, status: number, answer: unknown): Promise<boolean> {
	const [, count]: [unknown, number] = await sql.query(
		"UPDATE idempotent_answer SET status = $3, body = $4::json WHERE token_id = $1 AND key = $2 AND status IS NULL",
		[name.tokenId, name.key, status, JSON.stringify(answer)],
	);
	return count === 1;
}

/** Nothing came of the try: the key can be used again at once, unless somebody else has taken it up since. */
export async function giveKeyBack(sql: Sql, name: KeyName, triedAt: Date): Promise<void> {
	await sql.query(
		"DELETE FROM idempotent_answer WHERE token_id = $1 AND key = $2 AND status IS NULL AND tried_at = $3",
		[name.tokenId, name.key, triedAt],
	);
}
