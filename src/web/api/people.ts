import { ROLES } from "../../core/access.ts";
import { refusal } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { type KnownPerson, linkIdentity, listPeople } from "../../store/people.ts";
import { unlinkIdentity } from "../../store/unlink-identity.ts";
import { actorOf, type Caller } from "../../use-cases/identify.ts";
import { readAccount } from "../../use-cases/read-account.ts";
import { signOutEverywhere } from "../../use-cases/web-sign-in.ts";
import { whoMay } from "../../use-cases/who-may.ts";
import { type Reply, refusalReply } from "../problem.ts";
import { adminOf } from "./admin-of.ts";
import {
	KnownPersonAnswer,
	LinkedAnswer,
	listOf,
	PersonRightsAnswer,
	SignedOutAnswer,
	UnlinkedAnswer,
} from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { pageOf } from "./page-of.ts";
import { AccountQuery, NewAccount, PeopleQuery } from "./schemas.ts";

export const peopleEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/people",
		summary: "Who has spoken here, and by which accounts",
		query: PeopleQuery,
		answers: { 200: listOf(KnownPersonAnswer) },
		handle: async ({ deps, token, query }) => {
			const admin = await adminOf(deps, token);
			if (!admin.ok) return refusalReply(admin.refusal);
			const page = pageOf(await peopleLike(deps, query.q ?? ""), query, ({ id }) => id);
			if (!page.ok) return refusalReply(page.refusal);
			const { items, next } = page.value;
			return { status: 200, body: { items: items.map(personJson), next } };
		},
	}),
	endpoint({
		method: "GET",
		path: "/people/:id",
		summary: "One person, and what they may where",
		answers: { 200: PersonRightsAnswer },
		handle: (call) =>
			ofPerson(call, async (person) => {
				const rights = await whoMay(call.deps, person.id);
				if (rights === null) return nobody();
				const { outsider, trouble, places } = rights;
				const told = places.map(({ project, environment, roles }) => ({
					...{ project, environment, roles: ROLES.filter((role) => roles.has(role)) },
				}));
				return { status: 200, body: { ...personJson(person), outsider, trouble, places: told } };
			}),
	}),
	endpoint({
		method: "POST",
		path: "/people/:id/accounts",
		summary: "Link an account to a person: whoever has two counts as one human, and whose it was loses it",
		body: NewAccount,
		answers: { 200: LinkedAnswer },
		handle: (call) =>
			ofPerson(call, async (person, admin) => {
				const read = await readAccount(call.deps.db, call.body.kind, call.body.account, null);
				if (!read.ok) return refusalReply(read.refusal);
				const { before } = await linkIdentity(call.deps, person, read.value, actorOf(admin));
				const { platform, tenant, externalId, email } = read.value;
				const body = {
					person: { id: person.id, name: person.name },
					account: { platform, tenant, externalId, email },
					movedFrom: before,
				};
				return { status: 200, body };
			}),
	}),
	endpoint({
		method: "DELETE",
		path: "/people/:id/accounts/:platform/:account",
		summary:
			"Take an account from a person: it is a person of its own then, and what it was part of before still counts",
		query: AccountQuery,
		answers: { 200: UnlinkedAnswer },
		handle: unlink,
	}),
	endpoint({
		method: "POST",
		path: "/people/:id/sign-out",
		summary: "End every session of a person on the page, and what links they have",
		answers: { 200: SignedOutAnswer },
		handle: (call) =>
			ofPerson(call, async (person, admin) => {
				return { status: 200, body: { sessions: await signOutEverywhere(call.deps, person, actorOf(admin)) } };
			}),
	}),
];

async function unlink(call: Call<(typeof AccountQuery)["_output"], unknown>): Promise<Reply> {
	const [, id = "", platform, externalId = ""] = /^([^/]*)\/([^/]*)\/(.*)$/s.exec(call.id) ?? [];
	return ofPerson({ ...call, id }, async (person, admin) => {
		const { tenant } = call.query;
		const [account, second] = person.identities.filter(
			(one) =>
				one.platform === platform && one.externalId === externalId && (tenant === undefined || one.tenant === tenant),
		);
		if (account === undefined)
			return refusalReply(
				refusal("unknown_account", `${person.name} has no such account: GET /people/${id} shows them.`),
			);
		if (second !== undefined)
			return refusalReply(
				refusal("malformed_account", `${person.name} has two accounts of this name.`, "Say which: ?tenant=…"),
			);
		const outcome = await unlinkIdentity(call.deps, person, account, actorOf(admin));
		if (!outcome.ok) return refusalReply(outcome.refusal);
		const { movedTo, sessions, shared } = outcome.value;
		const body = { person: { id: person.id, name: person.name }, movedTo, sessions, sharedAddress: shared };
		return { status: 200, body };
	});
}

async function ofPerson(
	{ deps, token, id }: Pick<Call<unknown, unknown>, "deps" | "token" | "id">,
	carryOut: (person: KnownPerson, admin: Caller) => Promise<Reply>,
): Promise<Reply> {
	const admin = await adminOf(deps, token);
	if (!admin.ok) return refusalReply(admin.refusal);
	const person = (await listPeople(deps.db)).find((one) => one.id === id);
	return person === undefined ? nobody() : carryOut(person, admin.value);
}

function nobody(): Reply {
	return refusalReply(refusal("unknown_person", "Nobody here has this id."));
}

async function peopleLike({ db }: Deps, text: string): Promise<KnownPerson[]> {
	const q = text.trim().toLowerCase();
	const fits = (one: string | null) => one?.toLowerCase().includes(q) ?? false;
	return (await listPeople(db)).filter(
		({ name, identities }) => fits(name) || identities.some(({ externalId, email }) => fits(externalId) || fits(email)),
	);
}

function personJson({ id, name, identities }: KnownPerson) {
	const accounts = identities.map(({ platform, tenant, externalId, email }) => ({
		platform,
		tenant,
		externalId,
		email,
	}));
	return { id, name, accounts };
}
