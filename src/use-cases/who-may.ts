import { type Grant, grantsIn, type Principal, type Role, rolesIn } from "../core/access.ts";
import type { Deps } from "../deps.ts";
import {
	type AccessBindingRow,
	AccessBindingTable,
	type ApiTokenRow,
	ApiTokenTable,
	IdentityTable,
	PersonTable,
} from "../store/entities.ts";
import { knownNames } from "./catalog.ts";
import { identifyPerson } from "./identify.ts";

export interface WhoMay {
	readonly name: string;
	/** A sentence: why not all of it can be told; null: it can. */
	readonly trouble: string | null;
	readonly outsider: boolean;
	/** Tokens of the API that are theirs and hold: they carry their role themselves. */
	readonly tokens: readonly ApiTokenRow[];
	readonly places: readonly {
		readonly project: string;
		readonly environment: string;
		readonly roles: ReadonlySet<Role>;
		readonly grants: readonly Grant<AccessBindingRow>[];
	}[];
}

/** What a person may at each environment, and why: by which bindings, and which group or account of theirs. Null: there is no such person. */
export async function whoMay(deps: Deps, personId: string): Promise<WhoMay | null> {
	const { db } = deps;
	const person = await db.getRepository(PersonTable).findOneBy({ id: personId });
	if (person === null) return null;
	const { principal, trouble } = await principalOf(deps, personId, person.name);
	const bindings = await db.getRepository(AccessBindingTable).find({ order: { position: "ASC" } });
	const { projects } = await knownNames(db.manager);
	const now = deps.now();
	const tokens = (
		await db.getRepository(ApiTokenTable).find({ where: { personId }, order: { createdAt: "DESC" } })
	).filter((one) => one.revokedAt === null && (one.expiresAt === null || one.expiresAt > now));
	return {
		...{ name: person.name, trouble, outsider: principal.outsider, tokens },
		places: projects.flatMap(({ slug: project, environments }) =>
			environments.map(({ slug: environment }) => {
				const scope = { project, environment };
				const grants = grantsIn(bindings, principal, scope);
				return { ...scope, roles: rolesIn(bindings, principal, scope), grants };
			}),
		),
	};
}

/** When the workspace cannot be asked, what hangs on accounts and addresses alone is told all the same. */
async function principalOf(
	deps: Deps,
	personId: string,
	name: string,
): Promise<{ readonly principal: Principal; readonly trouble: string | null }> {
	const found = await identifyPerson(deps, personId, null, false);
	if (found.ok) {
		const { principal } = found.value;
		const { groups } = principal;
		return { principal, trouble: groups.known ? null : `Their groups could not be read: ${groups.why}` };
	}
	const accounts = await deps.db.getRepository(IdentityTable).findBy({ personId });
	const why = found.refusal.message.replace(/^Your /, "Their ");
	const principal: Principal = {
		person: { id: personId, name },
		identities: accounts.map(({ platform, externalId }) => ({ platform, externalId })),
		emails: accounts.flatMap(({ email }) => (email === null ? [] : [email])),
		outsider: false,
		groups: { known: false, why },
	};
	return { principal, trouble: why };
}
