import type { Sql } from "./runs.ts";

/** What this version can do. */
export const JOB_KINDS = [
	"slack_in",
	"teams_in",
	"teams_answer",
	"webhook",
	"dispatch",
	"trigger",
	"cancel",
	"poll",
	"deadline",
	"lock_expiry",
	"freeze_expiry",
	"card",
	"thread",
	"progress",
	"fetch_log",
	"evidence",
	"tell",
	"notice",
	"checkpoint",
	"clean_up",
] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export interface JobDraft {
	readonly kind: JobKind;
	readonly runId?: string;
	/** Jobs with the same key are done one after the other, in the order in which they were written. */
	readonly orderKey?: string;
	/** A second job with the same key is dropped for as long as the first is kept (7 days after its end, 30 of a webhook). */
	readonly dedupeKey?: string;
	readonly payload?: unknown;
	/** Default: at once. */
	readonly runAt?: Date;
}

export interface Job {
	readonly id: string;
	readonly kind: JobKind;
	readonly runId: string | null;
	readonly payload: unknown;
	/** From 1. Above 1: an earlier try may have had its effect. */
	readonly attempts: number;
	/** Earlier claims, one after the other, whose worker was not heard of again: it died, or was paused past its lease. */
	readonly deaths: number;
	readonly leaseToken: string;
	readonly createdAt: Date;
}

const ENQUEUE = `INSERT INTO job (kind, run_id, order_key, dedupe_key, payload, run_at, created_at)
	VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7) ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`;

/** One insert, durable when it returns (outside a transaction). False: seen before. */
export async function enqueue(sql: Sql, job: JobDraft, now: Date): Promise<boolean> {
	const rows: unknown[] = await sql.query(ENQUEUE, [
		job.kind,
		job.runId ?? null,
		job.orderKey ?? null,
		job.dedupeKey ?? null,
		JSON.stringify(job.payload ?? {}),
		job.runAt ?? now,
		now,
	]);
	return rows.length === 1;
}

const KNOWN = JOB_KINDS.map((kind) => `'${kind}'`).join(", ");

/**
 * Takes up to `limit` due jobs for `leaseMs`. `run_at` moves to the end of the lease, so a job whose worker died is due again then.
 * The choice is an array, so that it is made once: as the inner side of a join it would be made again for each row, past the limit.
 * A job with an order key is taken only when no earlier one of its key is open. What a newer version wrote is left to it.
 */
export async function claim(sql: Sql, limit: number, leaseMs: number, now: Date): Promise<Job[]> {
	const [rows]: [JobRow[], number] = await sql.query(
		`UPDATE job SET lease_token = lease_token + 1, attempts = attempts + 1, unanswered = unanswered + 1, run_at = $2
		 WHERE id = ANY (ARRAY(
			SELECT id FROM job AS j WHERE run_at <= $1 AND done_at IS NULL AND dead_at IS NULL AND kind IN (${KNOWN})
			AND (order_key IS NULL OR NOT EXISTS (
				SELECT FROM job AS b WHERE b.order_key = j.order_key AND b.id < j.id AND b.done_at IS NULL AND b.dead_at IS NULL))
			ORDER BY run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED))
		 RETURNING id, kind, run_id, payload, attempts, unanswered, lease_token, created_at`,
		[now, new Date(now.getTime() + leaseMs), limit],
	);
	return rows
		.map((row) => ({
			id: row.id,
			kind: row.kind,
			runId: row.run_id,
			payload: row.payload,
			attempts: row.attempts,
			deaths: row.unanswered - 1,
			leaseToken: row.lease_token,
			createdAt: row.created_at,
		}))
		.sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
}

interface JobRow {
	id: string;
	kind: JobKind;
	run_id: string | null;
	payload: unknown;
	attempts: number;
	unanswered: number;
	lease_token: string;
	created_at: Date;
}

/** The affected count of an UPDATE as TypeORM gives it. */
async function affected(sql: Sql, text: string, values: unknown[]): Promise<number> {
	const [, count]: [unknown, number] = await sql.query(text, values);
	return count;
}

/** False: the lease was lost to another worker; whatever was to be written with it must not be. */
export async function finish(sql: Sql, job: Job, now: Date): Promise<boolean> {
	const count = await affected(
		sql,
		"UPDATE job SET done_at = $3 WHERE id = $1 AND lease_token = $2 AND done_at IS NULL",
		[job.id, job.leaseToken, now],
	);
	return count === 1;
}

