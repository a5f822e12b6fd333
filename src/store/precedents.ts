import type { Run, RunType } from "../core/run.ts";
import type { RuleVerdict } from "../core/verdict.ts";
import { type RunRow, type Sql, toRun } from "./runs.ts";

export interface JudgedRun {
	readonly run: Run;
	readonly rules: readonly RuleVerdict[];
	/** How many approved it. */
	readonly approved: number;
}

/** The newest runs of these environments with what their policy said of them, newest first. */
export async function judgedRuns(
	sql: Sql,
	environmentIds: readonly string[],
	limit: number,
): Promise<readonly JudgedRun[]> {
	const rows: (RunRow & { approved: number })[] = await sql.query(
		`SELECT r.*, (SELECT count(*)::int FROM approval a WHERE a.run_id = r.id AND a.decision = 'approved') AS approved
		 FROM unnest($1::uuid[]) AS here(id)
		 CROSS JOIN LATERAL (SELECT * FROM run WHERE environment_id = here.id ORDER BY number DESC LIMIT $2) AS r
		 ORDER BY r.number DESC LIMIT $2`,
		[[...environmentIds], limit],
	);
	return rows.map((row) => ({ run: toRun(row), rules: row.verdict.rules, approved: row.approved }));
}

export interface RefusedRequest {
	readonly atMs: number;
	readonly project: string;
	readonly environment: string;
	readonly by: string;
	readonly type: RunType;
	/** Text: it was refused before its commit was known. */
	readonly ref:
		| { readonly name: string; readonly kind: "branch" | "tag" | "sha"; readonly sha: string }
		| string
		| null;
	readonly parameters: Readonly<Record<string, string>>;
	/** Absent: it did not come to a policy. */
	readonly rules?: readonly RuleVerdict[];
}

/** How many entries of an environment's trail are looked through. */
const LOOKED_AT = 500;

/** The newest requests that were refused there, newest first, as far as the newest entries of the trail tell of them. */
export async function refusedRequests(
	sql: Sql,
	environmentIds: readonly string[],
	limit: number,
): Promise<readonly RefusedRequest[]> {
	const rows: { entry: string }[] = await sql.query(
		`SELECT e.entry FROM unnest($1::text[]) AS here(id)
		 CROSS JOIN LATERAL (SELECT action, at_ms, entry FROM audit_entry WHERE chain = here.id ORDER BY seq DESC LIMIT $3) AS e
		 WHERE e.action = 'run.refused' ORDER BY e.at_ms DESC LIMIT $2`,
		[[...environmentIds], limit, LOOKED_AT],
	);
	return rows.map(({ entry }) => {
		const { atMs, project, environment, actor, data } = JSON.parse(entry);
		return { atMs, project, environment, by: actor.name, ...data };
	});
}

export interface Success {
	readonly environmentId: string;
	readonly environment: string;
	readonly projectId: string;
	readonly sha: string;
	readonly number: number;
	readonly at: Date;
}

/** Every success of these commits in these projects, oldest first. */
export async function successesAmong(
	sql: Sql,
	projectIds: readonly string[],
	shas: readonly string[],
): Promise<readonly Success[]> {
	return sql.query(
		`SELECT environment_id AS "environmentId", environment, project_id AS "projectId", sha, number, finished_at AS at FROM run
		 WHERE project_id = ANY($1::uuid[]) AND sha = ANY($2) AND state = 'succeeded' AND type <> 'dry-run' ORDER BY number`,
		[[...projectIds], [...shas]],
	);
}
