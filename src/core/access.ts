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
	| "lock"
	| "steal_lock"
	| "unlock_other"
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
	lock: "operator",
	steal_lock: "admin",
	unlock_other: "admin",
	approve: "approver",
	reject: "approver",
	configure: "admin",
};

export interface Denied {
	readonly ok: false;
	readonly code: "no_right" | "outsider" | "groups_unreadable";
	readonly missing: Role;
	/** Who has the role there, in words. */
	readonly who: string;
}

function inScope(binding: AccessBinding, scope: Scope): boolean {
	return matchesAny(binding.projects, scope.project) && matchesAny(binding.environments, scope.environment);
}

type Match = "yes" | "no" | "unreadable";

function matches(subject: Subject, principal: Principal): Match {
	const is = (platform: string, id: string) =>
		principal.identities.some((one) => one.platform === platform && one.externalId === id);
	const inGroup = (id: string): Match => {
		if (!principal.groups.known) return "unreadable";
		return principal.groups.ids.has(id) ? "yes" : "no";
	};
	if ("slackGroup" in subject) return inGroup(subject.slackGroup);
	if ("entraGroup" in subject) return inGroup(subject.entraGroup);
	if ("slackUser" in subject) return is("slack", subject.slackUser) ? "yes" : "no";
	if ("entraUser" in subject) return is("teams", subject.entraUser) ? "yes" : "no";
	if ("local" in subject) return is("local", subject.local) ? "yes" : "no";
	return principal.emails.includes(subject.email.toLowerCase()) ? "yes" : "no";
}

/** An API token with the role admin is the key of the installation: it can give itself every other role, so it has them but emergency. */
const TOKEN_ROLES: Record<Role, readonly Role[]> = {
	viewer: ["viewer"],
	operator: ["viewer", "operator"],
	approver: ["viewer", "approver"],
	admin: ["viewer", "operator", "approver", "admin"],
	emergency: ["viewer"],
};

/** The roles that somebody holds for an environment. Everybody known may look. */
export function rolesIn(bindings: readonly AccessBinding[], principal: Principal, scope: Scope): Set<Role> {
	return held(bindings, principal, scope).roles;
}

function held(
	bindings: readonly AccessBinding[],
	principal: Principal,
	scope: Scope,
): { roles: Set<Role>; unreadable: Set<Role> } {
	const roles = new Set<Role>(["viewer"]);
	const unreadable = new Set<Role>();
	if (principal.outsider) return { roles, unreadable };
	for (const role of principal.tokenRoles ?? []) for (const one of TOKEN_ROLES[role]) roles.add(one);
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
	const who =
		principal.tokenRoles === undefined ? describeHolders(bindings, role, scope) : `an API token with the role ${role}`;
	return { ok: false, code, missing: role, who };
}

/** Who holds a role at an environment, in words: groups and people as they are configured. */
export function describeHolders(bindings: readonly AccessBinding[], role: Role, scope: Scope): string {
	const names = bindings
		.filter((binding) => binding.role === role && inScope(binding, scope))
		.flatMap((binding) => binding.subjects.map(describeSubject));
	return names.length === 0
		? `nobody (no access binding gives the role ${role} there)`
		: [...new Set(names)].join(", ");
}

function describeSubject(subject: Subject): string {
	if ("slackGroup" in subject) return `the Slack group ${subject.slackGroup}`;
	if ("entraGroup" in subject) return `the Entra group ${subject.entraGroup}`;
	if ("slackUser" in subject) return `the Slack user ${subject.slackUser}`;
	if ("entraUser" in subject) return `the Teams user ${subject.entraUser}`;
	if ("local" in subject) return subject.local;
	return subject.email;
}
