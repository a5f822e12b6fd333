import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import type { Actor } from "../core/audit-entry.ts";
import { done, type Outcome, type Refusal, refusal, refused } from "../core/refusal.ts";
import type { PersonRef } from "../core/run.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "./change.ts";
import { type IdentityRow, IdentityTable, PersonTable } from "./entities.ts";
import { deleteSessionsBy } from "./web-sessions.ts";

export interface Unlinked {
	/** The person of its own that the account is now; null: of a provider, where commits alone come from. */
	readonly movedTo: PersonRef | null;
	/** Of the page, which came by this account and are ended. */
	readonly sessions: number;
	/** An address that both still have, by which they still count as one human; null: none. */
	readonly shared: string | null;
}

type Platforms = ReadonlySet<IdentityRow["platform"]>;
const CHATS: Platforms = new Set(["slack", "teams", "local"]);
const SPEAKS: Platforms = new Set([...CHATS, "email"]);

/** Whether somebody says something here by such an account, or signs in. */
export const speaks = (platform: IdentityRow["platform"]): boolean => SPEAKS.has(platform);

/**
 * An account is not this person's any more. One that speaks is a person of its own from this moment on, not from its next word: so the
 * trail knows both, and what the one asked for before, the other does not approve (`sameHuman`). One of a provider is nobody's: as long
 * as nobody says whose it is, no author of a commit of it can be told, and none approves.
 */
export async function unlinkIdentity(
	store: { readonly db: DataSource; readonly auditKey: Buffer; readonly now: () => Date },
	person: PersonRef,
	account: Pick<IdentityRow, "platform" | "tenant" | "externalId">,
	actor: Actor,
): Promise<Outcome<Unlinked>> {
	return store.db.transaction(async (tx): Promise<Outcome<Unlinked>> => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const { platform, tenant, externalId } = account;
		const key = { platform, tenant, externalId };
		const theirs = await tx.getRepository(IdentityTable).findBy({ personId: person.id });
		const isIt = (one: IdentityRow) =>
			one.platform === platform && one.tenant === tenant && one.externalId === externalId;
		const known = theirs.find(isIt);
		if (known === undefined)
			return refused(refusal("unknown_account", `${externalId} (${platform}) is no account of ${person.name}.`));
		const rest = theirs.filter((one) => !isIt(one));
		const no = actor.id === person.id ? OWN : whyKept(person, known, rest);
		if (no !== null) return refused(no);

		const movedTo = speaks(platform) ? { id: randomUUID(), name: externalId } : null;
		if (movedTo === null) await tx.getRepository(IdentityTable).delete(key);
		else {
			await tx.getRepository(PersonTable).insert({ ...movedTo });
			await tx.getRepository(IdentityTable).update(key, { personId: movedTo.id });
		}
		const now = store.now();
		const sessions = await deleteSessionsBy(tx, key, now);
		const about = { project: null, environment: null, runId: null, run: null };
		const data = { person: { id: person.id, name: person.name }, ...key, movedTo, sessions };
		await writeTrail({ tx, auditKey: store.auditKey, held, now }, [
			{ atMs: now.getTime(), action: "person.unlinked", actor, ...about, data },
		]);
		const shared = movedTo !== null && rest.some(({ email }) => email === known.email) ? known.email : null;
		return done({ movedTo, sessions, shared });
	});
}

/** Why an account stays whoever asks, `rest` being the others of that person; null: it may go. */
export function whyKept(person: PersonRef, account: IdentityRow, rest: readonly IdentityRow[]): Refusal | null {
	if (account.platform === "token")
		return refusal("malformed_account", "This is a token of the API, not an account.", "Revoke it at Tokens.");
	// An address alone may be that of their commits, by which nobody ever signs in.
	const enough = CHATS.has(account.platform) ? CHATS : SPEAKS;
	if (!speaks(account.platform) || rest.some(({ platform }) => enough.has(platform))) return null;
	return refusal(
		"not_possible_now",
		`${account.externalId} is the only account by which ${person.name} speaks here: without it, what they asked for and their roles would be nobody's.`,
		"To keep them out, take their roles back at Access and sign them out everywhere. When the account is somebody else's, link it to that person.",
	);
}

/** Whoever did it could ask by the one and approve by the other; and the last admin would be out. */
const OWN = refusal(
	"own_account",
	"You cannot take an account from yourself: with it you could approve what you asked for, and you might lose the role that you do this by.",
	"Ask another admin. Where there is none, `draven person unlink` on the server does it.",
);
