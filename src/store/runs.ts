import type { EntityManager } from "typeorm";
import type { Evidence } from "../core/evidence.ts";
import type { RefKind, Run, RunProgress, RunState, RunType } from "../core/run.ts";
import { isEnd } from "../core/run.ts";
import type { Verdict } from "../core/verdict.ts";

/** Where SQL can be sent: the pool, or a transaction. */
export type Sql = Pick<EntityManager, "query">;

export interface RunRow {
	id: string;
	number: number;
	project_id: string;
	environment_id: string;
	project: string;
	environment: string;
	type: RunType;
	ref_name: string;
	ref_kind: RefKind;
	sha: string;
	parameters: Record<string, string>;
	requested_by: string;
	requested_by_name: string;
	note: string | null;
	force: { reason: string; waived: string[] } | null;
	fingerprint: string;
	approvals_required: number;
	retry_of: number | null;
	rollback: { toRun: number | null; fromSha: string | null } | null;
	promoted_from: { run: number; environment: string } | null;
	verdict: Verdict;
	created_at: Date;
	version: number;
	state: RunState;
	deadline: Date | null;
	started_at: Date | null;
	finished_at: Date | null;
	trigger_attempted: boolean;
	external_id: string | null;
	external_url: string | null;
	stop: { why: "person" | "timeout"; reason: string } | null;
	reason: string | null;
}

/** A row that breaks the rules of its state is a bug, or somebody's hand in the database: it is not worked with. */
function must<T>(value: T | null, row: RunRow, column: string): T {
	if (value === null) throw new Error(`run #${row.number} is ${row.state} without ${column}`);
	return value;
}

function progressOf(row: RunRow): RunProgress {
	const external = row.external_id === null ? null : { externalId: row.external_id, externalUrl: row.external_url };
	const { state } = row;
	if (isEnd(state))
		return {
			state,
			startedAt: row.started_at,
			finishedAt: must(row.finished_at, row, "finished_at"),
			external,
			reason: row.reason ?? "",
		};
	const deadline = must(row.deadline, row, "deadline");
	if (state === "waiting_approval" || state === "queued") return { state, deadline };
	const startedAt = must(row.started_at, row, "started_at");
	const { trigger_attempted: triggerAttempted } = row;
	switch (state) {
		case "dispatching":
			return { state, startedAt, deadline, triggerAttempted, external };
		case "running":
			return { state, startedAt, deadline, external: must(external, row, "external_id") };
		case "cancelling":
			return { state, startedAt, deadline, triggerAttempted, external, stop: must(row.stop, row, "stop") };
		default:
			return state satisfies never;
	}
}

export function toRun(row: RunRow): Run {
	return {
		id: row.id,
		number: row.number,
		projectId: row.project_id,
		environmentId: row.environment_id,
		project: row.project,
		environment: row.environment,
		type: row.type,
		ref: { name: row.ref_name, kind: row.ref_kind, sha: row.sha },
		parameters: row.parameters,
		requestedBy: { id: row.requested_by, name: row.requested_by_name },
		note: row.note,
		force: row.force,
		fingerprint: row.fingerprint,
		approvalsRequired: row.approvals_required,
		retryOf: row.retry_of,
		rollback: row.rollback,
		promotedFrom: row.promoted_from,
		createdAt: row.created_at,
		version: row.version,
		progress: progressOf(row),
	};
}

async function select(sql: Sql, where: string, values: readonly unknown[]): Promise<Run[]> {
	const rows: RunRow[] = await sql.query(`SELECT * FROM run WHERE ${where}`, [...values]);
	return rows.map(toRun);
}

async function selectOne(sql: Sql, where: string, values: readonly unknown[]): Promise<Run | null> {
	return (await select(sql, where, values))[0] ?? null;
}

export const runById = (sql: Sql, id: string) => selectOne(sql, "id = $1", [id]);
export const runByNumber = (sql: Sql, number: number) => selectOne(sql, "number = $1", [number]);
export const runByDelivery = (sql: Sql, key: string) => selectOne(sql, "delivery_key = $1", [key]);

/** A retry of a run that is not over yet. */
export const openRetryOf = (sql: Sql, environmentId: string, number: number) =>
	selectOne(
		sql,
		"environment_id = $1 AND number > $2 AND retry_of = $2 AND finished_at IS NULL ORDER BY number LIMIT 1",
		[environmentId, number],
	);

