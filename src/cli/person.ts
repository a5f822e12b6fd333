import type { Store } from "../open-store.ts";
import { CallIsOff, Sentence } from "../sentence.ts";
import { type IdentityRow, IdentityTable, IntegrationTable } from "../store/entities.ts";
import { type KnownPerson, linkIdentity, listPeople, peopleCalled } from "../store/people.ts";
import { terminalActor } from "./apply.ts";
import { type Cli, type ExitCode, printJson, withStore } from "./cli.ts";

export interface LinkOptions {
	readonly email?: string;
	/** `<integration>:<account>` */
	readonly login?: string;
	/** `<user id>`, or `<team id>:<user id>` of somebody who has not spoken yet. */
	readonly slack?: string;
	/** Entra object id, or `<tenant id>:<object id>`. */
	readonly teams?: string;
	readonly json: boolean;
}

/** `draven person list` */
export async function listPeopleCommand(cli: Cli, options: { readonly json: boolean }): Promise<ExitCode> {
	return withStore<ExitCode>(cli, async ({ db }) => {
		const people = await listPeople(db);
		if (options.json) printJson(cli, { items: people.map(shown), next: null });
		else if (people.length === 0) cli.print("Nobody has spoken here yet.\n");
		else
			for (const person of people)
				cli.print(`${person.id}  ${person.name}  ${person.identities.map(said).join(", ")}\n`);
		return 0;
	});
}

function shown({ id, name, identities }: KnownPerson) {
	return {
		...{ id, name },
		identities: identities.map(({ platform, tenant, externalId, email }) => ({ platform, tenant, externalId, email })),
	};
}

function said({ platform, externalId, email }: IdentityRow): string {
	return email === null || email === externalId ? `${platform} ${externalId}` : `${platform} ${externalId} (${email})`;
}

/** `draven person link <person>`: what their commits, or another account of theirs, are known by. */
export async function linkPersonCommand(cli: Cli, called: string, options: LinkOptions): Promise<ExitCode> {
	const { json, ...belongings } = options;
	if (Object.values(belongings).filter((value) => value !== undefined).length !== 1)
		throw new CallIsOff("Say what belongs to them: one of --email, --login, --slack and --teams.");
	return withStore<ExitCode>(cli, async (store) => {
		const person = await onePerson(store, called);
		const identity = await identityOf(cli, store, options);
		const { before } = await linkIdentity({ ...store, now: cli.now }, person, identity, terminalActor());
		if (json) {
			const { platform, tenant, externalId, email } = identity;
			const movedFrom = before === null ? null : { id: before.id, name: before.name };
			printJson(cli, {
				person: { id: person.id, name: person.name },
				identity: { platform, tenant, externalId, email },
				movedFrom,
			});
			return 0;
		}
		const was = before === null ? "" : ` It was ${before.name}'s until now.`;
		cli.print(`${said({ ...identity, personId: person.id })} belongs to ${person.name}.${was}\n`);
		return 0;
	});
}

async function onePerson(store: Store, called: string): Promise<KnownPerson> {
	const [person, second] = peopleCalled(await listPeople(store.db), called);
	if (person === undefined)
		throw new Sentence(`Nobody here is called "${called}"; \`draven person list\` shows who has spoken here.`);
	if (second !== undefined)
		throw new Sentence(
			`More than one person is called "${called}": name them by the id that \`draven person list\` shows.`,
		);
	return person;
}

async function identityOf(
	cli: Cli,
	store: Store,
	{ email, login, slack, teams }: LinkOptions,
): Promise<Omit<IdentityRow, "personId">> {
	if (email !== undefined) {
		const address = email.toLowerCase();
		return { platform: "email", tenant: "", externalId: address, email: address };
	}
	if (login !== undefined) return loginOf(store, login);
	if (teams !== undefined) return teamsOf(store, teams, cli.env["MicrosoftAppTenantId"]?.trim());
	return slackOf(store, slack ?? "");
}

async function loginOf(store: Store, login: string): Promise<Omit<IdentityRow, "personId">> {
	const [, slug, account] = /^([^:]+):(.+)$/.exec(login) ?? [];
	if (slug === undefined || account === undefined)
		throw new CallIsOff("--login is <integration>:<account>, for example acme-github:ada.");
	const integration = await store.db.getRepository(IntegrationTable).findOneBy({ slug });
	if (integration === null)
		throw new Sentence(`There is no integration "${slug}"; \`draven export\` shows which there are.`);
	return { platform: integration.provider, tenant: integration.id, externalId: account.toLowerCase(), email: null };
}

async function slackOf(store: Store, slack: string): Promise<Omit<IdentityRow, "personId">> {
	const [, team, user] = /^(?:([TE][A-Z0-9]+):)?([UW][A-Z0-9_]+)$/.exec(slack) ?? [];
	if (user === undefined) throw new CallIsOff("--slack is a member id like U0ADA, or T0TEAM:U0ADA.");
	if (team !== undefined) return { platform: "slack", tenant: team, externalId: user, email: null };
	const [known, second] = await store.db.getRepository(IdentityTable).findBy({ platform: "slack", externalId: user });
	if (known === undefined || second !== undefined)
		throw new Sentence(`${user} has not spoken here yet: name the workspace too, as in --slack T0TEAM:${user}.`);
	const { tenant, email } = known;
	return { platform: "slack", tenant, externalId: user, email };
}

async function teamsOf(
	store: Store,
	teams: string,
	ownTenant: string | undefined,
): Promise<Omit<IdentityRow, "personId">> {
	const [, named, user] = /^(?:([\w.-]+):)?([\w-]+)$/.exec(teams) ?? [];
	if (user === undefined) throw new CallIsOff("--teams is an Entra object id, or <tenant id>:<object id>.");
	const [known, second] = await store.db
		.getRepository(IdentityTable)
		.findBy({ platform: "teams", externalId: user, ...(named === undefined ? {} : { tenant: named }) });
	if (known !== undefined && second === undefined)
		return { platform: "teams", tenant: known.tenant, externalId: user, email: known.email };
	const tenant = named ?? ownTenant;
	if (tenant === undefined || tenant === "")
		throw new Sentence(`${user} has not spoken here yet: name the tenant too, as in --teams <tenant id>:${user}.`);
	return { platform: "teams", tenant, externalId: user, email: null };
}
