import type { AccessBinding, Principal, Reach, Role } from "../core/access.ts";
import type { Actor } from "../core/audit-entry.ts";
import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import type { PersonRef } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Platform } from "../ports/chat.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { keepOtherAddresses } from "../store/accounts.ts";
import { AccessBindingTable, type ApiTokenRow, IdentityTable, PersonTable } from "../store/entities.ts";
import { personOf } from "./person-of.ts";

/** Somebody who asks for something, with all that decides what they may. */
export interface Caller {
	readonly principal: Principal;
	readonly person: PersonRef;
	readonly bindings: readonly AccessBinding[];
	readonly via: Actor["via"];
	/** The platform's own id, to tag the person there; null for tokens. */
	readonly user: string | null;
}

export function actorOf(caller: Caller): Actor {
	return { id: caller.person.id, name: caller.person.name, via: caller.via };
}

/**
 * Who speaks, as the workspace says right now. Refused when the workspace cannot be asked: an unknown person has no rights.
 * `fresh` reads profile and group membership past the cache, as every approval does.
 */
export async function identify(
	deps: Deps,
	who: { readonly platform: Platform; readonly tenant: string; readonly user: string },
	fresh = false,
): Promise<Outcome<Caller>> {
	const groups = deps.groups[who.platform];
	if (groups === undefined)
		return refused(
			refusal("unknown_person", `Nobody is known by way of ${who.platform}.`, "Ask an admin to connect it."),
		);
	const bindings = await deps.db.getRepository(AccessBindingTable).find({ order: { position: "ASC" } });
	try {
		const profile = await groups.profile(who.user, fresh);
		// Whatever is told of somebody of that id, another tenant's person is not who is meant.
		const foreign = groups.tenant != null && groups.tenant !== who.tenant;
		const outsider = profile.outsider || foreign;
		// An address that a guest brought along says nothing of who they are here.
		const person = await personOf(deps, who, profile.name, outsider ? null : profile.email);
		const account = { platform: who.platform, tenant: who.tenant, externalId: who.user };
		await keepOtherAddresses(deps.db, account, profile.otherAddresses ?? [], deps.now());
		const principal = {
			person,
			...(await namesOf(deps, person.id)),
			outsider,
			groups: await membership(deps, who.platform, who.user, bindings, fresh),
		};
		return done({ principal, person, bindings, via: who.platform, user: who.user });
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return refused(
			refusal(
				"person_unreadable",
				`Your rights could not be read: ${error.message}`,
				error.passing
					? "Nothing was changed. Try again in a minute; if it stays, ask an admin to run `draven doctor`."
					: "Nothing was changed.",
			),
		);
	}
}

/** The owner of an API token, with the role that the token carries. */
export async function identifyToken(deps: Deps, token: ApiTokenRow): Promise<Caller> {
	const { id, name } = await deps.db.getRepository(PersonTable).findOneByOrFail({ id: token.personId });
	const person = { id, name };
	const reach = reachOf(token);
	return {
		principal: {
			person,
			...(await namesOf(deps, person.id)),
			outsider: false,
			groups: { known: true, ids: new Set() },
			...(token.role === null ? {} : { tokenRoles: [token.role] }),
			...(reach === null ? {} : { tokenReach: reach }),
		},
		person,
		bindings: [],
		via: "api",
		user: null,
	};
}

/** Where a token holds, and beyond which it sees nothing; null: everywhere. */
export function reachOf({ projects, environments }: Pick<ApiTokenRow, "projects" | "environments">): Reach | null {
	return projects === null || environments === null ? null : { projects, environments };
}

/**
 * A person by all the accounts of theirs that are known, for those who came by none of them. `roles`: those that they hold without
 * any binding; null: none. One account of a guest makes them a guest.
 */
export async function identifyPerson(
	deps: Deps,
	personId: string,
	roles: readonly Role[] | null,
	fresh: boolean,
): Promise<Outcome<Caller>> {
	const { id, name } = await deps.db.getRepository(PersonTable).findOneByOrFail({ id: personId });
	const person = { id, name };
	const accounts = await deps.db.getRepository(IdentityTable).findBy({ personId });
	const found: Caller[] = [];
	for (const { platform, tenant, externalId } of accounts) {
		if (platform !== "slack" && platform !== "teams") continue;
		if (deps.groups[platform] === undefined) continue;
		const caller = await identify(deps, { platform, tenant, user: externalId }, fresh);
		if (!caller.ok) return caller;
		found.push(caller.value);
	}
	const memberships = found.map(({ principal }) => principal.groups);
	const principal = {
		person,
		...(await namesOf(deps, person.id)),
		outsider: found.some((one) => one.principal.outsider),
		groups: memberships.find((one) => !one.known) ?? {
			known: true as const,
			ids: new Set(memberships.flatMap((one) => (one.known ? [...one.ids] : []))),
		},
		...(roles === null ? {} : { tokenRoles: roles }),
	};
	const bindings = await deps.db.getRepository(AccessBindingTable).find({ order: { position: "ASC" } });
	return done({ principal, person, bindings, via: "web", user: null });
}

async function membership(
	deps: Deps,
	platform: Platform,
	user: string,
	bindings: readonly AccessBinding[],
	fresh: boolean,
): Promise<Principal["groups"]> {
	const wanted = new Set(
		bindings.flatMap((binding) =>
			binding.subjects.flatMap((subject) => {
				if (platform === "slack" && "slackGroup" in subject) return [subject.slackGroup];
				if (platform === "teams" && "entraGroup" in subject) return [subject.entraGroup];
				return [];
			}),
		),
	);
	if (wanted.size === 0) return { known: true, ids: new Set() };
	try {
		const ids = await deps.groups[platform]?.memberOf(user, [...wanted], fresh);
		return { known: true, ids: ids ?? new Set() };
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		deps.log.warn({ platform, user, err: error }, "group membership could not be read");
		return { known: false, why: error.message };
	}
}

async function namesOf(deps: Deps, personId: string) {
	const rows = await deps.db.getRepository(IdentityTable).findBy({ personId });
	return {
		identities: rows.map(({ platform, externalId }) => ({ platform, externalId })),
		emails: [...new Set(rows.flatMap((row) => (row.email === null ? [] : [row.email])))],
	};
}
