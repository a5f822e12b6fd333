import { directoryId } from "./directory-id.ts";
import { matchesAny } from "./glob.ts";
import type { PersonRef } from "./run.ts";

export const ROLES = ["viewer", "operator", "approver", "admin", "emergency"] as const;
export type Role = (typeof ROLES)[number];

/** Whom a role is given to: a group of the workspace, or a single person. `local` exists in local mode alone. */
export type Subject =
	| { readonly slackGroup: string }
	| { readonly slackUser: string }
	| { readonly entraGroup: string }
	| { readonly entraUser: string }
	| { readonly email: string }
	| { readonly local: string };

/** A role, bound to subjects in a scope of globs. */
export interface AccessBinding {
	readonly role: Role;
	readonly subjects: readonly Subject[];
	readonly projects: readonly string[];
	readonly environments: readonly string[];
}

/** Globs of where something holds. */
export type Reach = Pick<AccessBinding, "projects" | "environments">;

export interface Scope {
	readonly project: string;
	readonly environment: string;
}

/** Somebody, with all that decides what they may. */
export interface Principal {
	readonly person: PersonRef;
	readonly identities: readonly { readonly platform: string; readonly externalId: string }[];
	/** Verified, lower case. */
	readonly emails: readonly string[];
	/** Guests, outsiders of shared channels, foreign tenants: never more than viewers. */
	readonly outsider: boolean;
	readonly groups:
		| { readonly known: true; readonly ids: ReadonlySet<string> }
		| { readonly known: false; readonly why: string };
	/** Set for API tokens, which carry their role themselves. */
	readonly tokenRoles?: readonly Role[];
	/** Where those roles hold; absent: everywhere. */
	readonly tokenReach?: Reach;
}

/** An API token that no person is known to own: who holds it cannot be told, nor whether they decided already by another way. */
export function isNobodys(principal: Principal): boolean {
	return principal.tokenRoles !== undefined && principal.identities.every(({ platform }) => platform === "token");
}

export type Action =
	| "view"
	| "deploy"
	| "dry_run"
	| "rollback"
	| "cancel_own"
	| "cancel_any"
	| "nudge"
	| "lock"
	| "steal_lock"
	| "unlock_other"
	| "freeze"
	| "approve"
	| "reject"
	| "configure";

/** SPEC section 6: the one role that an action takes. */
const ROLE_FOR: Record<Action, Role> = {
	view: "viewer",
	deploy: "operator",
	dry_run: "operator",
	rollback: "operator",
	cancel_own: "operator",
	cancel_any: "admin",
	nudge: "operator",
	lock: "operator",
	steal_lock: "admin",
	unlock_other: "admin",
	freeze: "admin",
	approve: "approver",
	reject: "approver",
	configure: "admin",
};

export type Denied = {
	readonly ok: false;
	readonly missing: Role;
	readonly holders: Holders;
} & (
	| { readonly code: "no_right" | "outsider" | "groups_unreadable" }
	/** The token has the role, elsewhere. */
	| { readonly code: "token_scope"; readonly reach: Reach }
);

/** Who has a role at an environment. */
export interface Holders {
	readonly role: Role;
	/** Each once, as they are configured. */
	readonly subjects: readonly Subject[];
	/** Tokens of the API that carry the role. */
	readonly tokens: boolean;
}

/** Whether a place lies where something holds. */
export function inScope(reach: Reach, { project, environment }: Scope): boolean {
	return covers(reach.projects, project) && covers(reach.environments, environment);
}

/** A place may be a glob itself: then one of the globs has to cover all that it takes, also what is not there yet. */
function covers(globs: readonly string[], place: string): boolean {
	return /[*?[\]{}]/.test(place) ? globs.some((glob) => coversGlob(glob, place)) : matchesAny(globs, place);
}

/** Surely so: where it cannot be told, it is no. */
function coversGlob(wide: string, narrow: string): boolean {
	if (/^\*+$/.test(wide) || wide === narrow) return true;
	// With stars alone on the one side and neither choices nor classes on the other, what matches the text matches all it stands for.
	return !/[?[\]{}]/.test(wide) && !/[[\]{}]/.test(narrow) && matchesAny([wide], narrow);
}

type Match = "yes" | "no" | "unreadable";

type Group = Extract<Subject, { slackGroup: string } | { entraGroup: string }>;
type Single = Exclude<Subject, Group>;

function matches(subject: Subject, principal: Principal): Match {
	if (!("slackGroup" in subject || "entraGroup" in subject)) return isOf(subject, principal) ? "yes" : "no";
	if (!principal.groups.known) return "unreadable";
	return principal.groups.ids.has("slackGroup" in subject ? subject.slackGroup : subject.entraGroup) ? "yes" : "no";
}

