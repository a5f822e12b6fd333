import type { DataSource } from "typeorm";
import type { TriggerRequest } from "../ports/pipeline.ts";
import type { Claim, Finish, Work } from "../ports/runner-protocol.ts";
import type { RunnerQueue, RunnerWorkState } from "../ports/runner-queue.ts";
import type { Sql } from "./runs.ts";

/** Seconds without a heartbeat after which a runner is dead and its run has failed. */
export const LEASE_SECONDS = 60;

interface WorkRow {
	outcome: "succeeded" | "failed" | "cancelled" | "timed_out" | null;
	reason: string | null;
	open: boolean;
}

const NEVER_TAKEN = "It was cancelled before a runner took it.";

/** The clock of leases is the database's: replicas whose own clocks differ must not call each other's runners dead. */
const NOW = "statement_timestamp()";
const LEASE_END = `${NOW} + interval '${LEASE_SECONDS} seconds'`;

/**
 * In SQL: a runner may have it. Nobody has begun it, because a runner begins when its first heartbeat came through: where that stayed
 * away, the answer to the claim was lost, or its server was killed before it.
 */
const OPEN = `(begun_at IS NULL AND (leased_by IS NULL OR lease_until < ${NOW}))`;

/** The work of one integration's runners. */
export function runnerQueue(db: DataSource, integrationId: string): RunnerQueue {
	return {
		async offer(request: TriggerRequest): Promise<RunnerWorkState> {
			const { project, variables, timeoutSeconds, labels } = request;
			await db.query(
				`INSERT INTO runner_work (job_id, integration_id, repository, entrypoint, sha, variables, timeout_seconds, labels, offered_at)
				 VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, ${NOW}) ON CONFLICT DO NOTHING`,
				[
					variables.JOB_ID,
					integrationId,
					project.repository,
					project.pipeline,
					variables.SHA,
					JSON.stringify(variables),
					timeoutSeconds,
					labels,
				],
			);
			return (await stateOf(db, variables.JOB_ID)) ?? { status: "queued", reason: null };
		},
		state: (jobId) => stateOf(db, jobId),
		async requestCancel(jobId) {
			await db.query(
				`UPDATE runner_work SET cancel_requested = true,
				 outcome = CASE WHEN ${OPEN} THEN 'cancelled' END,
				 reason = CASE WHEN ${OPEN} THEN '${NEVER_TAKEN}' END,
				 finished_at = CASE WHEN ${OPEN} THEN ${NOW} END
				 WHERE job_id = $1 AND finished_at IS NULL`,
				[jobId],
			);
		},
	};
}

async function stateOf(sql: Sql, jobId: string): Promise<RunnerWorkState | null> {
	// A runner that let its lease run out is dead: what it left half done is not given to another one.
	await sql.query(
		`UPDATE runner_work SET finished_at = ${NOW}, outcome = CASE WHEN begun_at IS NULL THEN 'cancelled' ELSE 'failed' END,
		 reason = CASE WHEN begun_at IS NULL THEN '${NEVER_TAKEN}' ELSE
			'The runner ' || leased_by || ' stopped answering. What it had begun may be half done: look before you go on.' END
		 WHERE job_id = $1 AND finished_at IS NULL AND lease_until < ${NOW} AND (begun_at IS NOT NULL OR cancel_requested)`,
		[jobId],
	);
	const rows: WorkRow[] = await sql.query(
		`SELECT outcome, reason, ${OPEN} AS open FROM runner_work WHERE job_id = $1`,
		[jobId],
	);
	const row = rows[0];
	if (row === undefined) return null;
	if (row.outcome !== null) return { status: row.outcome, reason: row.reason };
	return { status: row.open ? "queued" : "running", reason: null };
}

/** A runner asks for work: who it is and what it carries. */
export async function rememberRunner(sql: Sql, tokenId: string, { runner, labels }: Claim): Promise<void> {
	await sql.query(
		`INSERT INTO runner (token_id, name, labels, seen_at) VALUES ($1, $2, $3, ${NOW})
		 ON CONFLICT (token_id, name) DO UPDATE SET labels = $3, seen_at = ${NOW}`,
		[tokenId, runner, labels],
	);
}

/**
 * Gives the oldest open work that this runner may do, for a lease. `integrationId` null: of every integration. Work whose run is over
 * (given up, because nobody took it in time) is given to nobody: the lock of its environment may be another run's by now.
 */
