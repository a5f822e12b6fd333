import type { Approval } from "../core/decision.ts";
import type { Sql } from "./runs.ts";

/** In the order in which they were given. */
export async function approvalsOf(sql: Sql, runId: string): Promise<Approval[]> {
	return (await approvalsOfRuns(sql, [runId])).get(runId) ?? [];
}

/** The decisions on many runs at once, in the order in which they were given. A run without any is left out. */
export async function approvalsOfRuns(sql: Sql, runIds: readonly string[]): Promise<Map<string, Approval[]>> {
	const rows: {
		run_id: string;
		person_id: string;
		person_name: string;
		decision: Approval["decision"];
		fingerprint: string;
		reason: string | null;
		at: Date;
	}[] = await sql.query("SELECT * FROM approval WHERE run_id = ANY($1::uuid[]) ORDER BY at, person_id", [runIds]);
	const byRun = new Map<string, Approval[]>();
	for (const { run_id, person_id, person_name, decision, fingerprint, reason, at } of rows) {
		const approval = { person: { id: person_id, name: person_name }, decision, fingerprint, reason, at };
		byRun.set(run_id, [...(byRun.get(run_id) ?? []), approval]);
	}
	return byRun;
}

/** False: this person has decided already. */
export async function insertApproval(sql: Sql, runId: string, approval: Approval): Promise<boolean> {
	const rows: unknown[] = await sql.query(
		`INSERT INTO approval (run_id, person_id, person_name, decision, fingerprint, reason, at)
		 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING run_id`,
		[
			runId,
			approval.person.id,
			approval.person.name,
			approval.decision,
			approval.fingerprint,
			approval.reason,
			approval.at,
		],
	);
	return rows.length === 1;
}
