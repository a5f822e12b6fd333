import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { DataSource, EntityManager } from "typeorm";
import type { Reach, Role } from "../core/access.ts";
import type { Actor, AuditEntry } from "../core/audit-entry.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "./change.ts";
import { type ApiTokenRow, ApiTokenTable, IdentityTable, PersonTable, SettingTable } from "./entities.ts";

export interface TokenStore {
	readonly db: DataSource;
	readonly auditKey: Buffer;
	readonly now: () => Date;
}

export interface NewToken {
	readonly name: string;
	/** What it may: a role for the API, or the work of a runner (of one integration, or of all). */
	readonly may:
		| { readonly role: Exclude<Role, "emergency"> /** Absent: everywhere. */; readonly reach?: Reach }
		| { readonly runnerOf: string | null };
	/** Whose it is, by address; null: a person of its own, called like the token. */
	readonly email: string | null;
	readonly expiresAt: Date | null;
	readonly actor: Actor;
}

const PREFIX = "drv_";
const INIT_SETTING = "init_token";

/** Makes a token. `plain` is told here and never again: only its hash is kept. */
export async function createToken(
	store: TokenStore,
	token: NewToken,
	/** In the same transaction. */
	also: (
		tx: EntityManager,
		made: { readonly row: ApiTokenRow; readonly plain: string },
	) => Promise<void> = async () => {},
): Promise<{ row: ApiTokenRow; plain: string }> {
	const plain = `${PREFIX}${randomBytes(32).toString("base64url")}`;
	return store.db.transaction(async (tx) => {
		const row = await insertToken(tx, store, token, plain, await ownerOf(tx, token));
		const made = { row, plain };
		await also(tx, made);
		return made;
	});
}

/** The token that somebody shows. Null: unknown, revoked or over. */
export async function findToken(
	db: Pick<DataSource, "getRepository">,
	plain: string,
	now: Date,
): Promise<ApiTokenRow | null> {
	const row = await db.getRepository(ApiTokenTable).findOneBy({ hash: hashOf(plain) });
	if (row === null || row.revokedAt !== null) return null;
	return row.expiresAt !== null && row.expiresAt <= now ? null : row;
}

/** Newest first. */
export async function listTokens(db: Pick<DataSource, "getRepository">): Promise<ApiTokenRow[]> {
	return db.getRepository(ApiTokenTable).find({ order: { createdAt: "DESC", id: "ASC" } });
}

/** False: there is no such token. One that is revoked already stays as it is. */
export async function revokeToken(store: TokenStore, id: string, actor: Actor): Promise<boolean> {
	if (!isUuid(id)) return false;
	return store.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const row = await tx.getRepository(ApiTokenTable).findOneBy({ id });
		if (row === null) return false;
		if (row.revokedAt !== null) return true;
		const now = store.now();
		await tx.getRepository(ApiTokenTable).update({ id }, { revokedAt: now });
		const data = { token: id, name: row.name };
		await writeTrail({ tx, auditKey: store.auditKey, held, now }, [entry("token.revoked", now, actor, data)]);
		return true;
	});
}

/**
 * DRAVEN_INIT_API_TOKEN: there is one token "init", and this is it; with another value the one before ends. `revoked`: somebody
 * revoked this very value, and it stays so.
 */
export async function ensureInitToken(
	store: TokenStore,
	plain: string,
	actor: Actor,
): Promise<"made" | "kept" | "revoked"> {
	return store.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const same = await tx.getRepository(ApiTokenTable).findOneBy({ hash: hashOf(plain) });
		if (same !== null) return same.revokedAt === null ? "kept" : "revoked";
		const now = store.now();
		const setting = await tx.getRepository(SettingTable).findOneBy({ name: INIT_SETTING });
		const before = setting === null ? null : await tx.getRepository(ApiTokenTable).findOneBy({ id: setting.value });
		if (before !== null && before.revokedAt === null) {
			await tx.getRepository(ApiTokenTable).update({ id: before.id }, { revokedAt: now });
			const data = { token: before.id, name: before.name };
			await writeTrail({ tx, auditKey: store.auditKey, held, now }, [entry("token.revoked", now, actor, data)]);
		}
		const token = { name: "init", may: { role: "admin" }, email: null, expiresAt: null, actor } as const;
		const personId =
			before?.personId ?? (await newPerson(tx, "Init token", { platform: "token", externalId: INIT_SETTING }));
		const { id } = await insertToken(tx, store, token, plain, personId);
		await tx.getRepository(SettingTable).save({ name: INIT_SETTING, value: id });
		return "made";
	});
}

async function insertToken(
	tx: EntityManager,
	store: TokenStore,
	token: NewToken,
	plain: string,
	personId: string,
): Promise<ApiTokenRow> {
	const held = await holdChain(tx, SYSTEM_CHAIN);
	const now = store.now();
	const reach = ("role" in token.may ? token.may.reach : undefined) ?? null;
	const row: ApiTokenRow = {
		id: randomUUID(),
		name: token.name,
		kind: "role" in token.may ? "api" : "runner",
		role: "role" in token.may ? token.may.role : null,
		projects: reach === null ? null : [...reach.projects],
		environments: reach === null ? null : [...reach.environments],
		personId,
		integrationId: "role" in token.may ? null : token.may.runnerOf,
		hash: hashOf(plain),
		createdAt: now,
		expiresAt: token.expiresAt,
		revokedAt: null,
	};
	await tx.getRepository(ApiTokenTable).insert(row);
	const data = {
		...{ token: row.id, name: row.name, kind: row.kind, role: row.role, person: personId },
		...(reach === null ? {} : { projects: row.projects, environments: row.environments }),
	};
	await writeTrail({ tx, auditKey: store.auditKey, held, now }, [entry("token.created", now, token.actor, data)]);
	return row;
}

/** A person who is known by the address, else a new one. */
async function ownerOf(tx: EntityManager, { name, email: written }: NewToken): Promise<string> {
	if (written === null) return newPerson(tx, name, { platform: "token", externalId: randomUUID() });
	const email = written.toLowerCase();
	// The same one as where people are identified: two first sights of one address are one person.
	await tx.query("SELECT pg_advisory_xact_lock(hashtext($1))", [email]);
	const known = await tx.getRepository(IdentityTable).findOneBy({ email });
	return known?.personId ?? newPerson(tx, email, { platform: "email", externalId: email, email });
}

async function newPerson(
	tx: EntityManager,
	name: string,
	identity: { readonly platform: "token" | "email"; readonly externalId: string; readonly email?: string },
): Promise<string> {
	const personId: string = randomUUID();
	await tx.getRepository(PersonTable).insert({ id: personId, name });
	await tx.getRepository(IdentityTable).insert({ email: null, ...identity, tenant: "", personId });
	return personId;
}

function isUuid(text: string): boolean {
	return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Tokens are long and random, so one round of SHA-256 keeps them; looking up by it leaks nothing by its time. */
function hashOf(plain: string): Buffer {
	return createHash("sha256").update(plain).digest();
}

function entry(action: AuditEntry["action"], now: Date, actor: Actor, data: AuditEntry["data"]): AuditEntry {
	return { atMs: now.getTime(), action, actor, project: null, environment: null, runId: null, run: null, data };
}
