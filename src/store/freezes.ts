import type { EntityManager } from "typeorm";
import { type FreezeScope, freezesAt, type HandFreeze } from "../core/freeze.ts";
import { type FreezeRow, FreezeTable } from "./entities.ts";
import type { Sql } from "./runs.ts";

type Reader = Pick<EntityManager, "getRepository">;

/** Whoever starts a run holds it shared, whoever freezes alone: after the answer to a freeze no run starts that did not see it. */
const GATE = 1_764_400_300;

const toFreeze = (row: FreezeRow): HandFreeze => ({
	projects: row.projects,
	environments: row.environments,
	person: { id: row.personId, name: row.personName },
	reason: row.reason,
	until: row.until,
	createdAt: row.createdAt,
});

/** All that hold at `now`; the last said first. Each request asks this: spoken to in SQL, it costs the least. */
export async function freezesOn(sql: Sql, now: Date): Promise<HandFreeze[]> {
	const rows: FreezeRow[] = await sql.query(
		`SELECT projects, environments, person_id AS "personId", person_name AS "personName", reason, until, created_at AS "createdAt"
		 FROM release_freeze WHERE until IS NULL OR until > $1 ORDER BY created_at DESC, projects, environments`,
		[now],
	);
	return rows.map(toFreeze);
}

/** Those that hold at an environment. */
export async function freezesOf(
	sql: Sql,
	place: { readonly project: string; readonly environment: string },
	now: Date,
): Promise<readonly HandFreeze[]> {
	return freezesAt(await freezesOn(sql, now), place, now);
}

/** The same for a run that is about to start: until this transaction ends, nobody freezes. */
export async function freezesBeforeStart(
	tx: EntityManager,
	place: { readonly project: string; readonly environment: string },
	now: Date,
): Promise<readonly HandFreeze[]> {
	await tx.query("SELECT pg_advisory_xact_lock_shared($1)", [GATE]);
	return freezesOf(tx, place, now);
}

export async function freezeNamed(
	db: Reader,
	{ projects, environments }: FreezeScope,
	now: Date,
): Promise<HandFreeze | null> {
	const row = await db.getRepository(FreezeTable).findOneBy({ projects, environments });
	return row === null || (row.until !== null && row.until <= now) ? null : toFreeze(row);
}

/** Only with the chain of the system held, after looking. */
export async function putFreeze(tx: EntityManager, freeze: HandFreeze): Promise<void> {
	await tx.query("SELECT pg_advisory_xact_lock($1)", [GATE]);
	const { person, ...rest } = freeze;
	await tx
		.getRepository(FreezeTable)
		.upsert({ ...rest, personId: person.id, personName: person.name }, ["projects", "environments"]);
}

export async function removeFreeze(db: Reader, { projects, environments }: FreezeScope): Promise<void> {
	await db.getRepository(FreezeTable).delete({ projects, environments });
}

/** The freeze of a scope, also when its time is over. */
export async function storedFreeze(db: Reader, { projects, environments }: FreezeScope): Promise<HandFreeze | null> {
	const row = await db.getRepository(FreezeTable).findOneBy({ projects, environments });
	return row === null ? null : toFreeze(row);
}
