import type { Sql } from "./runs.ts";

export interface Account {
	/** Lower case. */
	readonly emails: readonly string[];
	/** At one integration, lower case. */
	readonly logins: readonly string[];
}

/** Whose addresses and accounts at a provider these are; what is nobody's is left out. */
export async function ownersOf(
	sql: Sql,
	integrationId: string,
	{ emails, logins }: Account,
): Promise<{ readonly emails: ReadonlyMap<string, string>; readonly logins: ReadonlyMap<string, string> }> {
	const byEmail: { name: string; person_id: string }[] = await sql.query(
		"SELECT lower(email) AS name, person_id FROM identity WHERE lower(email) = ANY($1::text[])",
		[emails],
	);
	const byLogin: { name: string; person_id: string }[] = await sql.query(
		`SELECT external_id AS name, person_id FROM identity
		 WHERE platform IN ('github','gitlab','bitbucket','runner') AND tenant = $1 AND external_id = ANY($2::text[])`,
		[integrationId, logins],
	);
	const map = (rows: typeof byEmail) => new Map(rows.map((row) => [row.name, row.person_id]));
	return { emails: map(byEmail), logins: map(byLogin) };
}