/** A single person is named by one of their accounts or addresses. */
function isOf(subject: Single, { identities, emails }: Pick<Principal, "identities" | "emails">): boolean {
	const is = (platform: string, id: string) =>
		identities.some((one) => one.platform === platform && one.externalId === id);
	if ("slackUser" in subject) return is("slack", subject.slackUser);
	if ("entraUser" in subject) return is("teams", directoryId(subject.entraUser));
	if ("local" in subject) return is("local", subject.local);
	return emails.includes(subject.email.toLowerCase());
}

/** An API token with the role admin is the key of the installation: it can give itself every other role, so it has them but emergency. */
const TOKEN_ROLES: Record<Role, readonly Role[]> = {
	viewer: ["viewer"],
	operator: ["viewer", "operator"],
	approver: ["viewer", "approver"],
	admin: ["viewer", "operator", "approver", "admin"],
	emergency: ["viewer"],
};

/** The roles that somebody holds for an environment. Everybody known may look; a token looks no further than it reaches. */
export function rolesIn(bindings: readonly AccessBinding[], principal: Principal, scope: Scope): Set<Role> {
	return held(bindings, principal, scope).roles;
}

function held(
	bindings: readonly AccessBinding[],
	principal: Principal,
	scope: Scope,
): { roles: Set<Role>; unreadable: Set<Role> } {
	const unreadable = new Set<Role>();
	const reached = principal.tokenReach === undefined || inScope(principal.tokenReach, scope);
	const roles = new Set<Role>(reached ? ["viewer"] : []);
	if (principal.outsider) return { roles, unreadable };
	if (reached) for (const role of principal.tokenRoles ?? []) for (const one of TOKEN_ROLES[role]) roles.add(one);
	for (const binding of bindings) {
		if (!inScope(binding, scope)) continue;
		for (const subject of binding.subjects) {
			const match = matches(subject, principal);
			if (match === "yes") roles.add(binding.role);
			if (match === "unreadable") unreadable.add(binding.role);
		}
	}
	return { roles, unreadable };
}

/** A binding that gives somebody its role at an environment, and by which subject of it. */
export interface Grant<B extends AccessBinding = AccessBinding> {
	readonly binding: B;
	readonly subject: Subject;
	/** False: it is a group, and who is in their groups cannot be read, so it gives nothing now. */
	readonly readable: boolean;
}

/** Why somebody has the roles that they have there. An outsider has none by any binding. */
export function grantsIn<B extends AccessBinding>(
	bindings: readonly B[],
	principal: Principal,
	scope: Scope,
): readonly Grant<B>[] {
	if (principal.outsider) return [];
	return bindings
		.filter((binding) => inScope(binding, scope))
		.flatMap((binding) =>
			binding.subjects.flatMap((subject) => {
				const match = matches(subject, principal);
				return match === "no" ? [] : [{ binding, subject, readable: match === "yes" }];
			}),
		);
}

/** Whether somebody may do something at an environment; what is missing when not. Denied when their groups decide and cannot be read. */
export function may(
	action: Action,
	bindings: readonly AccessBinding[],
	principal: Principal,
	scope: Scope,
): { readonly ok: true } | Denied {
	const role = ROLE_FOR[action];
	const { roles, unreadable } = held(bindings, principal, scope);
	if (roles.has(role)) return { ok: true };
	const code = principal.outsider ? "outsider" : unreadable.has(role) ? "groups_unreadable" : "no_right";
	const holders = { role, subjects: holdersOf(bindings, role, scope), tokens: principal.tokenRoles !== undefined };
	const { tokenRoles = [], tokenReach } = principal;
	if (tokenReach !== undefined && tokenRoles.some((one) => TOKEN_ROLES[one].includes(role)))
		return { ok: false, code: "token_scope", missing: role, holders, reach: tokenReach };
	return { ok: false, code, missing: role, holders };
}

/** The groups and people that a role is given to at an environment; `except`: somebody who is left out, as far as they are named. */
export function holdersOf(
	bindings: readonly AccessBinding[],
	role: Role,
	scope: Scope,
	except: Pick<Principal, "identities" | "emails"> | null = null,
): readonly Subject[] {
	const named = bindings
		.filter((binding) => binding.role === role && inScope(binding, scope))
		.flatMap((binding) => binding.subjects)
		.filter(
			(subject) => except === null || "slackGroup" in subject || "entraGroup" in subject || !isOf(subject, except),
		);
	return [...new Map(named.map((subject) => [JSON.stringify(subject), subject])).values()];
}
