import type { Run } from "../../core/run.ts";
import { linesFrom } from "../../store/run-log.ts";
import { runById, verdictOf } from "../../store/runs.ts";
import { retryRun } from "../../use-cases/answer-request.ts";
import { cancelRun } from "../../use-cases/cancel-run.ts";
import { placeById } from "../../use-cases/catalog.ts";
import { decideRun } from "../../use-cases/decide-run.ts";
import { requestRun } from "../../use-cases/request-run.ts";
import { runTitle } from "../../words/run-card.ts";
import { findRun } from "../api/find-run.ts";
import { missing } from "./board.tsx";
import { Log, logQuery } from "./log.tsx";
import { Line } from "./log-lines.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute, refusedAt } from "./page.tsx";
import { Live } from "./run-live.tsx";
import { VerdictTree } from "./verdict-tree.tsx";

/** Lines of a log at once. */
const OLDER = 1_000;

/** One run: all that happened to it, and what can be done with it, with the same rights as in chat. */
export const runPages: readonly PageRoute[] = [
	{ method: "GET", path: "/runs/:run", handle: show },
	{
		method: "GET",
		path: "/runs/:run/live",
		handle: onRun(async ({ deps, caller }, run) => ({ kind: "part", content: await Live(deps, caller, run) })),
	},
	{ method: "GET", path: "/runs/:run/log/lines", handle: onRun(olderLines) },
	{ method: "POST", path: "/runs/:run/approve", handle: onRun((call, run) => decide(call, run, "approved")) },
	{ method: "POST", path: "/runs/:run/reject", handle: onRun((call, run) => decide(call, run, "rejected")) },
	{
		method: "POST",
		path: "/runs/:run/cancel",
		handle: onRun(async (call, run) => {
			const outcome = await cancelRun(call.deps, call.caller, run, reasonIn(call));
			return outcome.ok ? doneAt(at(run), `#${run.number} is being cancelled.`) : refusedAt(at(run), outcome.refusal);
		}),
	},
	{ method: "POST", path: "/runs/:run/retry", handle: onRun(retry) },
	{ method: "POST", path: "/runs/:run/rollback", handle: onRun(rollBack) },
];

const at = ({ number }: Pick<Run, "number">) => `/runs/${number}`;

function onRun(handle: (call: PageCall, run: Run) => Promise<PageReply>) {
	return async (call: PageCall): Promise<PageReply> => {
		const name = call.params["run"] ?? "";
		const found = await findRun(call.deps, name);
		return found.ok ? handle(call, found.value) : missing(`#${name}`);
	};
}

function reasonIn({ form }: PageCall): string | null {
	const reason = (form["reason"] ?? "").replace(/\s+/g, " ").trim().slice(0, 1_000);
	return reason === "" ? null : reason;
}

async function decide(call: PageCall, run: Run, decision: "approved" | "rejected"): Promise<PageReply> {
	const { deps, caller } = call;
	const outcome = await decideRun(deps, caller, run, decision, reasonIn(call));
	if (!outcome.ok) return refusedAt(at(run), outcome.refusal);
	return doneAt(at(run), decision === "approved" ? "Your approval is recorded." : "It is rejected.");
}

/** A form that is sent twice is one request: its own name, made with the page, says which. */
function deliveryOf({ caller, form }: PageCall, what: string): string {
	return `web:${caller.person.id}:${what}:${(form["once"] ?? "").slice(0, 64)}`;
}

async function retry(call: PageCall, run: Run): Promise<PageReply> {
	const { deps, caller } = call;
	const findThis = async () => ({ ok: true as const, value: run });
	const context = { deps, caller, deliveryKey: deliveryOf(call, `retry:${run.id}`), findRun: findThis };
	const answer = await retryRun(context, run, reasonIn(call));
	const made = answer.runId === null ? null : await runById(deps.db, answer.runId);
	return made === null
		? { kind: "go", to: at(run), said: { kind: "bad", text: answer.card.text } }
		: doneAt(at(made), `It is asked for again, as #${made.number}.`);
}

async function rollBack(call: PageCall, run: Run): Promise<PageReply> {
	const { deps, caller } = call;
	const outcome = await requestRun(deps, {
		...{ caller, place: await placeById(deps.db.manager, run.environmentId), type: "rollback" },
		...{
			ref: null,
			toRun: run.number,
			parameters: {},
			force: null,
			note: reasonIn(call),
			retryOf: null,
			onlySha: null,
		},
		deliveryKey: deliveryOf(call, `rollback:${run.id}`),
	});
	if (!outcome.ok) return refusedAt(at(run), outcome.refusal);
	return doneAt(at(outcome.value), `The rollback to #${run.number} is #${outcome.value.number}.`);
}

/** Lines before those that a page has, for it to put there. */
async function olderLines({ deps, query }: PageCall, run: Run): Promise<PageReply> {
	const before = logQuery({ from: query["before"] ?? "" }).from ?? 0;
	const from = Math.max(0, before - OLDER);
	const lines = await linesFrom(deps.db, run.id, from, before - from);
	return {
		kind: "part",
		content: (
			<>
				{lines.map((line) => (
					<Line key={line.n} line={line} />
				))}
			</>
		),
	};
}

async function show(call: PageCall): Promise<PageReply> {
	return onRun(async ({ deps, caller, query }, run) => {
		const verdict = await verdictOf(deps.db, run.id);
		const content = (
			<>
				{await Live(deps, caller, run)}
				<div class="split">
					<div>
						<section class="card" aria-labelledby="log-title">
							<h2 id="log-title">Log</h2>
							{await Log(deps, run, logQuery(query))}
						</section>
					</div>
					<aside aria-label="Rules">{verdict === null ? null : <VerdictTree verdict={verdict} />}</aside>
				</div>
			</>
		);
		return { kind: "page", title: runTitle(run), section: "runs", content };
	})(call);
}
