import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { SYSTEM_ACTOR } from "../core/audit-entry.ts";
import type { PersonRef } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Platform } from "../ports/chat.ts";
import { keepFormerAddress } from "../store/accounts.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "../store/change.ts";
import { type IdentityRow, IdentityTable, PersonTable } from "../store/entities.ts";

type PlatformIdentity = {
	readonly platform: Platform | "token" | "email";
	readonly tenant: string;
	readonly user: string;
};

/**
 * The person behind an identity; a new identity with a verified address that is known belongs to the same person. That, and an address
 * that is another one than before, is on the trail: who is the same human as whom decides over approvals.
 */
export async function personOf(
	deps: Pick<Deps, "db" | "auditKey" | "now">,
	who: PlatformIdentity,
	name: string,
	email: string | null,
): Promise<PersonRef> {
	const key = { platform: who.platform, tenant: who.tenant, externalId: who.user };
	const known = await deps.db.getRepository(IdentityTable).findOneBy(key);
	if (known !== null && known.email === email) {
		const person = await deps.db.getRepository(PersonTable).findOneByOrFail({ id: known.personId });
		if (person.name !== name) await deps.db.getRepository(PersonTable).update({ id: person.id }, { name });
		return { id: person.id, name };
	}
	return deps.db.transaction(async (tx) => {
		// Two first messages of one person at the same time are one person.
		await tx.query("SELECT pg_advisory_xact_lock(hashtext($1))", [
			email ?? `${who.platform}:${who.tenant}:${who.user}`,
		]);
		const again = await tx.getRepository(IdentityTable).findOneBy(key);
		const other = again !== null || email === null ? null : await personWith(tx, email);
		const person = again !== null ? { id: again.personId, name } : (other ?? (await newPerson(tx, name)));
		const changed = again !== null && again.email !== email;
		if (changed) await keepFormerAddress(tx, again, deps.now());
		// Whose it is does not change here: an admin may have moved it this very moment.
		if (again !== null) await tx.getRepository(IdentityTable).update(key, { email });
		else
			await tx
				.getRepository(IdentityTable)
				.upsert({ ...key, personId: person.id, email }, ["platform", "tenant", "externalId"]);
		if (other !== null) await note(deps, tx, { person, ...key, how: "by_email", email });
		if (changed) await note(deps, tx, { person, ...key, how: "new_address", email, was: again.email });
		return person;
	});
}

async function personWith(tx: EntityManager, email: string): Promise<PersonRef | null> {
	const identity = await tx.getRepository(IdentityTable).findOneBy({ email });
	if (identity === null) return null;
	const { id, name } = await tx.getRepository(PersonTable).findOneByOrFail({ id: identity.personId });
	return { id, name };
}

async function newPerson(tx: EntityManager, name: string): Promise<PersonRef> {
	const person = { id: randomUUID(), name };
	await tx.getRepository(PersonTable).insert(person);
	return person;
}

type Linked = Omit<IdentityRow, "personId"> & { readonly person: PersonRef } & (
		| { readonly how: "by_email" }
		| { readonly how: "new_address"; readonly was: string | null }
	);

async function note(deps: Pick<Deps, "auditKey" | "now">, tx: EntityManager, linked: Linked): Promise<void> {
	const held = await holdChain(tx, SYSTEM_CHAIN);
	const now = deps.now();
	const about = { project: null, environment: null, runId: null, run: null };
	await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [
		{ atMs: now.getTime(), action: "person.linked", actor: SYSTEM_ACTOR, ...about, data: { ...linked, before: null } },
	]);
}
