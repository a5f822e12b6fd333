import type { Sql } from "./runs.ts";

/**
 * Everybody who has a verified address in common with a person, with the person themselves. One human may be two persons here, when an
 * address became known after both had been seen.
 */
export async function sameHuman(sql: Sql, personId: string): Promise<ReadonlySet<string>> {
	const rows: { person_id: string }[] = await sql.query(
		`SELECT DISTINCT other.person_id FROM identity mine JOIN identity other ON other.email = mine.email
		 WHERE mine.person_id = $1 AND mine.email IS NOT NULL`,
		[personId],
	);
	return new Set([personId, ...rows.map((row) => row.person_id)]);
}