/** The run that holds the environment's lock. */
export const activeRun = (sql: Sql, environmentId: string) =>
	selectOne(sql, "environment_id = $1 AND state IN ('dispatching','running','cancelling')", [environmentId]);

/** First in, first out. */
export const queuedRuns = (sql: Sql, environmentId: string) =>
	select(sql, "environment_id = $1 AND state = 'queued' ORDER BY queue_position", [environmentId]);

/** Everything that waits at an environment, approvals included, in the order in which it would go. */
export const waitingRuns = (sql: Sql, environmentId: string) =>
	select(
		sql,
		"environment_id = $1 AND state IN ('queued','waiting_approval') ORDER BY state = 'waiting_approval', queue_position NULLS LAST, number",
		[environmentId],
	);

/** Was at work there and is over, the last to end first. They end out of the order of their numbers when one waits and others pass. */
const atWork = (more: string) =>
	`environment_id = $1 AND finished_at IS NOT NULL AND started_at IS NOT NULL AND type <> 'dry-run'${more} ORDER BY finished_at DESC, number DESC`;

/** What succeeded there, dry-runs left out: what is live, and what was before. */
export const succeededRuns = (sql: Sql, environmentId: string, limit = 200) =>
	select(sql, `${atWork(" AND state = 'succeeded'")} LIMIT $2`, [environmentId, limit]);

/** The last run that was at work there and is over. */
export const lastAtWork = (sql: Sql, environmentId: string) => selectOne(sql, `${atWork("")} LIMIT 1`, [environmentId]);

/**
 * The last run that moved what is there, or may have: its pipeline was started, however that ended. A rollback that did not succeed is
 * looked past: what it was to take away is still what is to go.
 */
export const lastMove = (sql: Sql, environmentId: string) =>
	selectOne(sql, `${atWork(" AND external_id IS NOT NULL AND (state = 'succeeded' OR type <> 'rollback')")} LIMIT 1`, [
		environmentId,
	]);

/** The last run that succeeded there with this very commit. */
export const succeededWith = (sql: Sql, environmentId: string, sha: string) =>
	selectOne(sql, `${atWork(" AND state = 'succeeded' AND sha = $2")} LIMIT 1`, [environmentId, sha]);

/** When a commit first succeeded in each environment of a project, by slug. */
export async function successesOf(sql: Sql, projectId: string, sha: string): Promise<Record<string, Date>> {
	const rows: { environment: string; at: Date }[] = await sql.query(
		`SELECT environment, min(finished_at) AS at FROM run
		 WHERE project_id = $1 AND sha = $2 AND state = 'succeeded' AND type <> 'dry-run' GROUP BY environment`,
		[projectId, sha],
	);
	return Object.fromEntries(rows.map((row) => [row.environment, row.at]));
}

export const runByExternalId = (sql: Sql, integrationId: string, externalId: string) =>
	selectOne(
		sql,
		"external_id = $2 AND project_id IN (SELECT id FROM project WHERE integration_id = $1) ORDER BY number DESC LIMIT 1",
		[integrationId, externalId],
	);

/** Runs at work in this repository that the provider knows by this id, or shows on a page whose address ends in it. */
export const runsAtWorkKnownAs = (sql: Sql, integrationId: string, repository: string, name: string) =>
	select(
		sql,
		`state IN ('dispatching','running','cancelling') AND (external_id = $3 OR right(external_url, length($3) + 1) = '/' || $3)
		 AND project_id IN (SELECT id FROM project WHERE integration_id = $1 AND lower(repository) = lower($2))`,
		[integrationId, repository, name],
	);

/** The same of runs that are over since a time between these two, among the newest fifty of each project. */
export const runsOverKnownAs = (
	sql: Sql,
	integrationId: string,
	repository: string,
	name: string,
	over: { readonly after: Date; readonly before: Date },
) =>
	select(
		sql,
		`id IN (SELECT newest.id FROM project, LATERAL (SELECT * FROM run WHERE project_id = project.id ORDER BY number DESC LIMIT 50) newest
			WHERE integration_id = $1 AND lower(repository) = lower($2) AND newest.finished_at BETWEEN $4 AND $5
			AND (newest.external_id = $3 OR right(newest.external_url, length($3) + 1) = '/' || $3))`,
		[integrationId, repository, name, over.after, over.before],
	);

