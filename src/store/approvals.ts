import type { Approval } from "../core/decision.ts";
import type { Sql } from "./runs.ts";

/** In the order in which they were given. */
export async function approvalsOf(sql: Sql, runId: string): Promise<Approval[]> {
	const rows: {
		person_id: string;
		person_name: string;
		decision: Approval["decision"];
		fingerprint: string;
		reason: string | null;
		at: Date;
	}[] = await sql.query("SELECT * FROM approval WHERE run_id = $1 ORDER BY at, person_id", [runId]);
	return rows.map((row) => ({
		person: { id: row.person_id, name: row.person_name },
		decision: row.decision,
		fingerprint: row.fingerprint,
		reason: row.reason,
		at: row.at,
	}));
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
