import { refusal } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { type ApiTokenRow, IntegrationTable, PersonTable } from "../../store/entities.ts";
import { listTokens, revokeToken } from "../../store/tokens.ts";
import { actorOf } from "../../use-cases/identify.ts";
import { problem, type Reply, refusalReply } from "../problem.ts";
import { adminOf } from "./admin-of.ts";
import { listOf, MadeTokenAnswer, TokenAnswer } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { makeToken } from "./make-token.ts";
import { pageOf } from "./page-of.ts";
import { NewToken, PageQuery } from "./schemas.ts";

export const tokenEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/tokens",
		summary: "What programs and runners are let in by, newest first",
		query: PageQuery,
		answers: { 200: listOf(TokenAnswer) },
		handle: async ({ deps, token, query }) => {
			const admin = await adminOf(deps, token);
			if (!admin.ok) return refusalReply(admin.refusal);
			const page = pageOf(await listTokens(deps.db), query, ({ id }) => id);
			if (!page.ok) return refusalReply(page.refusal);
			const { items, next } = page.value;
			return { status: 200, body: { items: await tokensJson(deps.db, items), next } };
		},
	}),
	endpoint({
		method: "POST",
		path: "/tokens",
		summary: "Make a token: of a role, or for the work of a runner; it is shown once",
		body: NewToken,
		answers: { 201: MadeTokenAnswer },
		handle: create,
	}),
	endpoint({
		method: "DELETE",
		path: "/tokens/:id",
		summary: "Revoke a token: it is refused from then on",
		answers: { 204: null },
		handle: async ({ deps, token, id }) => {
			const admin = await adminOf(deps, token);
			if (!admin.ok) return refusalReply(admin.refusal);
			return (await revokeToken(deps, id, actorOf(admin.value)))
				? { status: 204 }
				: refusalReply(refusal("unknown_token", "There is no token of this id."));
		},
	}),
];

/** With its answer in the same transaction: a try that is repeated after a crash is answered, and makes no second one. */
async function create({ deps, token, body, settle }: Call<unknown, (typeof NewToken)["_output"]>): Promise<Reply> {
	const admin = await adminOf(deps, token);
	if (!admin.ok) return refusalReply(admin.refusal);
	let reply: Reply = problem(409, "in_progress", "This token was made by an earlier try.");
	try {
		const made = await makeToken(deps, actorOf(admin.value), body, async (tx, { row, plain }) => {
			const [shown] = await tokensJson(tx, [row]);
			const answer: Reply = { status: 201, body: shown, secret: { token: plain } };
			if (!(await settle(tx, answer))) throw ANSWERED;
			reply = answer;
		});
		if (!made.ok) return refusalReply(made.refusal);
	} catch (error) {
		if (error !== ANSWERED) throw error;
	}
	return reply;
}

const ANSWERED = new Error("an earlier try has answered");

async function tokensJson(db: Pick<Deps["db"], "getRepository">, rows: readonly ApiTokenRow[]) {
	const people = new Map((await db.getRepository(PersonTable).find()).map((one) => [one.id, one.name]));
	const slugs = new Map((await db.getRepository(IntegrationTable).find()).map((one) => [one.id, one.slug]));
	return rows.map(({ id, name, kind, role, projects, environments, ...row }) => ({
		...{ id, name, kind, role, projects, environments },
		integration: row.integrationId === null ? null : (slugs.get(row.integrationId) ?? null),
		person: { id: row.personId, name: people.get(row.personId) ?? "" },
		createdAt: row.createdAt.toISOString(),
		expiresAt: row.expiresAt?.toISOString() ?? null,
		revokedAt: row.revokedAt?.toISOString() ?? null,
	}));
}
