import type { PersonRef } from "../core/run.ts";
import type { Sql } from "./runs.ts";

/** When somebody last called on `whom` for a run, and who did; null: nobody. */
export async function lastNudge(
	sql: Sql,
	runId: string,
	whom: string,
): Promise<{ readonly at: Date; readonly by: PersonRef } | null> {
	const rows: { at: string; id: string; name: string }[] = await sql.query(
		`SELECT entry::jsonb ->> 'atMs' AS at, entry::jsonb #>> '{actor,id}' AS id, entry::jsonb #>> '{actor,name}' AS name
		 FROM audit_entry WHERE run_id = $1 AND action = 'run.nudged' AND entry::jsonb #>> '{data,whom}' = $2
		 ORDER BY seq DESC LIMIT 1`,
		[runId, whom],
	);
	const [last] = rows;
	return last === undefined ? null : { at: new Date(Number(last.at)), by: { id: last.id, name: last.name } };
}