/** The worker of a job that takes long is alive: nobody else gets it before `until`. False: somebody else has it already. */
export async function renew(sql: Sql, job: Job, until: Date): Promise<boolean> {
	const count = await affected(
		sql,
		"UPDATE job SET run_at = $3 WHERE id = $1 AND lease_token = $2 AND done_at IS NULL AND dead_at IS NULL",
		[job.id, job.leaseToken, until],
	);
	return count === 1;
}

/** Does the same job again at `at`; `error` says why, null when it is simply not time yet (then the tries are counted anew). */
export async function postpone(sql: Sql, job: Job, at: Date, error: string | null): Promise<boolean> {
	const count = await affected(
		sql,
		// The lease ends with it, so that a renewal which is still on its way finds nothing.
		`UPDATE job SET run_at = $3, lease_token = lease_token + 1, last_error = $4, unanswered = 0,
		 attempts = CASE WHEN $4::text IS NULL THEN 0 ELSE attempts END
		 WHERE id = $1 AND lease_token = $2 AND done_at IS NULL`,
		[job.id, job.leaseToken, at, error],
	);
	return count === 1;
}

/** It keeps its turn no longer, and holds up none of those that came after it. */
export async function leaveOrder(sql: Sql, job: Job): Promise<void> {
	await sql.query("UPDATE job SET order_key = NULL WHERE id = $1 AND lease_token = $2", [job.id, job.leaseToken]);
}

/** What waits to look for a run looks now; a trigger at work, or after a failure, stays as it is. */
export async function hurryTrigger(sql: Sql, runId: string, now: Date): Promise<void> {
	await sql.query(
		`UPDATE job SET run_at = least(run_at, $2)
		 WHERE run_id = $1 AND kind = 'trigger' AND attempts = 0 AND done_at IS NULL AND dead_at IS NULL`,
		[runId, now],
	);
}

/** All runs at work by way of an integration are looked after now, but those that are just being; how many there are. */
export async function hurryPolls(sql: Sql, integrationId: string, now: Date): Promise<number> {
	const [, count]: [unknown[], number] = await sql.query(
		`UPDATE job SET run_at = least(run_at, $2)
		 WHERE kind = 'poll' AND attempts = 0 AND done_at IS NULL AND dead_at IS NULL AND run_id IN (
			SELECT r.id FROM run AS r JOIN environment AS e ON e.id = r.environment_id JOIN project AS p ON p.id = e.project_id
			WHERE p.integration_id = $1 AND r.state IN ('dispatching','running','cancelling')
		 )`,
		[integrationId, now],
	);
	return count;
}

/** The provider has just spoken of a run by itself: it is not asked before `until`. A look at work, or after a failure, stays as it is. */
export async function delayPoll(sql: Sql, runId: string, until: Date): Promise<void> {
	await sql.query(
		`UPDATE job SET run_at = greatest(run_at, $2)
		 WHERE run_id = $1 AND kind = 'poll' AND attempts = 0 AND done_at IS NULL AND dead_at IS NULL`,
		[runId, until],
	);
}

/** Gives up on it: it stays to be seen in the metrics and can be sent again. */
export async function bury(sql: Sql, job: Job, error: string, now: Date): Promise<boolean> {
	const count = await affected(
		sql,
		"UPDATE job SET dead_at = $3, last_error = $4 WHERE id = $1 AND lease_token = $2 AND done_at IS NULL",
		[job.id, job.leaseToken, now, error],
	);
	return count === 1;
}

export async function countJobs(sql: Sql): Promise<{ waiting: number; dead: number }> {
	const rows: { waiting: number; dead: number }[] = await sql.query(
		`SELECT count(*) FILTER (WHERE dead_at IS NULL)::int AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL)::int AS dead
		 FROM job WHERE done_at IS NULL`,
	);
	return rows[0] ?? { waiting: 0, dead: 0 };
}

/** Whether something with an order key is still to be done. */
export async function hasOpenInOrder(sql: Sql, orderKey: string): Promise<boolean> {
	const rows: unknown[] = await sql.query(
		"SELECT 1 FROM job WHERE order_key = $1 AND done_at IS NULL AND dead_at IS NULL LIMIT 1",
		[orderKey],
	);
	return rows.length > 0;
}

/** Whether something of a kind is still to be done for a run. */
export async function hasOpenJob(sql: Sql, runId: string, kind: JobKind): Promise<boolean> {
	const rows: unknown[] = await sql.query(
		"SELECT 1 FROM job WHERE run_id = $1 AND kind = $2 AND done_at IS NULL AND dead_at IS NULL LIMIT 1",
		[runId, kind],
	);
	return rows.length > 0;
}
