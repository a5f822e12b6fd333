import type { EntityManager } from "typeorm";
import { auditHash } from "../core/audit-chain.ts";
import type { AuditEntry } from "../core/audit-entry.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Evidence } from "../core/evidence.ts";
import { isEnd, type Run } from "../core/run.ts";
import type { Verdict } from "../core/verdict.ts";
import type { JobDraft } from "./jobs.ts";

/** A chain held by this transaction: nobody else changes its environment, or writes to its trail, until commit. */
export interface HeldChain {
	readonly chain: string;
	seq: bigint;
	hash: Buffer | null;
}

/** The chain of what belongs to no environment: configuration, tokens, people. */
export const SYSTEM_CHAIN = "system";

/**
 * Takes the mutex of an environment (its chain), for the rest of the transaction. Take it before anything else there is read: a
 * statement that waited for it has an old snapshot of every other row.
 */
export async function holdChain(tx: EntityManager, chain: string): Promise<HeldChain> {
	const rows: { seq: string; hash: Buffer | null }[] = await tx.query(
		"SELECT seq, hash FROM chain_head WHERE chain = $1 FOR UPDATE",
		[chain],
	);
	const row = rows[0];
	if (row === undefined) throw new Error(`there is no audit chain "${chain}"`);
	return { chain, seq: BigInt(row.seq), hash: row.hash };
}

/** The same, and the number that the next run would have: the first of the two statements of a request. */
export async function holdChainForRequest(
	tx: EntityManager,
	chain: string,
): Promise<{ held: HeldChain; number: number }> {
	const rows: { seq: string; hash: Buffer | null; number: string }[] = await tx.query(
		// Numbered after the wait: a row that was waited for is looked at twice, and would take two numbers.
		`WITH head AS MATERIALIZED (SELECT seq, hash FROM chain_head WHERE chain = $1 FOR UPDATE)
		 SELECT seq, hash, nextval('run_number') AS number FROM head`,
		[chain],
	);
	const row = rows[0];
	if (row === undefined) throw new Error(`there is no audit chain "${chain}"`);
	return { held: { chain, seq: BigInt(row.seq), hash: row.hash }, number: Number(row.number) };
}

/** The rows that follow from a change, ready for `unnest`. */
function trail(auditKey: Buffer, held: HeldChain, entries: readonly AuditEntry[]) {
	const columns = {
		seq: [] as string[],
		entry: [] as string[],
		previous: [] as (Buffer | null)[],
		hash: [] as Buffer[],
	};
	let { seq, hash } = held;
	for (const entry of entries) {
		seq += 1n;
		const text = canonicalJson(entry);
		const next = auditHash(auditKey, hash, held.chain, Number(seq), text);
		columns.seq.push(String(seq));
		columns.entry.push(text);
		columns.previous.push(hash);
		columns.hash.push(next);
		hash = next;
	}
	return { ...columns, headSeq: seq, headHash: hash };
}

function jobColumns(jobs: readonly JobDraft[], now: Date) {
	return [
		jobs.map((job) => job.kind),
		jobs.map((job) => job.runId ?? null),
		jobs.map((job) => job.orderKey ?? null),
		jobs.map((job) => job.dedupeKey ?? null),
		jobs.map((job) => JSON.stringify(job.payload ?? {})),
		jobs.map((job) => job.runAt ?? now),
	];
}

/**
 * A change and its common tail: the trail, its head and the outbox, all or nothing with `main`, which has `values` parameters of its
 * own. Made once: a text put together anew for each change would be hashed and compared anew by whoever looks up its prepared name.
 */
function change(main: string, values: number): string {
	const p = (offset: number) => `$${values + 1 + offset}`;
	return `WITH main AS (${main}), entries AS (
		INSERT INTO audit_entry (chain, seq, entry, previous, hash)
		SELECT ${p(0)}, u.* FROM unnest(${p(1)}::bigint[], ${p(2)}::text[], ${p(3)}::bytea[], ${p(4)}::bytea[]) AS u
		WHERE EXISTS (SELECT FROM main)
	), head AS (
		UPDATE chain_head SET seq = ${p(5)}, hash = ${p(6)} WHERE chain = ${p(0)} AND EXISTS (SELECT FROM main)
	), jobs AS (
		INSERT INTO job (kind, run_id, order_key, dedupe_key, payload, run_at, created_at)
		SELECT u.*, ${p(13)} FROM unnest(${p(7)}::text[], ${p(8)}::uuid[], ${p(9)}::text[], ${p(10)}::text[], ${p(11)}::jsonb[], ${p(12)}::timestamptz[]) AS u
		WHERE EXISTS (SELECT FROM main)
		ON CONFLICT (dedupe_key) DO NOTHING
	)
	SELECT count(*)::int AS changed FROM main`;
}

export interface ChangeContext {
	readonly tx: EntityManager;
	readonly auditKey: Buffer;
	readonly held: HeldChain;
	readonly now: Date;
}