/** How many runs of an integration are at work. */
export async function countAtWork(sql: Sql, integrationId: string): Promise<number> {
	const rows: { n: number }[] = await sql.query(
		`SELECT count(*)::int AS n FROM run WHERE state IN ('dispatching','running','cancelling')
		 AND project_id IN (SELECT id FROM project WHERE integration_id = $1)`,
		[integrationId],
	);
	return rows[0]?.n ?? 0;
}

/** Whether a pipeline of this repository was called and its id is not known yet. */
export async function awaitsExternalId(sql: Sql, integrationId: string, repository: string): Promise<boolean> {
	const rows: unknown[] = await sql.query(
		`SELECT 1 FROM run WHERE state IN ('dispatching','cancelling') AND trigger_attempted AND external_id IS NULL
		 AND project_id IN (SELECT id FROM project WHERE integration_id = $1 AND lower(repository) = lower($2)) LIMIT 1`,
		[integrationId, repository],
	);
	return rows.length > 0;
}

export interface RunFilter {
	readonly project?: string;
	readonly environment?: string;
	readonly state?: RunState;
	readonly requestedBy?: string;
	readonly environmentId?: string;
	readonly environmentIds?: readonly string[];
	/** Only runs with a smaller number: where the last page ended. */
	readonly before?: number;
	readonly limit: number;
	readonly numbers?: readonly number[];
}

/** Newest first. */
export async function listRuns(sql: Sql, filter: RunFilter): Promise<Run[]> {
	const conditions: string[] = ["true"];
	const values: unknown[] = [];
	const add = (condition: (placeholder: string) => string, value: unknown) => {
		if (value === undefined) return;
		values.push(value);
		conditions.push(condition(`$${values.length}`));
	};
	add((p) => `project_id = (SELECT id FROM project WHERE slug = ${p})`, filter.project);
	add((p) => `environment = ${p}`, filter.environment);
	add((p) => `environment_id = ${p}`, filter.environmentId);
	add((p) => `environment_id = ANY(${p}::uuid[])`, filter.environmentIds);
	add((p) => `state = ${p}`, filter.state);
	add((p) => `requested_by = ${p}`, filter.requestedBy);
	add((p) => `number = ANY(${p}::int[])`, filter.numbers);
	add((p) => `number < ${p}`, filter.before);
	values.push(filter.limit);
	return select(sql, `${conditions.join(" AND ")} ORDER BY number DESC LIMIT $${values.length}`, values);
}

export async function verdictOf(sql: Sql, runId: string): Promise<Verdict | null> {
	const rows: { verdict: Verdict }[] = await sql.query("SELECT verdict FROM run WHERE id = $1", [runId]);
	return rows[0]?.verdict ?? null;
}

/** What whoever decides is shown from now on; nothing is written when it is decided. In the transaction that holds the environment. */
export async function putEvidence(sql: Sql, runId: string, evidence: Evidence): Promise<void> {
	await sql.query("UPDATE run SET evidence = $2::jsonb WHERE id = $1 AND state = 'waiting_approval'", [
		runId,
		JSON.stringify(evidence),
	]);
}

/** What whoever decides was shown; null: nothing was gathered. */
export async function evidenceOf(sql: Sql, runId: string): Promise<Evidence | null> {
	const rows: { evidence: Evidence | null }[] = await sql.query("SELECT evidence FROM run WHERE id = $1", [runId]);
	return rows[0]?.evidence ?? null;
}

/**
 * Keeps the highest attempt that was heard of. False: this one is an earlier one, whose news are old. In the transaction that holds the
 * environment.
 */
export async function isNewestAttempt(sql: Sql, runId: string, attempt: number): Promise<boolean> {
	const [rows]: [unknown[], number] = await sql.query(
		"UPDATE run SET attempt = $2 WHERE id = $1 AND attempt < $2 RETURNING id",
		[runId, attempt],
	);
	if (rows.length > 0) return true;
	const same: unknown[] = await sql.query("SELECT 1 FROM run WHERE id = $1 AND attempt = $2", [runId, attempt]);
	return same.length > 0;
}

/** Another pipeline is that of the run: its attempts count from here. */
export async function restartAttempts(sql: Sql, runId: string, attempt: number): Promise<void> {
	await sql.query("UPDATE run SET attempt = $2 WHERE id = $1", [runId, attempt]);
}
