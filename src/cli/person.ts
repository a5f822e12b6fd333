import type { Store } from "../open-store.ts";
import { CallIsOff, Sentence } from "../sentence.ts";
import type { IdentityRow } from "../store/entities.ts";
import { type KnownPerson, linkIdentity, listPeople, peopleCalled } from "../store/people.ts";
import { unlinkIdentity } from "../store/unlink-identity.ts";
import { readAccount } from "../use-cases/read-account.ts";
import { unlinkedWords } from "../words/unlinked-words.ts";
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
	const { json } = options;
	expectOne(options, "Say what belongs to them");
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

function expectOne({ json: _, ...belongings }: LinkOptions, what: string): void {
	if (Object.values(belongings).filter((value) => value !== undefined).length !== 1)
		throw new CallIsOff(`${what}: one of --email, --login, --slack and --teams.`);
}

/** `draven person unlink <person>`: an account that is not theirs. */
export async function unlinkPersonCommand(cli: Cli, called: string, options: LinkOptions): Promise<ExitCode> {
	expectOne(options, "Say what is not theirs");
	return withStore<ExitCode>(cli, async (store) => {
		const person = await onePerson(store, called);
		const identity = await identityOf(cli, store, options);
		const outcome = await unlinkIdentity({ ...store, now: cli.now }, person, identity, terminalActor());
		if (!outcome.ok) {
			const { message, next } = outcome.refusal;
			throw new Sentence(next === null ? message : `${message} ${next}`);
		}
		const { movedTo, sessions, shared } = outcome.value;
		if (options.json) {
			const { id, name } = person;
			printJson(cli, { person: { id, name }, movedTo, sessions, sharedAddress: shared });
		} else cli.print(`${unlinkedWords(said({ ...identity, personId: person.id }), person.name, outcome.value)}\n`);
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

async function identityOf(cli: Cli, store: Store, options: LinkOptions): Promise<Omit<IdentityRow, "personId">> {
	const { email, login, slack, teams } = options;
	const [kind, value] = (
		[
			["email", email],
			["login", login],
			["slack", slack],
			["teams", teams],
		] as const
	).find((one) => one[1] !== undefined) ?? ["email", ""];
	const outcome = await readAccount(store.db, kind, value ?? "", cli.env["MicrosoftAppTenantId"]?.trim() || null);
	if (outcome.ok) return outcome.value;
	const { code, message } = outcome.refusal;
	throw code === "malformed_account" ? new CallIsOff(`--${kind}: ${message}`) : new Sentence(message);
}
