import type { IdentityRow } from "./entities.ts";
import type { Sql } from "./runs.ts";

/** Milliseconds that the clocks of two of our machines may differ. */
const CLOCKS_DIFFER = 5 * 60_000;

/**
 * Everybody who is the same human as a person, with the person themselves: who has, or once had, an address in common
 * with them (here one that nobody verified will do, for it only denies), by way of others too, and from or to whom an admin moved an account, or of whom they took one, since `since`. Of an account that has no verified
 * address any more (its owner is a guest by now), those count that it had since then. One human may be two persons here, when that became known
 * after both had been seen; what the one did then, the other did.
 */
export async function sameHuman(sql: Sql, personId: string, since: Date): Promise<ReadonlySet<string>> {
	return humans(sql, personId, since, false);
}

async function humans(sql: Sql, personId: string, since: Date, vouched: boolean): Promise<ReadonlySet<string>> {
	const rows: { id: string }[] = await sql.query(
		`WITH RECURSIVE link AS MATERIALIZED (
			SELECT (entry::jsonb #>> '{data,person,id}')::uuid AS a, coalesce(entry::jsonb #>> '{data,before,id}', entry::jsonb #>> '{data,movedTo,id}')::uuid AS b
			FROM audit_entry
			WHERE action IN ('person.linked','person.unlinked') AND at_ms >= $2
			AND coalesce(entry::jsonb #>> '{data,before,id}', entry::jsonb #>> '{data,movedTo,id}') IS NOT NULL
			AND entry::jsonb #>> '{data,platform}' IN ('slack','teams','local','token','email')
		), address AS NOT MATERIALIZED (
			SELECT person_id, email FROM identity WHERE email IS NOT NULL
			UNION ALL
			SELECT person_id, former.email FROM former_address AS former JOIN identity USING (platform, tenant, external_id)
			WHERE (identity.email IS NOT NULL OR former.held_until >= $3) AND (former.vouched OR NOT $4)
		), same (id) AS (
			SELECT $1::uuid
			UNION
			SELECT other.id FROM same CROSS JOIN LATERAL (
				SELECT theirs.person_id AS id FROM address mine JOIN address theirs ON theirs.email = mine.email
				WHERE mine.person_id = same.id
				UNION ALL SELECT link.b FROM link WHERE link.a = same.id
				UNION ALL SELECT link.a FROM link WHERE link.b = same.id
			) AS other
		)
		SELECT id FROM same`,
		[personId, since.getTime() - CLOCKS_DIFFER, new Date(since.getTime() - CLOCKS_DIFFER), vouched],
	);
	return new Set(rows.map((row) => row.id));
}

/** Whether two persons surely are one human, so that the one may do what is the other's to do: addresses that nobody verified do not count. */
export async function isSameHuman(sql: Sql, one: string, other: string, since: Date): Promise<boolean> {
	return one === other || (await humans(sql, one, since, true)).has(other);
}

/** A day: who speaks all the time is written down once. */
const WRITTEN_EVERY_MS = 24 * 3_600_000;

/** Addresses that an account has beside the one that it is joined by. */
export async function keepOtherAddresses(
	sql: Sql,
	{ platform, tenant, externalId }: Omit<IdentityRow, "personId" | "email">,
	addresses: readonly string[],
	now: Date,
): Promise<void> {
	if (addresses.length === 0) return;
	await sql.query(
		`INSERT INTO former_address AS former (platform, tenant, external_id, email, held_until, vouched)
		 SELECT $1, $2, $3, address, $5, false FROM unnest($4::text[]) AS address
		 ON CONFLICT (platform, tenant, external_id, email) DO UPDATE SET held_until = $5 WHERE former.held_until < $6`,
		[platform, tenant, externalId, addresses, now, new Date(now.getTime() - WRITTEN_EVERY_MS)],
	);
}

/** The address that an account had until now. */
export async function keepFormerAddress(
	sql: Sql,
	{ platform, tenant, externalId, email }: IdentityRow,
	until: Date,
): Promise<void> {
	if (email === null) return;
	await sql.query(
		`INSERT INTO former_address (platform, tenant, external_id, email, held_until) VALUES ($1, $2, $3, $4, $5)
		 ON CONFLICT (platform, tenant, external_id, email) DO UPDATE SET held_until = $5, vouched = true`,
		[platform, tenant, externalId, email, until],
	);
}
