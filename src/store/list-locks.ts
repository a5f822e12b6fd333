import type { PersonRef } from "../core/run.ts";
import type { Sql } from "./runs.ts";

/** An environment that is held: by a person, or by the run that is at work there. */
export interface HeldEnvironment {
	readonly project: string;
	readonly environment: string;
	readonly heldBy: "person" | "run";
	/** The one who locked it, or who asked for the run. */
	readonly person: PersonRef;
	readonly run: number | null;
	readonly reason: string | null;
	readonly until: Date | null;
	readonly createdAt: Date;
}

interface Row {
	project: string;
	environment: string;
	person_id: string;
	person_name: string;
	run: number | null;
	reason: string | null;
	until: Date | null;
	created_at: Date;
}

export async function listLocks(sql: Sql, now: Date): Promise<HeldEnvironment[]> {
	const rows: Row[] = await sql.query(
		`SELECT p.slug AS project, e.slug AS environment, l.person_id, l.person_name, NULL::int AS run, l.reason, l.until, l.created_at
		 FROM environment_lock l JOIN environment e ON e.id = l.environment_id JOIN project p ON p.id = e.project_id
		 WHERE l.until IS NULL OR l.until > $1
		 UNION ALL
		 SELECT r.project, r.environment, r.requested_by, r.requested_by_name, r.number, NULL, NULL, r.started_at
		 FROM run r WHERE r.state IN ('dispatching','running','cancelling')
		 ORDER BY project, environment, run NULLS FIRST`,
		[now],
	);
	return rows.map((row) => ({
		project: row.project,
		environment: row.environment,
		heldBy: row.run === null ? "person" : "run",
		person: { id: row.person_id, name: row.person_name },
		run: row.run,
		reason: row.reason,
		until: row.until,
		createdAt: row.created_at,
	}));
}