async function write(
	context: ChangeContext,
	statement: string,
	mainValues: readonly unknown[],
	audit: readonly AuditEntry[],
	jobs: readonly JobDraft[],
): Promise<boolean> {
	const { tx, auditKey, held, now } = context;
	const rows = trail(auditKey, held, audit);
	const result: { changed: number }[] = await tx.query(statement, [
		...mainValues,
		held.chain,
		rows.seq,
		rows.entry,
		rows.previous,
		rows.hash,
		String(rows.headSeq),
		rows.headHash,
		...jobColumns(jobs, now),
		now,
	]);
	if (result[0]?.changed !== 1) return false;
	held.seq = rows.headSeq;
	held.hash = rows.headHash;
	return true;
}

const INSERT_RUN = change(
	`INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters,
	requested_by, requested_by_name, note, force, fingerprint, approvals_required, retry_of, rollback, verdict, delivery_key, created_at,
	version, state, deadline, queue_position, evidence, promoted_from)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15::jsonb, $16, $17, $18, $19::jsonb, $20::jsonb, $21, $22, $23, $24, $25, CASE WHEN $26 THEN nextval('queue_place') END, $28::jsonb, $29::jsonb
	WHERE (SELECT count(*) FROM run WHERE environment_id = $4 AND (state = 'queued' OR (state = 'waiting_approval' AND queue_position IS NOT NULL))) < $27
	AND EXISTS (SELECT FROM environment WHERE id = $4 AND archived_at IS NULL)
	ON CONFLICT (delivery_key) DO NOTHING
	RETURNING id`,
	29,
);

export interface NewRun {
	readonly run: Run;
	readonly verdict: Verdict;
	/** What whoever decides is shown; null: nobody has to. */
	readonly evidence: Evidence | null;
	/** What makes two deliveries of the command the same; null: nothing does. */
	readonly deliveryKey: string | null;
	/** Its place in the queue while it waits for approval; null: it gets one when it is approved. */
	readonly holdsPlace: boolean;
	readonly queueLimit: number;
}

/**
 * The second statement of a request: run, trail and outbox at once. False: nothing was written, because the queue is full, this
 * delivery was seen before, or the environment is not configured any more.
 */
export async function insertRun(
	context: ChangeContext,
	{ run, verdict, evidence, deliveryKey, holdsPlace, queueLimit }: NewRun,
	audit: readonly AuditEntry[],
	jobs: readonly JobDraft[],
): Promise<boolean> {
	if (isEnd(run.progress.state)) throw new Error("a run does not begin at its end");
	const deadline = "deadline" in run.progress ? run.progress.deadline : null;
	return write(
		context,
		INSERT_RUN,
		[
			run.id,
			run.number,
			run.projectId,
			run.environmentId,
			run.project,
			run.environment,
			run.type,
			run.ref.name,
			run.ref.kind,
			run.ref.sha,
			JSON.stringify(run.parameters),
			run.requestedBy.id,
			run.requestedBy.name,
			run.note,
			run.force === null ? null : JSON.stringify(run.force),
			run.fingerprint,
			run.approvalsRequired,
			run.retryOf,
			run.rollback === null ? null : JSON.stringify(run.rollback),
			JSON.stringify(verdict),
			deliveryKey,
			run.createdAt,
			run.version,
			run.progress.state,
			deadline,
			run.progress.state === "queued" || holdsPlace,
			queueLimit,
			evidence === null ? null : JSON.stringify(evidence),
			run.promotedFrom === null ? null : JSON.stringify(run.promotedFrom),
		],
		audit,
		jobs,
	);
}

const UPDATE_RUN = change(
	`UPDATE run SET version = $2, state = $3, deadline = $4, started_at = $5, finished_at = $6, trigger_attempted = $7,
	external_id = $8, external_url = $9, stop = $10::jsonb, reason = $11,
	queue_position = CASE WHEN $3 = 'queued' THEN coalesce(queue_position, nextval('queue_place')) ELSE queue_position END
	WHERE id = $1 AND version = $2 - 1 RETURNING id`,
	11,
);

const TRAIL = change("SELECT 1", 0);

/** Writes the run that `step` gave. False: somebody else changed it since it was read; nothing was written. */
export async function updateRun(
	context: ChangeContext,
	run: Run,
	audit: readonly AuditEntry[],
	jobs: readonly JobDraft[],
): Promise<boolean> {
	const at = run.progress;
	const external = "external" in at ? at.external : null;
	return write(
		context,
		UPDATE_RUN,
		[
			run.id,
			run.version,
			at.state,
			"deadline" in at ? at.deadline : null,
			"startedAt" in at ? at.startedAt : null,
			"finishedAt" in at ? at.finishedAt : null,
			"triggerAttempted" in at ? at.triggerAttempted : "startedAt" in at && at.startedAt !== null,
			external?.externalId ?? null,
			external?.externalUrl ?? null,
			"stop" in at ? JSON.stringify(at.stop) : null,
			"reason" in at ? at.reason : null,
		],
		audit,
		jobs,
	);
}

/** Writes to the trail and the outbox when no run changes. */
export async function writeTrail(
	context: ChangeContext,
	audit: readonly AuditEntry[],
	jobs: readonly JobDraft[] = [],
): Promise<void> {
	await write(context, TRAIL, [], audit, jobs);
}
