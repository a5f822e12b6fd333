import { type Actor, type AuditAction, type AuditEntry, SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { oneLine } from "../core/one-line.ts";
import { type External, externalOf, isEnd, type Run, startedAtOf } from "../core/run.ts";
import type { RunEvent } from "../core/step.ts";
import type { Deps } from "../deps.ts";
import type { PipelineReport, PipelineStatus } from "../ports/pipeline.ts";
import { personLock, putLock } from "../store/locks.ts";
import { lastNote, saysWaiting } from "../store/noted.ts";
import { isNewestAttempt, restartAttempts, runByExternalId, runById, type Sql } from "../store/runs.ts";
import { type Advance, advanceRun, entryOf, type Leave } from "./advance-run.ts";
import { askProgress } from "./ask-progress.ts";
import { CANCEL_GRACE } from "./cancel-run.ts";
import { type Place, placeById, policyOf } from "./catalog.ts";
import { providerSpoke } from "./provider-spoke.ts";
import { withReason } from "./with-reason.ts";
import { withoutSecrets } from "./without-secrets.ts";

export type Recorded =
	| "changed"
	| "nothing_new"
	| "unknown_run"
	/** A webhook of a run whose id at the provider is not known yet: it may be of another one that carries its JOB_ID. */
	| "unnamed";

const PROVIDER_NAMES = { github: "GitHub", gitlab: "GitLab", bitbucket: "Bitbucket", runner: "Runner" } as const;

/** What a webhook says of where it comes from. */
export interface ReportSource {
	readonly repository: string;
	/** null: it does not say. */
	readonly pipeline: string | null;
}

/**
 * What a provider says of a run: from a webhook (then `source` says whose), a poll, or the answer to the trigger; all take this way.
 * Doubles, old news and news of a run that is over change nothing; the last is recorded.
 *
 * Whoever may start pipelines can start one with the JOB_ID of a run. So a webhook never says which pipeline a run has: that is told
 * by the answer to the trigger, whatever was taken for it before, or it is looked for.
 */
export async function recordReport(
	deps: Deps,
	integrationId: string,
	said: PipelineReport,
	from: ReportSource | "answer" | null = null,
): Promise<Recorded> {
	const source = from === "answer" ? null : from;
	const meant = await runMeant(deps, integrationId, said, source);
	if (meant === null) return "unknown_run";
	const { run, place } = meant;
	if (source !== null && externalOf(run) === null && !isEnd(run.progress.state)) {
		if ("triggerAttempted" in run.progress && run.progress.triggerAttempted) return "unnamed";
		await noteStranger(deps, run, said, place);
		return "nothing_new";
	}
	const told = source === null || isEnd(run.progress.state) ? said : await withReason(deps, place, said);
	const reason = told.reason === null ? null : withoutSecrets(deps, place.integration, told.reason);
	const report: PipelineReport = { ...told, reason };
	const policy = await policyOf(deps.db.manager, place.environment.policy);
	const runTimeout = policy.ok ? policy.policy.timeouts.run : 3_600_000;
	const actor: Actor = { id: null, name: PROVIDER_NAMES[place.integration.provider], via: "provider" };
	const changed = await advanceRun(deps, run, async (fresh, tx) => {
		if (isEnd(fresh.progress.state)) return lateReport(deps, tx, fresh, report, actor, from === "answer");
		const known = externalOf(fresh);
		// Another run of the provider's than the one that was started: not ours to follow.
		if (known !== null && known.externalId !== report.externalId) {
			if (from !== "answer") return null;
			await restartAttempts(tx, fresh.id, report.attempt);
			return rename(deps, fresh, known, report, actor);
		}
		const ended = report.status !== null && outcomeOf(report.status) !== null;
		// It was started again there: how an earlier attempt ended says nothing of the one that is at work.
		if (!(await isNewestAttempt(tx, fresh.id, report.attempt)) && ended) return null;
		const advance = eventsOf(fresh, report, place, deps.now(), runTimeout);
		const noted = await noteOf(deps, tx, fresh, report, actor);
		if (advance.length === 0) return noted.length === 0 ? null : { audit: noted };
		const locks =
			report.status === "succeeded" && fresh.type === "rollback" && policy.ok && policy.policy.rollback.locksAfter;
		const locked = locks ? await lockAfterRollback(deps, tx, fresh) : [];
		return {
			...{ events: advance, actor, auditAfter: [...noted, ...locked] },
			...(ended ? { data: { said: saidOf(report) } } : {}),
		};
	});
	if (!isEnd(run.progress.state)) await askProgress(deps, run, place);
	if (!isEnd(run.progress.state) && source !== null) await providerSpoke(deps, run.id);
	return changed === null ? "nothing_new" : "changed";
}

/** A webhook that is signed for one integration must not speak of another one's runs, nor one repository of another's. */
async function runMeant(
	deps: Deps,
	integrationId: string,
	report: PipelineReport,
	source: ReportSource | null,
): Promise<{ readonly run: Run; readonly place: Place } | null> {
	const named = [
		async () => (report.jobId === null ? null : runById(deps.db, report.jobId)),
		async () => runByExternalId(deps.db, integrationId, report.externalId),
	];
	for (const find of named) {
		const run = await find();
		const place = run === null ? null : await placeById(deps.db.manager, run.environmentId);
		if (run === null || place === null || place.integration.id !== integrationId) continue;
		if (source === null || comesFrom(place, source)) return { run, place };
	}
	return null;
}

function comesFrom({ pipeline }: Place, source: ReportSource): boolean {
	return (
		source.repository.toLowerCase() === pipeline.repository.toLowerCase() &&
		(source.pipeline === null || source.pipeline === pipeline.pipeline)
	);
}

/** Somebody started a pipeline with the JOB_ID of a run that DRAVEN has not started: told once, and not followed. */
async function noteStranger(deps: Deps, run: Run, report: PipelineReport, place: Place): Promise<void> {
	const name = PROVIDER_NAMES[place.integration.provider];
	const said = `stranger/${report.externalId}`;
	const note = `A pipeline at ${name} carries the JOB_ID of this run, and DRAVEN has not started it: it is not followed. Look who did, and whether it should be at work.`;
	await advanceRun(deps, run, async (fresh, tx) => {
		if (isEnd(fresh.progress.state) || (await wasSaid(tx, fresh, ["run.noted"], said))) return null;
		const { externalUrl } = report;
		return { audit: [entryOf(fresh, "run.noted", SYSTEM_ACTOR, deps.now(), { said, note, externalUrl })] };
	});
}

function rename(deps: Deps, run: Run, taken: External, report: PipelineReport, actor: Actor): Advance {
	const { externalId, externalUrl } = report;
	const said = `renamed/${taken.externalId}`;
	const note = `Until now another pipeline was taken for that of this run, because it carries its JOB_ID: ${taken.externalUrl ?? taken.externalId}. ${actor.name} says by now which one was started, and that is followed. Look whether the other should be at work.`;
	return {
		events: [{ type: "renamed", external: { externalId, externalUrl } }],
		actor,
		auditAfter: [entryOf(run, "run.noted", actor, deps.now(), { said, note, externalUrl })],
	};
}

function eventsOf(run: Run, report: PipelineReport, place: Place, now: Date, runTimeout: number): RunEvent[] {
	const external: External = { externalId: report.externalId, externalUrl: report.externalUrl };
	const { state } = run.progress;
	const events: RunEvent[] = [];
	if (state === "waiting_approval" || state === "queued") return [];
	if (externalOf(run) === null && state !== "running")
		events.push({ type: "accepted", external, stopBy: new Date(now.getTime() + CANCEL_GRACE) });
	if (report.status === null || report.status === "queued") return events;
	if (state === "dispatching")
		events.push({ type: "started", external, runDeadline: new Date(now.getTime() + runTimeout) });
	const outcome = outcomeOf(report.status);
	if (outcome === null) return events;
	const who = PROVIDER_NAMES[place.integration.provider];
	const said = report.reason === null ? null : oneLine(report.reason);
	if (outcome === "cancelled" && state !== "cancelling")
		events.push({
			type: "cancel",
			reason: said ?? `Cancelled at ${who}.`,
			deadline: new Date(now.getTime() + CANCEL_GRACE),
		});
	events.push({ type: "reported", outcome, reason: said ?? defaultReason(outcome, who) });
	return events;
}

function outcomeOf(status: PipelineStatus): "succeeded" | "failed" | "cancelled" | "timed_out" | null {
	switch (status) {
		case "queued":
		case "running":
		case "waiting":
			return null;
		default:
			return status;
	}
}

function defaultReason(outcome: "succeeded" | "failed" | "cancelled" | "timed_out", who: string): string {
	switch (outcome) {
		case "succeeded":
			return "It succeeded.";
		case "failed":
			return `It failed at ${who}.`;
		case "cancelled":
			return `It was cancelled at ${who}.`;
		case "timed_out":
			return `It ran out of time at ${who}.`;
		default:
			return outcome satisfies never;
	}
}

/** What a provider has to say of a run that goes on, such as that it waits for an approval there: told once. */
async function noteOf(deps: Deps, tx: Sql, run: Run, report: PipelineReport, actor: Actor): Promise<AuditEntry[]> {
	const { status, reason, externalUrl } = report;
	if (status === null || outcomeOf(status) !== null) return [];
	const said = saidOf(report);
	const noted = (note: string) => [
		entryOf(run, "run.noted", actor, deps.now(), { said, note: oneLine(note), externalUrl }),
	];
	const last = (await lastNote(tx, run.id))?.said ?? "";
	// It may wait more than once.
	if (status === "waiting")
		return last === said ? [] : noted(reason ?? `It waits at ${actor.name} until somebody lets it go on.`);
	if (status === "running" && saysWaiting(last)) return noted(`It goes on at ${actor.name}.`);
	return reason === null || (await wasSaid(tx, run, ["run.noted"], said)) ? [] : noted(reason);
}

async function wasSaid(tx: Sql, run: Run, actions: readonly AuditAction[], said: string): Promise<boolean> {
	const before: unknown[] = await tx.query(
		"SELECT 1 FROM audit_entry WHERE run_id = $1 AND action = ANY($2) AND entry::jsonb #>> '{data,said}' = $3",
		[run.id, actions, said],
	);
	return before.length > 0;
}

function saidOf({ externalId, attempt, status }: PipelineReport): string {
	return `${externalId}/${attempt}/${status}`;
}

const SAID_BEFORE: readonly AuditAction[] = [
	"run.late_report",
	"run.succeeded",
	"run.failed",
	"run.cancelled",
	"run.timed_out",
];

/** News of a run that is over: one entry for each thing said, however often it is said. */
async function lateReport(
	deps: Deps,
	tx: Sql,
	run: Run,
	report: PipelineReport,
	actor: Actor,
	isAnswer: boolean,
): Promise<Leave | null> {
	const said = saidOf(report);
	const outcome = report.status === null ? null : outcomeOf(report.status);
	const known = externalOf(run);
	const same = known?.externalId === report.externalId && report.attempt === 1;
	// The run was given up because nobody could say whether its pipeline had started, or another one was taken for it. It had: it must
	// not work on without the lock.
	const unnamed = known === null || (isAnswer && known.externalId !== report.externalId);
	const leftOver = outcome === null && report.status !== null && unnamed && startedAtOf(run) !== null;
	if (!leftOver && (outcome === null || (same && outcome === run.progress.state))) return null;
	// Or as what ended it: a job that GitLab started again by itself makes that an attempt above 1.
	if (await wasSaid(tx, run, SAID_BEFORE, said)) return null;
	return {
		audit: [
			entryOf(run, "run.late_report", actor, deps.now(), { said, status: report.status, attempt: report.attempt }),
		],
		jobs: leftOver ? [{ kind: "cancel", runId: run.id, payload: { externalId: report.externalId } }] : [],
	};
}

/** What was taken back must not come again by the next deploy before somebody has looked (`rollback.locksAfter`). */
async function lockAfterRollback(deps: Deps, tx: Sql, run: Run): Promise<AuditEntry[]> {
	const now = deps.now();
	if ((await personLock(tx, run.environmentId, now)) !== null) return [];
	const reason = `Rolled back by #${run.number}`;
	await putLock(tx, { environmentId: run.environmentId, person: run.requestedBy, reason, until: null, createdAt: now });
	return [entryOf(run, "lock.taken", SYSTEM_ACTOR, now, { person: run.requestedBy, reason })];
}
