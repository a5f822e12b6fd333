import { createHash, randomBytes } from "node:crypto";
import type { Sql } from "./runs.ts";

/** Whose link or session it is: the account by which they came, and through which their rights are read. */
export interface WebPerson {
	readonly personId: string;
	readonly platform: string;
	readonly tenant: string;
	/** The platform's own id of the account. */
	readonly user: string;
	/** Set for the one link of a first start, whose owner nobody knows yet. */
	readonly role: "admin" | null;
}

interface Row {
	person_id: string;
	platform: string;
	tenant: string;
	external_id: string;
	role: "admin" | null;
}

export const IDLE_MS = 2 * 3_600_000;
export const ABSOLUTE_MS = 12 * 3_600_000;
/** A session that is looked at writes this often at most. */
const SEEN_EVERY_MS = 60_000;

/** Keeps a link; what is returned is told once and never again. */
export async function insertLink(sql: Sql, who: WebPerson, now: Date, forMs: number): Promise<string> {
	const plain = randomBytes(32).toString("base64url");
	await sql.query(
		`INSERT INTO sign_in_link (hash, person_id, platform, tenant, external_id, role, created_at, expires_at)
		 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		[hashOf(plain), ...columns(who), now, new Date(now.getTime() + forMs)],
	);
	return plain;
}

/** How a link stands, without using it. */
export async function findLink(
	sql: Sql,
	plain: string,
	now: Date,
): Promise<{ readonly state: "good" | "used" | "over"; readonly who: WebPerson } | null> {
	const rows: (Row & { used_at: Date | null; expires_at: Date })[] = await sql.query(
		"SELECT * FROM sign_in_link WHERE hash = $1",
		[hashOf(plain)],
	);
	const [row] = rows;
	if (row === undefined) return null;
	const state = row.used_at !== null ? "used" : row.expires_at <= now ? "over" : "good";
	return { state, who: personIn(row) };
}

/** Uses a link up. Null: unknown, used before (also by another replica at this moment) or over. */
export async function useLink(sql: Sql, plain: string, now: Date): Promise<WebPerson | null> {
	const [rows]: [Row[], number] = await sql.query(
		`UPDATE sign_in_link SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING *`,
		[hashOf(plain), now],
	);
	const [row] = rows;
	return row === undefined ? null : personIn(row);
}

/** Links of a first start are void once somebody is in. */
export async function voidFirstLinks(sql: Sql, now: Date): Promise<void> {
	await sql.query("UPDATE sign_in_link SET used_at = $1 WHERE role IS NOT NULL AND used_at IS NULL", [now]);
}

export async function insertSession(sql: Sql, who: WebPerson, now: Date): Promise<string> {
	const plain = randomBytes(32).toString("base64url");
	await sql.query(
		`INSERT INTO web_session (hash, person_id, platform, tenant, external_id, role, created_at, seen_at, expires_at)
		 VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
		[hashOf(plain), ...columns(who), now, new Date(now.getTime() + ABSOLUTE_MS)],
	);
	return plain;
}

/** The session of a cookie, its idle time begun anew. Null: unknown, signed out, idle for too long or over. */
export async function findSession(
	sql: Sql,
	plain: string,
	now: Date,
	/** False for what a page asks by itself: a tab that nobody looks at is idle. */
	byPerson = true,
): Promise<WebPerson | null> {
	const hash = hashOf(plain);
	const rows: (Row & { seen_at: Date })[] = await sql.query(
		"SELECT * FROM web_session WHERE hash = $1 AND expires_at > $2 AND seen_at > $3",
		[hash, now, new Date(now.getTime() - IDLE_MS)],
	);
	const [row] = rows;
	if (row === undefined) return null;
	if (byPerson && now.getTime() - row.seen_at.getTime() > SEEN_EVERY_MS)
		await sql.query("UPDATE web_session SET seen_at = $2 WHERE hash = $1", [hash, now]);
	return personIn(row);
}

export async function deleteSession(sql: Sql, plain: string): Promise<void> {
	await sql.query("DELETE FROM web_session WHERE hash = $1", [hashOf(plain)]);
}

/** Signs a person out everywhere; links that they have not used are void too. Gives how many sessions it ended. */
export async function deleteSessionsOf(sql: Sql, personId: string, now: Date): Promise<number> {
	await sql.query("UPDATE sign_in_link SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL", [personId, now]);
	const [, count]: [unknown, number] = await sql.query("DELETE FROM web_session WHERE person_id = $1", [personId]);
	return count;
}

/** Ends what sessions came by an account, and what links it has. Gives how many sessions it ended. */
export async function deleteSessionsBy(
	sql: Sql,
	{ platform, tenant, externalId }: { readonly platform: string; readonly tenant: string; readonly externalId: string },
	now: Date,
): Promise<number> {
	const key = [platform, tenant, externalId];
	const isBy = "platform = $1 AND tenant = $2 AND external_id = $3";
	await sql.query(`UPDATE sign_in_link SET used_at = $4 WHERE ${isBy} AND used_at IS NULL`, [...key, now]);
	const [, count]: [unknown, number] = await sql.query(`DELETE FROM web_session WHERE ${isBy}`, key);
	return count;
}

/** True: nobody has ever been in, so that the terminal may show a link. */
export async function neverUsed(sql: Sql): Promise<boolean> {
	const rows: { used: boolean }[] = await sql.query(
		"SELECT EXISTS (SELECT FROM audit_entry WHERE chain = 'system' AND action = 'web.signed_in') AS used",
	);
	return rows[0]?.used === false;
}

const columns = ({ personId, platform, tenant, user, role }: WebPerson) => [personId, platform, tenant, user, role];

function personIn(row: Row): WebPerson {
	const { person_id: personId, platform, tenant, external_id: user, role } = row;
	return { personId, platform, tenant, user, role };
}

/** Long and random, so one round of SHA-256 keeps them; looking up by it leaks nothing by its time. */
function hashOf(plain: string): Buffer {
	return createHash("sha256").update(plain).digest();
}
