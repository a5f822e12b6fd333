import type { Sql } from "./runs.ts";

/** What a note says: the provider's answer to the start of a pipeline was lost. */
export const ANSWER_LOST = "answer_lost";

/** The note of this kind on the trail of a run; null: there is none. */
export async function notedOf(sql: Sql, runId: string, said: string): Promise<string | null> {
	const rows: { note: string }[] = await sql.query(
		`SELECT entry::jsonb #>> '{data,note}' AS note FROM audit_entry
		 WHERE run_id = $1 AND action = 'run.noted' AND entry::jsonb #>> '{data,said}' = $2 ORDER BY seq DESC LIMIT 1`,
		[runId, said],
	);
	return rows[0]?.note ?? null;
}

/** The last note on the trail of a run; null: there is none. */
export async function lastNote(
	sql: Sql,
	runId: string,
): Promise<{ readonly said: string; readonly note: string } | null> {
	const rows: { said: string; note: string }[] = await sql.query(
		`SELECT entry::jsonb #>> '{data,said}' AS said, entry::jsonb #>> '{data,note}' AS note FROM audit_entry
		 WHERE run_id = $1 AND action = 'run.noted' ORDER BY seq DESC LIMIT 1`,
		[runId],
	);
	return rows[0] ?? null;
}

/** Whether a note says that a run waits at its provider. */
export function saysWaiting(said: string): boolean {
	return said.endsWith("/waiting");
}

/** When the provider was last about to be called for a run; null: it was not. */
export async function lastCallOf(sql: Sql, runId: string): Promise<Date | null> {
	const rows: { at: string | null }[] = await sql.query(
		`SELECT max((entry::jsonb ->> 'atMs')::bigint) AS at FROM audit_entry
		 WHERE run_id = $1 AND action = 'run.trigger_attempted'`,
		[runId],
	);
	const at = rows[0]?.at ?? null;
	return at === null ? null : new Date(Number(at));
}
