import { SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { formatDuration } from "../core/duration.ts";
import { externalOf, isActive, isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { PipelineReport, PipelineStatus } from "../ports/pipeline.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { runById } from "../store/runs.ts";
import { sentence } from "../words/sentence.ts";
import { advanceRun } from "./advance-run.ts";
import { askAfter } from "./ask-after.ts";
import { placeById } from "./catalog.ts";
import { findPipeline } from "./find-pipeline.ts";
import { nextLook } from "./next-look.ts";
import { notStarted } from "./not-started.ts";
import { recordReport } from "./record-report.ts";

type Followed = { readonly again: Date } | "done";

/** Milliseconds that a provider has to stop what ran out of time. */
const TIMEOUT_GRACE = 2 * 60_000;
/** Milliseconds after the end of a run in which what it left at work is still stopped. */
const LEFT_OVER_FOR = 24 * 3_600_000;
/** Milliseconds after its end in which is looked for the pipeline of a run whose start is not known, and how often. */
const LOOK_FOR = 10 * 60_000;
const LOOK_EVERY = 30_000;
const AT_WORK: readonly PipelineStatus[] = ["queued", "running", "waiting"];

/** Asks the provider how a run stands, for as long as it is at work: webhooks get lost. */
export async function pollRun(deps: Deps, runId: string): Promise<Followed> {
	const run = await runById(deps.db, runId);
	if (run === null || isEnd(run.progress.state)) return "done";
	await askAfter(deps, run, true);
	return { again: await nextLook(deps, run) };
}

/**
 * Asks the provider to stop. That it stopped is said by a report alone. `leftOver`: a pipeline that was found at work after its run
 * had been given up.
 */
export async function stopRun(deps: Deps, runId: string, leftOver: string | null = null): Promise<Followed> {
	const run = await runById(deps.db, runId);
	if (run === null) return "done";
	const external = externalOf(run)?.externalId ?? null;
	if (isEnd(run.progress.state)) {
		const left = leftOver ?? external;
		return left === null ? "done" : stopLeftOver(deps, run, left);
	}
	if (run.progress.state !== "cancelling") return "done";
	if (!run.progress.triggerAttempted) {
		const { reason } = run.progress.stop;
		await advanceRun(deps, run, async () => ({ events: [{ type: "never_called", reason }], actor: SYSTEM_ACTOR }));
		return "done";
	}
	if (external === null) return "done";
	await askToStop(deps, run, external);
	return { again: new Date(deps.now().getTime() + Math.min(deps.pollIntervalSeconds, 10) * 1_000) };
}

async function askToStop(deps: Deps, run: Run, externalId: string): Promise<void> {
	const place = await placeById(deps.db.manager, run.environmentId);
	const port = deps.pipelineOf(place.integration);
	await port.cancel(place.pipeline, externalId);
	const report = await port.report(place.pipeline, externalId);
	if (report !== null) await recordReport(deps, place.integration.id, { ...report, jobId: run.id });
}

/** Looks for what nobody could say of whether it started, for a while after its run was given up; what is found at work is stopped. */
export async function lookForLeftOver(deps: Deps, runId: string): Promise<Followed> {
	const run = await runById(deps.db, runId);
	if (run === null || !("finishedAt" in run.progress) || run.progress.startedAt === null) return "done";
	const { finishedAt } = run.progress;
	const now = deps.now().getTime();
	if (now - finishedAt.getTime() > LOOK_FOR) return "done";
	const place = await placeById(deps.db.manager, run.environmentId);
	const report = await oneFound(findPipeline(deps, place, deps.pipelineOf(place.integration), run));
	if (report === null) return { again: new Date(now + LOOK_EVERY) };
	await recordReport(deps, place.integration.id, { ...report, jobId: run.id });
	return "done";
}

/** None of several is stopped: whose they are is not known, and the run's thread has named them. */
async function oneFound(found: Promise<PipelineReport | null>): Promise<PipelineReport | null> {
	try {
		return await found;
	} catch (error) {
		if (error instanceof VendorError && error.kind === "rejected") return null;
		throw error;
	}
}

/** The run is over and the lock is free: what is still at work there is stopped, and the trail gets what comes of it. */
async function stopLeftOver(deps: Deps, run: Run, externalId: string): Promise<Followed> {
	if ("finishedAt" in run.progress && deps.now().getTime() - run.progress.finishedAt.getTime() > LEFT_OVER_FOR)
		return "done";
	const place = await placeById(deps.db.manager, run.environmentId);
	const report = await deps.pipelineOf(place.integration).report(place.pipeline, externalId);
	if (report !== null && report.status !== null && AT_WORK.includes(report.status))
		await askToStop(deps, run, externalId);
	return "done";
}

/** Ends what waited, or worked, for too long. */
export async function meetDeadline(deps: Deps, runId: string): Promise<Followed> {
	const late = (one: Run | null): one is Run =>
		one !== null && "deadline" in one.progress && one.progress.deadline <= deps.now();
	const before = await runById(deps.db, runId);
	if (!late(before)) return later(before);
	// We may have been away, and it may be at work or over since long.
	if (isActive(before.progress.state)) await askOnce(deps, before);
	const run = await runById(deps.db, runId);
	if (!late(run)) return later(run);
	const now = deps.now();
	const { state } = run.progress;
	const notBegun = state === "dispatching" ? await notStarted(deps, run) : "";
	const ended = await advanceRun(deps, run, async (fresh) => {
		if (fresh.version !== run.version) return null;
		switch (state) {
			case "waiting_approval":
				return { events: [{ type: "expired", reason: notApprovedIn(fresh, now) }], actor: SYSTEM_ACTOR };
			case "queued":
				return {
					events: [{ type: "expired", reason: notFreeIn(fresh, now) }],
					actor: SYSTEM_ACTOR,
				};
			case "dispatching":
				return { events: [{ type: "start_failed", reason: notBegun }], actor: SYSTEM_ACTOR };
			case "running":
				return {
					events: [
						{
							type: "stop_for_timeout",
							reason: "It ran longer than its policy allows and was stopped.",
							deadline: new Date(now.getTime() + TIMEOUT_GRACE),
						},
					],
					actor: SYSTEM_ACTOR,
				};
			case "cancelling":
				return {
					events: [
						{
							type: "gave_up",
							reason: notStopped(fresh),
						},
					],
					actor: SYSTEM_ACTOR,
				};
			default:
				return null;
		}
	});
	return ended === null ? { again: new Date(now.getTime() + 1_000) } : "done";
}

/** A clock that was set back must not lose a deadline; one that was moved has a job of its own, and being met twice does no harm. */
function later(run: Run | null): Followed {
	return run !== null && "deadline" in run.progress ? { again: run.progress.deadline } : "done";
}

/** Looks at the provider before something is decided without it. A provider that cannot be asked does not hold that up. */
async function askOnce(deps: Deps, run: Run): Promise<void> {
	const at = run.progress;
	try {
		const place = await placeById(deps.db.manager, run.environmentId);
		const port = deps.pipelineOf(place.integration);
		const external = externalOf(run);
		const report =
			external !== null
				? await port.report(place.pipeline, external.externalId)
				: "triggerAttempted" in at && at.triggerAttempted
					? await findPipeline(deps, place, port, run)
					: null;
		if (report !== null) await recordReport(deps, place.integration.id, { ...report, jobId: run.id });
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		deps.log.warn({ run: run.number, err: error }, "the provider could not be asked at a deadline");
	}
}

export function notApprovedIn(run: Run, now: Date): string {
	return `Nobody approved it within ${waited(run, now)}.`;
}

export function notFreeIn(run: Run, now: Date): string {
	return `The environment was not free within ${waited(run, now)}.`;
}

function waited(run: Run, now: Date): string {
	return formatDuration(now.getTime() - run.createdAt.getTime());
}

function notStopped(run: Run): string {
	if (externalOf(run) !== null)
		return "The provider did not confirm in time that it stopped. Look there before you go on.";
	const why = run.progress.state === "cancelling" ? `${sentence(run.progress.stop.reason)} ` : "";
	return `${why}Whether its pipeline was started is not known: the provider's answer was lost, and nothing is found by its JOB_ID. If it turns up in the next minutes it is stopped. Look there before you go on.`;
}
