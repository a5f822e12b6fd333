import { Readable } from "node:stream";
import { may } from "../../core/access.ts";
import { isActive, isEnd, type Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import type { IntegrationRow } from "../../store/entities.ts";
import { linesFrom } from "../../store/run-log.ts";
import { addLog, holdLog, MOST_LOG_LINES } from "../../use-cases/add-log.ts";
import { placeById } from "../../use-cases/catalog.ts";
import { identifyToken } from "../../use-cases/identify.ts";
import { problem, type Reply, refusalReply } from "../problem.ts";
import { AddedLinesAnswer, LogLineAnswer, listOf } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { findSeenRun, isUuid } from "./find-run.ts";
import { followLog } from "./follow-log.ts";
import { LogQuery, NewLines } from "./schemas.ts";
import { makeSeats } from "./seats.ts";

/** Milliseconds after a run's end in which its pipeline may still add lines. */
const ADDED_WITHIN = 15 * 60_000;
const MOST_FOLLOWERS = 200;
const MOST_OF_ONE_TOKEN = 10;
/** Each looks into the database twice a second. */
const followers = makeSeats(MOST_FOLLOWERS, MOST_OF_ONE_TOKEN);

function tooMany(): Reply {
	return problem(
		429,
		"too_many_followers",
		`Too many logs are followed at the same time (${MOST_OF_ONE_TOKEN} by one token, ${MOST_FOLLOWERS} in all): end one, or read it by pages.`,
		{ "retry-after": "10" },
	);
}

export const logEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/runs/:id/log",
		summary: "The log of a run: JSON by pages, all of it as text/plain, or live as text/event-stream",
		query: LogQuery,
		answers: { 200: listOf(LogLineAnswer) },
		text: "gives",
		streams: true,
		handle: async (call) => {
			const { deps, token, query, accept, gone } = call;
			const found = await findSeenRun(call);
			if (!found.ok) return refusalReply(found.refusal);
			if (accept.includes("text/event-stream")) {
				if (!followers.take(token.id, gone)) return tooMany();
				return {
					status: 200,
					body: Readable.from(followLog(deps, found.value.id, query.cursor, gone)),
					headers: { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" },
				};
			}
			// Many clients say by default that they take both.
			if (accept.includes("text/plain") && !accept.includes("application/json"))
				return {
					status: 200,
					body: Readable.from(wholeLog(deps, found.value.id, query.cursor)),
					headers: { "content-type": "text/plain; charset=utf-8" },
				};
			const lines = await linesFrom(deps.db, found.value.id, query.cursor, query.limit + 1);
			const items = lines.slice(0, query.limit).map(({ n, at, line }) => ({ n, at: at.toISOString(), line }));
			const next = lines.length > query.limit ? String(lines.at(-1)?.n) : null;
			return { status: 200, body: { items, next } };
		},
	}),
	endpoint({
		method: "POST",
		path: "/runs/:id/log",
		summary: "Add lines to the log of a run; secrets in them are masked",
		token: "either",
		body: NewLines,
		answers: { 200: AddedLinesAnswer },
		text: "takes",
		handle: async (call) => {
			const found = await findSeenRun(call);
			if (!found.ok) return refusalReply(found.refusal);
			return (await mayNotAdd(call, found.value)) ?? (await cannotMask(call, found.value)) ?? add(call, found.value);
		},
	}),
];

type Adding = Call<unknown, { readonly lines: readonly string[] }>;

async function mayNotAdd({ deps, token, id }: Adding, run: Run): Promise<Reply | null> {
	const { integration } = await placeById(deps.db.manager, run.environmentId);
	if (token.kind === "runner") {
		if (integration.id !== token.integrationId) return notItsOwn(run);
		return notAtWork(id, run, deps.now()) ?? runnersOwn(run, integration);
	}
	const caller = await identifyToken(deps, token);
	const right = may("deploy", caller.bindings, caller.principal, run);
	if (!right.ok)
		return problem(403, right.code, `Adding to the log of #${run.number} takes the role ${right.missing}.`);
	return runnersOwn(run, integration);
}

/** What a pipeline holds to push its lines is good for the runs of its integration alone. */
function notItsOwn(run: Run): Reply {
	return problem(
		403,
		"wrong_integration",
		`This token is not bound to the integration of #${run.number}: make one by draven token create --runner --integration.`,
	);
}

/** Whoever finds such a token knows no JOB_ID: a pipeline adds to the run that it works for, while it does. */
function notAtWork(id: string, run: Run, now: Date): Reply | null {
	if (!isUuid(id))
		return problem(
			403,
			"job_id_needed",
			`With this token a run is named by its JOB_ID, which its pipeline has, and not by its number.`,
		);
	const { progress } = run;
	if (isActive(progress.state)) return null;
	if ("finishedAt" in progress && progress.startedAt !== null && +now - +progress.finishedAt <= ADDED_WITHIN)
		return null;
	return problem(
		409,
		"not_at_work",
		`Nothing is added: #${run.number} is ${progress.state.replace("_", " ")}, and with this token lines are added from its start until 15 minutes after its end.`,
	);
}

/** A runner numbers its lines itself: lines of others in between would push its own out. */
function runnersOwn(run: Run, integration: IntegrationRow): Reply | null {
	if (integration.provider !== "runner" || isEnd(run.progress.state)) return null;
	return problem(409, "runner_writes_log", `The runner writes the log of #${run.number} itself until it is over.`);
}

/** What cannot be masked is not kept. */
async function cannotMask({ deps }: Adding, run: Run): Promise<Reply | null> {
	const { integration } = await placeById(deps.db.manager, run.environmentId);
	if (deps.secretsOf(integration) !== null) return null;
	return problem(
		503,
		"secrets_closed",
		`Nothing was added: the secrets of ${integration.slug} cannot be opened, so they could not be masked in it. An admin has to look at DRAVEN_SECRET_KEY (draven doctor says more).`,
	);
}

/** One after the other, so that no two posts take the same numbers; with the answer in the same transaction, so that none is added twice. */
function add({ deps, body, settle }: Adding, run: Run): Promise<Reply> {
	return deps.db.transaction(async (tx) => {
		const from = await holdLog(tx, run.id);
		if (from + body.lines.length > MOST_LOG_LINES)
			return problem(
				413,
				"log_full",
				`The log of #${run.number} has ${from} lines, and keeps ${MOST_LOG_LINES} at most.`,
			);
		const reply: Reply = { status: 200, body: { from, next: from + body.lines.length } };
		if (!(await settle(tx, reply))) return problem(409, "in_progress", "These lines were added by an earlier try.");
		const { integration } = await placeById(tx, run.environmentId);
		await addLog(deps, tx, { id: run.id, integration }, from, body.lines);
		return reply;
	});
}

async function* wholeLog(deps: Deps, runId: string, from: number): AsyncGenerator<string> {
	const page = 1_000;
	for (let n = from; ; n += page) {
		const lines = await linesFrom(deps.db, runId, n, page);
		if (lines.length > 0) yield `${lines.map(({ line }) => line).join("\n")}\n`;
		if (lines.length < page) return;
	}
}
