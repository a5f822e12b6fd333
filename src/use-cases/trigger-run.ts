import type { EntityManager } from "typeorm";
import { SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { externalOf, isEnd, type Run, startedAtOf } from "../core/run.ts";
import type { RunEvent } from "../core/step.ts";
import type { Deps } from "../deps.ts";
import type { PipelinePort, PipelineReport, PipelineVariables } from "../ports/pipeline.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { freezesBeforeStart } from "../store/freezes.ts";
import { ANSWER_LOST, notedOf } from "../store/noted.ts";
import { runById } from "../store/runs.ts";
import { plainTime } from "../words/rich.ts";
import { advanceRun, entryOf } from "./advance-run.ts";
import { type Place, placeById, policyOf } from "./catalog.ts";
import { findPipeline } from "./find-pipeline.ts";
import { fingerprintOf } from "./fingerprint-of.ts";
import { frozenNow } from "./frozen-now.ts";
import { recordReport } from "./record-report.ts";

/** Milliseconds between two looks for a run whose trigger's answer was lost: soon at first, and then a tenth of the time that has passed. */
const LOOK_AGAIN = { least: 3_000, most: 30_000 };

/**
 * Starts the pipeline of a run, once. That it is about to be called is committed before it is called: whoever finds that mark
 * without an answer looks for the run by its JOB_ID and never calls again, because a pipeline that started twice is worse than one
 * that has to be retried by hand. What is not found by the start deadline is failed there.
 */
export async function triggerRun(deps: Deps, runId: string): Promise<{ again: Date } | "done"> {
	const run = await runById(deps.db, runId);
	if (run === null || externalOf(run) !== null) return "done";
	const at = run.progress;
	if (at.state === "cancelling" && !at.triggerAttempted) {
		await advanceRun(deps, run, async () => ({
			events: [{ type: "never_called", reason: at.stop.reason }],
			actor: SYSTEM_ACTOR,
		}));
		return "done";
	}
	if (at.state !== "dispatching" && at.state !== "cancelling") return "done";
	const place = await placeById(deps.db.manager, run.environmentId);
	const port = deps.pipelineOf(place.integration);
	if (at.triggerAttempted && (at.state === "cancelling" || !port.triggerIsIdempotent))
		return look(deps, place, port, run);
	// Where it may be offered once more: nothing but what was approved, and not after its time.
	if (at.triggerAttempted && at.deadline <= deps.now()) return look(deps, place, port, run);
	if (at.triggerAttempted && !(await isWhatWasApproved(deps.db.manager, place, run)))
		return look(deps, place, port, run, CHANGED);
	// Nothing is read between the mark and the call: a crash there costs the run.
	const timeoutSeconds = await runTimeoutSeconds(deps, place);
	if (!at.triggerAttempted) {
		const marked = await advanceRun(deps, run, async (fresh, tx) => ({
			events: [await lastLook(deps, tx, place, fresh)],
			actor: SYSTEM_ACTOR,
		}));
		// Cancelled in between: look again at what it is now.
		if (marked === null) return { again: deps.now() };
		if (marked.progress.state === "failed") return "done";
		// A process that slept through the deadline must not start what was given up by now: the lock may be another run's.
		if (at.deadline <= deps.now()) {
			await advanceRun(deps, run, async () => ({ events: [{ type: "trigger_not_sent" }], actor: SYSTEM_ACTOR }));
			return lookLater(deps, run);
		}
	}
	return call(deps, place, port, run, timeoutSeconds);
}

const CHANGED: RunEvent = {
	type: "start_failed",
	reason:
		"The policy or the pipeline of this environment changed since it was approved. Nothing was started; ask for it anew.",
};

/** A provider that is down can keep it from starting for minutes: who froze the environment meanwhile meant this run too. */
async function lastLook(deps: Deps, tx: EntityManager, place: Place, run: Run): Promise<RunEvent> {
	if (!(await isWhatWasApproved(tx, place, run))) return CHANGED;
	const now = deps.now();
	const byHand = await freezesBeforeStart(tx, { project: run.project, environment: run.environment }, now);
	const frozen = byHand.length === 0 ? null : await frozenNow(tx, place, run, byHand, now);
	return frozen === null
		? { type: "trigger_attempted" }
		: { type: "start_failed", reason: `${frozen.reason} Nothing was started; ask for it anew afterwards.` };
}

/** What is about to be called, and what is configured at this moment, is what the run's approvals hold for. */
async function isWhatWasApproved(tx: Pick<EntityManager, "getRepository">, place: Place, run: Run): Promise<boolean> {
	const placeNow = await placeById(tx, run.environmentId);
	const policy = await policyOf(tx, placeNow.environment.policy);
	return policy.ok && [place, placeNow].every((one) => fingerprintOf(one, run, policy.version) === run.fingerprint);
}

async function call(
	deps: Deps,
	place: Place,
	port: PipelinePort,
	run: Run,
	timeoutSeconds: number,
): Promise<{ again: Date } | "done"> {
	try {
		const report = await port.trigger({
			project: place.pipeline,
			ref: run.ref,
			variables: variablesOf(run),
			timeoutSeconds,
			labels: place.environment.labels,
		});
		return report === null ? lookLater(deps, run) : recorded(deps, place, run, report, "answer");
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		if (error.mayHaveHappened) {
			deps.log.warn({ run: run.number, err: error }, "the answer to the trigger was lost: looking for the run");
			if (!port.triggerIsIdempotent) await noteLostAnswer(deps, run, error.message);
			return lookLater(deps, run);
		}
		const passing = error.passing;
		await advanceRun(deps, run, async () => ({
			events: [
				passing
					? { type: "trigger_not_sent" }
					: { type: "start_failed", reason: `The pipeline was not started: ${error.message}` },
			],
			actor: SYSTEM_ACTOR,
			data: { error: error.message },
		}));
		return passing ? { again: new Date(deps.now().getTime() + (error.retryAfter ?? 5) * 1_000) } : "done";
	}
}

/** People see nothing but "Starting" otherwise, for as long as it is looked for. */
async function noteLostAnswer(deps: Deps, run: Run, why: string): Promise<void> {
	await advanceRun(deps, run, async (fresh) => {
		const at = fresh.progress;
		if ((at.state !== "dispatching" && at.state !== "cancelling") || at.external !== null) return null;
		const note = `${why} Whether the pipeline was started is not known: it is looked for by its JOB_ID (${run.id}) until ${plainTime(at.deadline)}, and never sent twice.`;
		return { audit: [entryOf(fresh, "run.noted", SYSTEM_ACTOR, deps.now(), { said: ANSWER_LOST, note })] };
	});
}

async function noteSeveral(deps: Deps, run: Run, note: string): Promise<void> {
	await advanceRun(deps, run, async (fresh, tx) =>
		isEnd(fresh.progress.state) || (await notedOf(tx, fresh.id, "several")) !== null
			? null
			: { audit: [entryOf(fresh, "run.noted", SYSTEM_ACTOR, deps.now(), { said: "several", note })] },
	);
}

/** `otherwise`: what follows where our own queue never got it. */
async function look(
	deps: Deps,
	place: Place,
	port: PipelinePort,
	run: Run,
	otherwise: RunEvent | null = null,
): Promise<{ again: Date } | "done"> {
	let report: PipelineReport | null;
	try {
		report = await findPipeline(deps, place, port, run);
	} catch (error) {
		// There are several. That may change yet: it is looked for until its deadline.
		if (!(error instanceof VendorError) || error.kind !== "rejected") throw error;
		await noteSeveral(deps, run, error.message);
		return lookLater(deps, run);
	}
	if (report !== null) return recorded(deps, place, run, report);
	const at = run.progress;
	const next: RunEvent | null =
		at.state === "cancelling" ? { type: "never_called", reason: at.stop.reason } : otherwise;
	// Our own queue knows surely that it never got it: nothing has to be stopped.
	if (port.triggerIsIdempotent && next !== null) {
		const events: RunEvent[] = [{ type: "trigger_not_sent" }, next];
		await advanceRun(deps, run, async () => ({ events, actor: SYSTEM_ACTOR }));
	}
	return lookLater(deps, run);
}

/** The answer is of this run, also where the provider does not say so. */
async function recorded(
	deps: Deps,
	place: Place,
	run: Run,
	report: PipelineReport,
	from: "answer" | null = null,
): Promise<"done"> {
	await recordReport(deps, place.integration.id, { ...report, jobId: run.id }, from);
	return "done";
}

function lookLater(deps: Deps, run: Run): { again: Date } {
	const now = deps.now().getTime();
	const since = now - (startedAtOf(run)?.getTime() ?? now);
	return { again: new Date(now + Math.min(Math.max(LOOK_AGAIN.least, since / 10), LOOK_AGAIN.most)) };
}

/** SPEC section 4: exactly these. */
export function variablesOf(run: Run): PipelineVariables {
	return {
		...run.parameters,
		JOB_ID: run.id,
		ENV: run.environment,
		REF: run.ref.name,
		SHA: run.ref.sha,
		TYPE: run.type,
	};
}

async function runTimeoutSeconds(deps: Deps, place: Place): Promise<number> {
	const policy = await policyOf(deps.db.manager, place.environment.policy);
	return Math.ceil((policy.ok ? policy.policy.timeouts.run : 3_600_000) / 1000);
}