export async function claimWork(
	sql: Sql,
	token: { readonly id: string; readonly integrationId: string | null },
	claim: Claim,
): Promise<Work | null> {
	const [rows]: [
		{
			job_id: string;
			lease: string;
			repository: string;
			entrypoint: string;
			sha: string;
			variables: Record<string, string>;
			timeout_seconds: number;
		}[],
		number,
	] = await sql.query(
		`UPDATE runner_work SET lease = lease + 1, leased_by = $1, lease_token = $2, lease_until = ${LEASE_END} WHERE job_id = (
			SELECT job_id FROM runner_work WHERE finished_at IS NULL AND NOT cancel_requested AND ${OPEN} AND labels <@ $3::text[]
			AND ($4::uuid IS NULL OR integration_id = $4)
			AND EXISTS (SELECT FROM run WHERE id = job_id AND state IN ('dispatching','running','cancelling')) ORDER BY offered_at LIMIT 1 FOR UPDATE SKIP LOCKED)
		 RETURNING job_id, lease, repository, entrypoint, sha, variables, timeout_seconds`,
		[claim.runner, token.id, claim.labels, token.integrationId],
	);
	const row = rows[0];
	if (row === undefined) return null;
	return {
		jobId: row.job_id,
		lease: Number(row.lease),
		leaseSeconds: LEASE_SECONDS,
		repository: row.repository,
		entrypoint: row.entrypoint,
		sha: row.sha,
		variables: row.variables,
		timeoutSeconds: row.timeout_seconds,
	};
}

/** What a runner shows with all that it says of a work. */
export interface Holding {
	readonly lease: number;
	/** Of the caller. A lease number is no secret: what a runner of another token says with it is not heard. */
	readonly tokenId: string;
}

const HELD = "job_id = $1 AND lease = $2 AND (lease_token = $3 OR lease_token IS NULL)";

/** Whose work it is; the caller's token has to fit before any lease is looked at. */
export async function integrationOfWork(sql: Sql, jobId: string): Promise<string | null> {
	const rows: { integration_id: string }[] = await sql.query(
		"SELECT integration_id FROM runner_work WHERE job_id = $1",
		[jobId],
	);
	return rows[0]?.integration_id ?? null;
}

/** Null: the lease is lost, whatever was to be said with it is not heard. */
export async function renewLease(
	sql: Sql,
	jobId: string,
	{ lease, tokenId }: Holding,
): Promise<{ cancel: boolean } | null> {
	const [rows]: [{ cancel_requested: boolean }[], number] = await sql.query(
		`UPDATE runner_work SET lease_until = ${LEASE_END}, begun_at = coalesce(begun_at, ${NOW})
		 WHERE ${HELD} AND finished_at IS NULL AND lease_until >= ${NOW} RETURNING cancel_requested`,
		[jobId, lease, tokenId],
	);
	return rows[0] === undefined ? null : { cancel: rows[0].cancel_requested };
}

/** False: the lease is lost. Said twice with the same outcome it is true both times, and stays as it was first said. */
export async function finishWork(
	sql: Sql,
	jobId: string,
	{ lease, tokenId }: Holding,
	{ outcome, reason }: Pick<Finish, "outcome" | "reason">,
): Promise<boolean> {
	const [, count]: [unknown, number] = await sql.query(
		`UPDATE runner_work SET outcome = $4, reason = CASE WHEN finished_at IS NULL THEN $5 ELSE reason END,
		 finished_at = coalesce(finished_at, ${NOW})
		 WHERE ${HELD} AND (finished_at IS NULL AND lease_until >= ${NOW} OR outcome = $4)`,
		[jobId, lease, tokenId, outcome, reason],
	);
	return count === 1;
}

export interface RunnerSeen {
	readonly name: string;
	readonly labels: readonly string[];
	readonly seenAt: Date;
	/** It holds a lease: then it asks for nothing. */
	readonly atWork: boolean;
	/** Milliseconds since it asked last, by the database's clock; 0 while it is at work. */
	readonly silentMs: number;
}

/** Runners that may take work of this integration, the last one seen first. */
export async function runnersSeen(sql: Sql, integrationId: string): Promise<RunnerSeen[]> {
	return sql.query(
		`SELECT name, labels, seen_at AS "seenAt", at_work AS "atWork",
			CASE WHEN at_work THEN 0 ELSE (extract(epoch FROM ${NOW} - seen_at) * 1000)::float8 END AS "silentMs"
		 FROM (SELECT r.*, EXISTS (SELECT FROM runner_work w WHERE w.lease_token = r.token_id AND w.leased_by = r.name
			AND w.finished_at IS NULL AND w.lease_until >= ${NOW}) AS at_work
			FROM runner r JOIN api_token t ON t.id = r.token_id
			WHERE t.revoked_at IS NULL AND (t.integration_id IS NULL OR t.integration_id = $1)) AS r
		 ORDER BY seen_at DESC`,
		[integrationId],
	);
}
