import type { Sql } from "./runs.ts";

/** Milliseconds that the clocks of two of our machines may differ. */
const CLOCKS_DIFFER = 5 * 60_000;

/**
 * Everybody who is the same human as a person, with the person themselves: who has a verified address in common with them, by way of
 * others too, and from or to whom an admin moved an account since `since`. One human may be two persons here, when that became known
 * after both had been seen; what the one did then, the other did.
 */
export async function sameHuman(sql: Sql, personId: string, since: Date): Promise<ReadonlySet<string>> {
	const rows: { id: string }[] = await sql.query(
		`WITH RECURSIVE link AS MATERIALIZED (
			SELECT (entry::jsonb #>> '{data,person,id}')::uuid AS a, (entry::jsonb #>> '{data,before,id}')::uuid AS b
			FROM audit_entry
			WHERE action = 'person.linked' AND at_ms >= $2 AND entry::jsonb #>> '{data,before,id}' IS NOT NULL
			AND entry::jsonb #>> '{data,platform}' IN ('slack','teams','local','token','email')
		), same (id) AS (
			SELECT $1::uuid
			UNION
			SELECT other.id FROM same CROSS JOIN LATERAL (
				SELECT theirs.person_id AS id FROM identity mine JOIN identity theirs ON theirs.email = mine.email
				WHERE mine.person_id = same.id AND mine.email IS NOT NULL
				UNION ALL SELECT link.b FROM link WHERE link.a = same.id
				UNION ALL SELECT link.a FROM link WHERE link.b = same.id
			) AS other
		)
		SELECT id FROM same`,
		[personId, since.getTime() - CLOCKS_DIFFER],
	);
	return new Set(rows.map((row) => row.id));
}
