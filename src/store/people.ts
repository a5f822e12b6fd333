import type { DataSource } from "typeorm";
import type { Actor } from "../core/audit-entry.ts";
import type { PersonRef } from "../core/run.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "./change.ts";
import { type IdentityRow, IdentityTable, PersonTable } from "./entities.ts";

export interface KnownPerson extends PersonRef {
	readonly identities: readonly IdentityRow[];
}

/** By name. */
export async function listPeople(db: Pick<DataSource, "getRepository">): Promise<KnownPerson[]> {
	const people = await db.getRepository(PersonTable).find({ order: { name: "ASC", id: "ASC" } });
	const identities = await db.getRepository(IdentityTable).find({ order: { platform: "ASC", externalId: "ASC" } });
	const theirs = new Map<string, IdentityRow[]>();
	for (const one of identities) theirs.set(one.personId, [...(theirs.get(one.personId) ?? []), one]);
	return people.map(({ id, name }) => ({ id, name, identities: theirs.get(id) ?? [] }));
}

/** Whom somebody means: by id, by address, or by a name that one person alone has. */
export function peopleCalled(people: readonly KnownPerson[], called: string): KnownPerson[] {
	const wanted = called.toLowerCase();
	const exact = people.filter(
		({ id, identities }) => id === wanted || identities.some(({ email }) => email === wanted),
	);
	return exact.length > 0 ? exact : people.filter(({ name }) => name.toLowerCase() === wanted);
}

/** An identity is this person's from now on, whoever's it was. */
export async function linkIdentity(
	store: { readonly db: DataSource; readonly auditKey: Buffer; readonly now: () => Date },
	person: PersonRef,
	identity: Omit<IdentityRow, "personId">,
	actor: Actor,
): Promise<{ readonly before: PersonRef | null }> {
	return store.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const { platform, tenant, externalId } = identity;
		const known = await tx.getRepository(IdentityTable).findOneBy({ platform, tenant, externalId });
		const owner =
			known === null || known.personId === person.id
				? null
				: await tx.getRepository(PersonTable).findOneBy({ id: known.personId });
		const before = owner === null ? null : { id: owner.id, name: owner.name };
		await tx
			.getRepository(IdentityTable)
			.upsert({ ...identity, email: known?.email ?? identity.email, personId: person.id }, [
				"platform",
				"tenant",
				"externalId",
			]);
		const now = store.now();
		const data = { person: { id: person.id, name: person.name }, platform, tenant, externalId, before, how: "by_hand" };
		const about = { project: null, environment: null, runId: null, run: null };
		await writeTrail({ tx, auditKey: store.auditKey, held, now }, [
			{ atMs: now.getTime(), action: "person.linked", actor, ...about, data },
		]);
		return { before };
	});
}
