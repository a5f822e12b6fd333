import type { Sql } from "./runs.ts";

const DAY = 86_400_000;

export interface Rule {
	readonly what: string;
	readonly keptMs: number;
	/** Removes up to $2 rows that were over before $1. */
	readonly statement: string;
}

/** What would grow for ever, and how long it is kept. Runs, approvals and the audit trail are never removed. */
export const RULES: readonly Rule[] = [
	{
		what: "done jobs",
		keptMs: 7 * DAY,
		statement: `DELETE FROM job WHERE id IN (SELECT id FROM job WHERE done_at < $1 AND kind <> 'webhook' ORDER BY done_at LIMIT $2)`,
	},
	{
		// Longer than any sender's last retry: for so long a double is known.
		what: "webhooks",
		keptMs: 30 * DAY,
		statement: `DELETE FROM job WHERE id IN (SELECT id FROM job WHERE done_at < $1 ORDER BY done_at LIMIT $2)`,
	},
	{
		what: "dead jobs",
		keptMs: 90 * DAY,
		statement: `DELETE FROM job WHERE id IN (SELECT id FROM job WHERE dead_at < $1 ORDER BY dead_at LIMIT $2)`,
	},
	{
		what: "answers to an Idempotency-Key",
		keptMs: DAY,
		statement: `DELETE FROM idempotent_answer WHERE (token_id, key) IN (SELECT token_id, key FROM idempotent_answer WHERE created_at < $1 LIMIT $2)`,
	},
	{
		what: "work of runners",
		keptMs: 30 * DAY,
		statement: `DELETE FROM runner_work WHERE job_id IN (SELECT w.job_id FROM runner_work w JOIN run r ON r.id = w.job_id WHERE r.finished_at < $1 LIMIT $2)`,
	},
	{
		what: "runners that are gone",
		keptMs: 30 * DAY,
		statement: `DELETE FROM runner WHERE (token_id, name) IN (SELECT token_id, name FROM runner WHERE seen_at < $1 LIMIT $2)`,
	},
	{
		what: "links into the web page",
		keptMs: DAY,
		statement: "DELETE FROM sign_in_link WHERE hash IN (SELECT hash FROM sign_in_link WHERE expires_at < $1 LIMIT $2)",
	},
	{
		what: "sessions of browsers",
		keptMs: DAY,
		statement: "DELETE FROM web_session WHERE hash IN (SELECT hash FROM web_session WHERE expires_at < $1 LIMIT $2)",
	},
	{
		// An edit that comes later still finds its thread, by its name.
		what: "threads in Teams",
		keptMs: 90 * DAY,
		statement: `DELETE FROM teams_conversation WHERE (kind, id) IN (SELECT kind, id FROM teams_conversation WHERE kind = 'thread' AND heard_at < $1 LIMIT $2)`,
	},
	{
		what: "lines of logs",
		keptMs: 90 * DAY,
		statement: `DELETE FROM run_log WHERE (run_id, n) IN (SELECT l.run_id, l.n FROM run_log l JOIN run r ON r.id = l.run_id
			WHERE l.at < $1 AND r.finished_at IS NOT NULL ORDER BY l.at LIMIT $2)`,
	},
];

const BATCH = 2_000;
const BATCHES = 5;

/** Removes what is old enough, a few small batches of each kind. True: there is more. Harmless when two do it at the same time. */
export async function cleanUp(sql: Sql, now: Date, batch = BATCH): Promise<boolean> {
	let more = false;
	for (const { statement, keptMs } of RULES) {
		const before = new Date(now.getTime() - keptMs);
		let removed = batch;
		for (let n = 0; n < BATCHES && removed === batch; n++) {
			const [, count]: [unknown, number] = await sql.query(statement, [before, batch]);
			removed = count;
		}
		more ||= removed === batch;
	}
	return more;
}
