import type { Outcome } from "../../core/refusal.ts";
import type { Run } from "../../core/run.ts";
import { listRuns, runById } from "../../store/runs.ts";
import { retryRun } from "../../use-cases/answer-request.ts";
import { cancelRun } from "../../use-cases/cancel-run.ts";
import { decideRun } from "../../use-cases/decide-run.ts";
import { identifyToken, reachOf } from "../../use-cases/identify.ts";
import { requestRun } from "../../use-cases/request-run.ts";
import { sightWithin } from "../../use-cases/sight.ts";
import { problem, type Reply, refusalReply, statusOf } from "../problem.ts";
import { listOf, RunAnswer } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { environmentsNamed, placeNamed } from "./find-place.ts";
import { findSeenRun } from "./find-run.ts";
import { oneRunJson, runsJson } from "./run-json.ts";
import { Decision, NewRun, RunsQuery } from "./schemas.ts";

type Decided = Call<unknown, string | null>;

export const runEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/runs",
		summary: "Runs, newest first",
		query: RunsQuery,
		answers: { 200: listOf(RunAnswer) },
		handle: async ({ deps, token, query }) => {
			const { project, state, cursor, limit } = query;
			const named = await environmentsNamed(deps, query, await sightWithin(deps.db, reachOf(token)));
			if (!named.ok) return refusalReply(named.refusal);
			// Of a whole project there is a shorter way than by each of its environments.
			const byEnvironment = query.environment !== undefined || reachOf(token) !== null;
			const found = await listRuns(deps.db, {
				...(project === undefined ? {} : { project }),
				...(byEnvironment && named.value !== null ? { environmentIds: named.value } : {}),
				...(state === undefined ? {} : { state }),
				...(cursor === undefined ? {} : { before: cursor }),
				limit: limit + 1,
			});
			const page = found.slice(0, limit);
			const next = found.length > limit ? String(page.at(-1)?.number) : null;
			return { status: 200, body: { items: await runsJson(deps, page), next } };
		},
	}),
	endpoint({
		method: "GET",
		path: "/runs/:id",
		summary: "One run, by its number or UUID",
		answers: { 200: RunAnswer },
		handle: async (call) => {
			const found = await findSeenRun(call);
			return found.ok ? { status: 200, body: await oneRunJson(call.deps, found.value) } : refusalReply(found.refusal);
		},
	}),
	endpoint({
		method: "POST",
		path: "/runs",
		summary: "Ask for a run",
		body: NewRun,
		answers: { 201: RunAnswer },
		handle: async (call) => {
			const { deps, body } = call;
			const place = await placeNamed(deps, body);
			if (!place.ok) return refusalReply(place.refusal);
			const outcome = await requestRun(deps, {
				caller: await identifyToken(deps, call.token),
				place: place.value,
				type: body.type,
				ref: body.ref ?? null,
				toRun: body.toRun ?? null,
				parameters: body.parameters,
				force: body.force ?? null,
				note: body.reason ?? null,
				retryOf: null,
				onlySha: null,
				deliveryKey: call.deliveryId,
			});
			return changed(call, outcome, 201);
		},
	}),
	decision("approve", "Approve a run that waits for it", async (call, run) =>
		changed(call, await decideRun(call.deps, await identifyToken(call.deps, call.token), run, "approved", call.body)),
	),
	decision("reject", "Reject a run that waits for approval", async (call, run) =>
		changed(call, await decideRun(call.deps, await identifyToken(call.deps, call.token), run, "rejected", call.body)),
	),
	decision("cancel", "Cancel a run that is not over", async (call, run) =>
		changed(call, await cancelRun(call.deps, await identifyToken(call.deps, call.token), run, call.body)),
	),
	decision("retry", "Ask once more for a run that is over", retry),
];

function decision(verb: string, summary: string, carryOut: (call: Decided, run: Run) => Promise<Reply>): Endpoint {
	return endpoint({
		method: "POST",
		path: `/runs/:id/${verb}`,
		summary,
		body: Decision,
		answers: verb === "retry" ? { 201: RunAnswer } : { 200: RunAnswer },
		handle: async (call) => {
			const found = await findSeenRun(call);
			return found.ok ? carryOut(call, found.value) : refusalReply(found.refusal);
		},
	});
}

async function retry({ deps, token, deliveryId, body }: Decided, old: Run): Promise<Reply> {
	const caller = await identifyToken(deps, token);
	const findThis = async (): Promise<Outcome<Run>> => ({ ok: true, value: old });
	const answer = await retryRun({ deps, caller, deliveryKey: deliveryId, findRun: findThis }, old, body);
	const run = answer.runId === null ? null : await runById(deps.db, answer.runId);
	if (run !== null) return made(await oneRunJson(deps, run));
	const code = answer.code ?? "refused";
	return problem(statusOf(code), code, answer.card.text.replaceAll("\n", " "));
}

async function changed({ deps }: Pick<Decided, "deps">, outcome: Outcome<Run>, status = 200): Promise<Reply> {
	if (!outcome.ok) return refusalReply(outcome.refusal);
	const json = await oneRunJson(deps, outcome.value);
	return status === 201 ? made(json) : { status, body: json };
}

function made(run: { readonly id: string }): Reply {
	return { status: 201, body: run, headers: { location: `/api/v1/runs/${run.id}` } };
}
