import { refusal } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { type ApiTokenRow, IntegrationTable, PersonTable } from "../../store/entities.ts";
import { createToken, listTokens, revokeToken } from "../../store/tokens.ts";
import { actorOf } from "../../use-cases/identify.ts";
import { type Reply, refusalReply } from "../problem.ts";
import { adminOf } from "./admin-of.ts";
import { listOf, MadeTokenAnswer, TokenAnswer } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
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
			const { items, next } = pageOf(await listTokens(deps.db), query);
			return { status: 200, body: { items: await tokensJson(deps, items), next } };
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

async function create({ deps, token, body }: Call<unknown, (typeof NewToken)["_output"]>): Promise<Reply> {
	const admin = await adminOf(deps, token);
	if (!admin.ok) return refusalReply(admin.refusal);
	const { name, role, projects, environments, integration, email = null, expires } = body;
	const isScoped = projects !== undefined || environments !== undefined;
	const bound =
		integration === undefined ? null : await deps.db.getRepository(IntegrationTable).findOneBy({ slug: integration });
	if (integration !== undefined && bound === null)
		return refusalReply(refusal("unknown_integration", `There is no integration "${integration}".`));
	const { row, plain } = await createToken(deps, {
		...{ name, email, actor: actorOf(admin.value) },
		may:
			role === undefined
				? { runnerOf: bound?.id ?? null }
				: {
						role,
						...(isScoped ? { reach: { projects: projects ?? ["*"], environments: environments ?? ["*"] } } : {}),
					},
		expiresAt: expires === undefined ? null : new Date(deps.now().getTime() + expires),
	});
	const [shown] = await tokensJson(deps, [row]);
	return { status: 201, body: shown, secret: { token: plain } };
}

async function tokensJson({ db }: Deps, rows: readonly ApiTokenRow[]) {
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
