import type { DataSource } from "typeorm";
import { z } from "zod";
import { directoryId } from "../core/directory-id.ts";
import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import { type IdentityRow, IdentityTable, IntegrationTable } from "../store/entities.ts";

export type AccountKind = "email" | "login" | "slack" | "teams";
export type Account = Omit<IdentityRow, "personId">;

/**
 * What an admin writes down of an account: an address, `<integration>:<account>`, a Slack member id, an Entra object id (the last two
 * with their workspace or tenant before a colon when nobody has heard of them yet). `ownTenant`: of this installation's Teams.
 */
export async function readAccount(
	db: Pick<DataSource, "getRepository">,
	kind: AccountKind,
	written: string,
	ownTenant: string | null,
): Promise<Outcome<Account>> {
	switch (kind) {
		case "email": {
			const address = written.toLowerCase();
			return z.email().max(320).safeParse(address).success
				? done({ platform: "email", tenant: "", externalId: address, email: address })
				: malformed(`"${written}" is no e-mail address.`);
		}
		case "login":
			return readLogin(db, written);
		case "slack":
			return readSlack(db, written);
		case "teams":
			return readTeams(db, written, ownTenant);
		default:
			return kind satisfies never;
	}
}

const malformed = (message: string) => refused(refusal("malformed_account", message));

async function readLogin(db: Pick<DataSource, "getRepository">, written: string): Promise<Outcome<Account>> {
	const [, slug, account] = /^([^:]+):(.+)$/.exec(written) ?? [];
	if (slug === undefined || account === undefined)
		return malformed("A login is <integration>:<account>, for example acme-github:ada.");
	const integration = await db.getRepository(IntegrationTable).findOneBy({ slug });
	if (integration === null)
		return refused(
			refusal("unknown_integration", `There is no integration "${slug}"; \`draven export\` shows which there are.`),
		);
	const externalId = account.toLowerCase();
	return done({ platform: integration.provider, tenant: integration.id, externalId, email: null });
}

async function readSlack(db: Pick<DataSource, "getRepository">, written: string): Promise<Outcome<Account>> {
	const [, team, user] = /^(?:([TE][A-Z0-9]+):)?([UW][A-Z0-9_]+)$/.exec(written) ?? [];
	if (user === undefined) return malformed("A Slack account is a member id like U0ADA, or T0TEAM:U0ADA.");
	if (team !== undefined) return done({ platform: "slack", tenant: team, externalId: user, email: null });
	const [known, second] = await db.getRepository(IdentityTable).findBy({ platform: "slack", externalId: user });
	if (known === undefined || second !== undefined)
		return refused(
			refusal("unknown_account", `${user} has not spoken here yet: name the workspace too, as in T0TEAM:${user}.`),
		);
	return done({ platform: "slack", tenant: known.tenant, externalId: user, email: known.email });
}

async function readTeams(
	db: Pick<DataSource, "getRepository">,
	written: string,
	ownTenant: string | null,
): Promise<Outcome<Account>> {
	const [, named, user] = /^(?:([\w.-]+):)?([\w-]+)$/.exec(written)?.map((id) => id && directoryId(id)) ?? [];
	if (user === undefined) return malformed("A Teams account is an Entra object id, or <tenant id>:<object id>.");
	const [known, second] = await db
		.getRepository(IdentityTable)
		.findBy({ platform: "teams", externalId: user, ...(named === undefined ? {} : { tenant: named }) });
	if (known !== undefined && second === undefined)
		return done({ platform: "teams", tenant: known.tenant, externalId: user, email: known.email });
	const tenant = named ?? (ownTenant === null ? null : directoryId(ownTenant));
	if (tenant === null)
		return refused(
			refusal("unknown_account", `${user} has not spoken here yet: name the tenant too, as in <tenant id>:${user}.`),
		);
	return done({ platform: "teams", tenant, externalId: user, email: null });
}
