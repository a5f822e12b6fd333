import type { Known } from "../../core/command.ts";
import { freezesAt, type HandFreeze, scopeText } from "../../core/freeze.ts";
import { placesIn, readScope, scopeNamed } from "../../core/freeze-scope.ts";
import type { Until } from "../../core/freeze-until.ts";
import type { Deps } from "../../deps.ts";
import type { ApiTokenRow } from "../../store/entities.ts";
import { freezesOn } from "../../store/freezes.ts";
import { knownNames, knownWithin } from "../../use-cases/catalog.ts";
import { freezeReleases, liftFreeze } from "../../use-cases/freeze-releases.ts";
import { identifyToken, reachOf } from "../../use-cases/identify.ts";
import { problem, refusalReply } from "../problem.ts";
import { FreezeAnswer, listOf } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { pageOf } from "./page-of.ts";
import { FreezesQuery, NewFreeze, UnfreezeQuery, UnfreezeSaid } from "./schemas.ts";

export const freezeEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/freezes",
		summary: "What is frozen by hand; freezes by rule stand in the policies",
		query: FreezesQuery,
		answers: { 200: listOf(FreezeAnswer) },
		handle: async ({ deps, token, query }) => {
			const { project, environment } = query;
			const now = deps.now();
			const known = await knownTo(deps, token);
			const places = placesIn({ projects: "*", environments: "*" }, known)
				.filter((place) => project === undefined || place.project === project)
				.filter((place) => environment === undefined || place.environment === environment);
			const all = await freezesOn(deps.db, now);
			const isWhole = reachOf(token) === null && project === undefined && environment === undefined;
			const shown = all
				.filter((freeze) => isWhole || places.some((place) => freezesAt([freeze], place, now).length > 0))
				.map((freeze) => freezeJson(freeze, known));
			const page = pageOf(shown, query, ({ scope }) => scope);
			return page.ok ? { status: 200, body: page.value } : refusalReply(page.refusal);
		},
	}),
	endpoint({
		method: "POST",
		path: "/freezes",
		summary: "Stop releases to all that a scope takes, or change a freeze: a time that is not said stays",
		body: NewFreeze,
		answers: { 201: FreezeAnswer },
		handle: async ({ deps, token, body }) => {
			const known = await knownTo(deps, token);
			const reading = readScope(body.scope, known);
			if (!reading.ok) return problem(reading.code === "bad_scope" ? 422 : 404, reading.code, reading.message);
			const outcome = await freezeReleases(deps, await identifyToken(deps, token), {
				...{ scope: reading.scope, until: untilSaid(body), reason: body.reason },
			});
			return outcome.ok
				? { status: 201, body: freezeJson(outcome.value.freeze, known) }
				: refusalReply(outcome.refusal);
		},
	}),
	endpoint({
		method: "DELETE",
		path: "/freezes",
		summary: "Lift a freeze, by the scope that it was set with",
		query: UnfreezeQuery,
		body: UnfreezeSaid,
		answers: { 204: null },
		handle: async ({ deps, token, query, body }) => {
			const said = query.scope ?? body?.scope;
			if (said === undefined) return problem(422, "invalid_query", "Name the scope: ?scope=…, or the same as JSON.");
			const reading = readScope(said, await knownTo(deps, token));
			const scope = reading.ok ? reading.scope : scopeNamed(said);
			if (scope === null) return problem(422, "bad_scope", NO_SCOPE);
			const outcome = await liftFreeze(deps, await identifyToken(deps, token), scope);
			return outcome.ok ? { status: 204 } : refusalReply(outcome.refusal);
		},
	}),
];

/** What is configured, as far as a token sees. */
async function knownTo({ db }: Deps, token: ApiTokenRow): Promise<Known> {
	const [all, reach] = [await knownNames(db.manager), reachOf(token)];
	return reach === null ? all : knownWithin(reach, all);
}

const NO_SCOPE = "The scope has to be project/environment, where * stands for any, or * alone.";

function untilSaid(body: { readonly for?: number | undefined; readonly until?: Date | undefined }): Until | null {
	if (body.for !== undefined) return { kind: "for", ms: body.for };
	return body.until === undefined ? null : { kind: "at", at: body.until };
}

function freezeJson(freeze: HandFreeze, known: Known) {
	return {
		scope: scopeText(freeze),
		person: freeze.person,
		reason: freeze.reason,
		until: freeze.until?.toISOString() ?? null,
		createdAt: freeze.createdAt.toISOString(),
		environments: placesIn(freeze, known),
	};
}
