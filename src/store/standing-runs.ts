import type { Run } from "../core/run.ts";
import { type RunRow, type Sql, toRun } from "./runs.ts";

/** What is live at each of these environments: the last run that succeeded there, dry-runs left out. One look into the index for each. */
export async function liveRuns(sql: Sql, environmentIds: readonly string[]): Promise<ReadonlyMap<string, Run>> {
	const rows: RunRow[] = await sql.query(
		`SELECT live.* FROM unnest($1::uuid[]) AS e (id), LATERAL (
			SELECT * FROM run WHERE environment_id = e.id AND finished_at IS NOT NULL AND started_at IS NOT NULL AND type <> 'dry-run'
			AND state = 'succeeded' ORDER BY finished_at DESC, number DESC LIMIT 1
		 ) AS live`,
		[environmentIds],
	);
	return new Map(rows.map((row) => [row.environment_id, toRun(row)]));
}

/** The run that is at work at each of these environments. */
export async function activeRuns(sql: Sql, environmentIds: readonly string[]): Promise<ReadonlyMap<string, Run>> {
	const rows: RunRow[] = await sql.query(
		"SELECT * FROM run WHERE environment_id = ANY($1::uuid[]) AND state IN ('dispatching','running','cancelling')",
		[environmentIds],
	);
	return new Map(rows.map((row) => [row.environment_id, toRun(row)]));
}

/** Everything that waits there, approvals included, in the order in which it would go. */
export async function waitingRunsAt(
	sql: Sql,
	environmentIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Run[]>> {
	const rows: RunRow[] = await sql.query(
		`SELECT * FROM run WHERE environment_id = ANY($1::uuid[]) AND state IN ('queued','waiting_approval')
		 ORDER BY state = 'waiting_approval', queue_position NULLS LAST, number`,
		[environmentIds],
	);
	const waiting = new Map<string, Run[]>();
	for (const row of rows) {
		const there = waiting.get(row.environment_id);
		if (there === undefined) waiting.set(row.environment_id, [toRun(row)]);
		else there.push(toRun(row));
	}
	return waiting;
}
