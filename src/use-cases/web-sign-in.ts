import { type Actor, SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import type { PersonRef } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "../store/change.ts";
import { AccessBindingTable, IdentityTable, PersonTable } from "../store/entities.ts";
import {
	deleteSessionsOf,
	findLink,
	insertLink,
	insertSession,
	neverUsed,
	useLink,
	voidFirstLinks,
	type WebPerson,
} from "../store/web-sessions.ts";
import { type Caller, identify, identifyPerson } from "./identify.ts";
import { personOf } from "./person-of.ts";

/** SPEC section 2: `deploy admin`. */
export const LINK_MS = 5 * 60_000;
/** Somebody who starts it for the first time reads the terminal before. */
const FIRST_LINK_MS = 60 * 60_000;

/** A link into the web page for the one who asks, good once and for five minutes. Outsiders get none: the page shows more than a channel does. */
export async function linkFor(deps: Deps, caller: Caller): Promise<Outcome<string>> {
	if (caller.principal.outsider) return refused(NO_OUTSIDERS);
	const accounts = await deps.db.getRepository(IdentityTable).findBy({ personId: caller.person.id });
	const account = accounts.find((one) => one.platform === caller.via && one.externalId === caller.user);
	if (account === undefined)
		return refused(
			refusal(
				"chat_needed",
				"A link into the web page belongs to an account of a chat, and a token has none.",
				"Say `deploy admin` in chat.",
			),
		);
	const { personId, platform, tenant, externalId: user } = account;
	const who = { personId, platform, tenant, user, role: null };
	return done(address(deps, await insertLink(deps.db, who, deps.now(), LINK_MS)));
}

/** The link that the terminal shows as long as nobody has ever been in. Null: somebody has. */
export async function firstLink(deps: Deps): Promise<string | null> {
	if (!(await neverUsed(deps.db))) return null;
	const key = { platform: "token", tenant: "", user: "first-admin" } as const;
	const person = await personOf(deps, key, "First admin", null);
	const who = { ...key, personId: person.id, role: "admin" as const };
	return address(deps, await insertLink(deps.db, who, deps.now(), FIRST_LINK_MS));
}

function address({ publicUrl }: Deps, plain: string): string {
	return `${publicUrl}/sign-in/${plain}`;
}

/** Whose link it is, for the page that asks before it is used: programs that look at links in messages use nothing up. */
export async function lookAtLink(deps: Deps, plain: string): Promise<Outcome<{ readonly name: string }>> {
	const link = await findLink(deps.db, plain, deps.now());
	if (link === null) return refused(BAD_LINK.unknown);
	if (link.state !== "good") return refused(BAD_LINK[link.state]);
	const { name } = await deps.db.getRepository(PersonTable).findOneByOrFail({ id: link.who.personId });
	return done({ name });
}

/** Whose link it is, however it stands; null: none that was given here. */
export async function personOfLink(deps: Deps, plain: string): Promise<string | null> {
	return (await findLink(deps.db, plain, deps.now()))?.who.personId ?? null;
}

/** Uses a link up and opens a session; what is returned goes into the cookie. */
export async function signInByLink(deps: Deps, plain: string): Promise<Outcome<string>> {
	const link = await findLink(deps.db, plain, deps.now());
	if (link === null) return refused(BAD_LINK.unknown);
	if (link.state !== "good") {
		await note(deps, await actorOf(deps, link.who), "web.link_refused", { state: link.state });
		return refused(BAD_LINK[link.state]);
	}
	const session = await deps.db.transaction(async (tx) => {
		const who = await useLink(tx, plain, deps.now());
		return who === null ? null : openSession(deps, tx, who, "link");
	});
	if (session !== null) return done(session);
	// Somebody else was quicker by a moment: that is told as any other second use is.
	await note(deps, await actorOf(deps, link.who), "web.link_refused", { state: "used" });
	return refused(BAD_LINK.used);
}

/**
 * Opens a session for somebody whom an identity provider vouches for. Only for those who are known here already: at a public provider
 * everybody has an account.
 */
export async function signInByEmail(deps: Deps, name: string, address: string): Promise<Outcome<string>> {
	const email = address.toLowerCase();
	const known = await knownAs(deps, email, name);
	if (known === null)
		return refused(
			refusal(
				"unknown_person",
				`Nobody is known here as ${email}.`,
				"Say `deploy whoami` to the bot in chat once, with an account of that address, or ask an admin to give a role to it.",
			),
		);
	const key = { platform: "email", tenant: "", user: email } as const;
	const { id: personId } = await personOf(deps, key, known, email);
	const found = await identifyPerson(deps, personId, null, true);
	if (!found.ok) return found;
	if (found.value.principal.outsider) return refused(NO_OUTSIDERS);
	return done(await deps.db.transaction((tx) => openSession(deps, tx, { ...key, personId, role: null }, "openid")));
}

/** The name of the person with an account of a chat at this address, or of the one whom it gives a role; null: nobody. */
async function knownAs(deps: Deps, email: string, name: string): Promise<string | null> {
	const rows: { name: string }[] = await deps.db.query(
		`SELECT person.name FROM identity JOIN person ON person.id = identity.person_id
		 WHERE identity.email = $1 AND EXISTS (
			SELECT FROM identity AS other WHERE other.person_id = person.id AND other.platform <> 'email'
		 ) LIMIT 1`,
		[email],
	);
	const [row] = rows;
	if (row !== undefined) return row.name;
	const bindings = await deps.db.getRepository(AccessBindingTable).find();
	const isNamed = bindings.some(({ subjects }) =>
		subjects.some((one) => "email" in one && one.email.toLowerCase() === email),
	);
	return isNamed ? name : null;
}

async function openSession(
	deps: Deps,
	tx: Parameters<typeof holdChain>[0],
	who: WebPerson,
	by: "link" | "openid",
): Promise<string> {
	const now = deps.now();
	const held = await holdChain(tx, SYSTEM_CHAIN);
	const plain = await insertSession(tx, who, now);
	await voidFirstLinks(tx, now);
	const nowhere = { project: null, environment: null, runId: null, run: null };
	await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [
		{ atMs: now.getTime(), action: "web.signed_in", actor: await actorOf(deps, who), ...nowhere, data: { by } },
	]);
	return plain;
}

