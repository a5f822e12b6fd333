import type { PersonLock } from "../core/person-lock.ts";
import type { Sql } from "./runs.ts";

interface LockRow {
	environment_id: string;
	person_id: string;
	person_name: string;
	reason: string | null;
	until: Date | null;
	created_at: Date;
}

const toLock = (row: LockRow): PersonLock => ({
	environmentId: row.environment_id,
	person: { id: row.person_id, name: row.person_name },
	reason: row.reason,
	until: row.until,
	createdAt: row.created_at,
});

/** The lock that holds at `now`; one whose time is over does not. */
export async function personLock(sql: Sql, environmentId: string, now: Date): Promise<PersonLock | null> {
	const rows: LockRow[] = await sql.query(
		"SELECT * FROM environment_lock WHERE environment_id = $1 AND (until IS NULL OR until > $2)",
		[environmentId, now],
	);
	return rows[0] === undefined ? null : toLock(rows[0]);
}

/** The locks that hold at `now` at these environments. */
export async function personLocks(
	sql: Sql,
	environmentIds: readonly string[],
	now: Date,
): Promise<ReadonlyMap<string, PersonLock>> {
	const rows: LockRow[] = await sql.query(
		"SELECT * FROM environment_lock WHERE environment_id = ANY($1::uuid[]) AND (until IS NULL OR until > $2)",
		[environmentIds, now],
	);
	return new Map(rows.map((row) => [row.environment_id, toLock(row)]));
}

/** Takes the lock, whoever held it: only with the environment held, after looking. */
export async function putLock(sql: Sql, lock: PersonLock): Promise<void> {
	await sql.query(
		`INSERT INTO environment_lock (environment_id, person_id, person_name, reason, until, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		 ON CONFLICT (environment_id) DO UPDATE SET person_id = $2, person_name = $3, reason = $4, until = $5, created_at = $6`,
		[lock.environmentId, lock.person.id, lock.person.name, lock.reason, lock.until, lock.createdAt],
	);
}

export async function removeLock(sql: Sql, environmentId: string): Promise<void> {
	await sql.query("DELETE FROM environment_lock WHERE environment_id = $1", [environmentId]);
}

/** Removes the lock whose time was over at `now`, and gives it back. */
export async function removeExpiredLock(sql: Sql, environmentId: string, now: Date): Promise<PersonLock | null> {
	const [rows]: [LockRow[], number] = await sql.query(
		"DELETE FROM environment_lock WHERE environment_id = $1 AND until <= $2 RETURNING *",
		[environmentId, now],
	);
	return rows[0] === undefined ? null : toLock(rows[0]);
}
