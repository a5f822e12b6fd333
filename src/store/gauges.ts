import type { RunState } from "../core/run.ts";
import type { Sql } from "./runs.ts";

/** How many runs are in each state; a state without runs is left out. */
export async function countRunsByState(sql: Sql): Promise<{ state: RunState; count: number }[]> {
	return sql.query("SELECT state, count(*)::int AS count FROM run GROUP BY state");
}

/** Seconds since the oldest open job was due; 0 when none is. */
export async function oldestDueAge(sql: Sql, now: Date): Promise<number> {
	const rows: { at: Date | null }[] = await sql.query(
		"SELECT min(run_at) AS at FROM job WHERE done_at IS NULL AND dead_at IS NULL AND run_at <= $1",
		[now],
	);
	const at = rows[0]?.at ?? null;
	return at === null ? 0 : (now.getTime() - at.getTime()) / 1_000;
}

/** Deliveries of an integration that were taken, for as long as done jobs are kept. */
export async function countRecentWebhooks(sql: Sql, integrationId: string): Promise<number> {
	const rows: { n: number }[] = await sql.query(
		"SELECT count(*)::int AS n FROM job WHERE kind = 'webhook' AND dedupe_key LIKE 'webhook:' || $1 || ':%'",
		[integrationId],
	);
	return rows[0]?.n ?? 0;
}