async function note(
	deps: Deps,
	actor: Actor,
	action: "web.link_refused",
	data: Readonly<Record<string, unknown>>,
): Promise<void> {
	await deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const now = deps.now();
		const nowhere = { project: null, environment: null, runId: null, run: null };
		await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [
			{ atMs: now.getTime(), action, actor, ...nowhere, data },
		]);
	});
}

async function actorOf(deps: Deps, who: WebPerson): Promise<Actor> {
	const person = await deps.db.getRepository(PersonTable).findOneBy({ id: who.personId });
	return person === null ? SYSTEM_ACTOR : { id: person.id, name: person.name, via: "web" };
}

/** Who looks at the page, with the rights that they have right now. `fresh`: group membership is read past the cache. */
export async function identifySession(deps: Deps, who: WebPerson, fresh = false): Promise<Outcome<Caller>> {
	const { platform, tenant, user } = who;
	if (platform === "slack" || platform === "teams" || platform === "local") {
		const found = await identify(deps, { platform, tenant, user }, fresh);
		return found.ok ? done({ ...found.value, via: "web" }) : found;
	}
	return identifyPerson(deps, who.personId, who.role === null ? null : [who.role], fresh);
}

/** Ends all sessions of a person, and what links they have; by themselves, or by an admin. */
export async function signOutEverywhere(deps: Deps, person: PersonRef, actor: Actor): Promise<number> {
	return deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const now = deps.now();
		const sessions = await deleteSessionsOf(tx, person.id, now);
		const nowhere = { project: null, environment: null, runId: null, run: null };
		await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [
			{
				...{ atMs: now.getTime(), action: "web.signed_out_everywhere", actor, ...nowhere },
				data: { person: { id: person.id, name: person.name }, sessions },
			},
		]);
		return sessions;
	});
}

const NO_OUTSIDERS = refusal(
	"outsider",
	"The web page is not for guests and people of other organisations.",
	"Ask a member of the team.",
);
const AGAIN = "Say `deploy admin` in chat for a new one.";
const BAD_LINK = {
	used: refusal("link_used", "This link was used before: each is good once.", AGAIN),
	over: refusal("link_over", "This link is over: each is good for a few minutes.", AGAIN),
	unknown: refusal("unknown_link", "This is no link that was given here.", AGAIN),
};
