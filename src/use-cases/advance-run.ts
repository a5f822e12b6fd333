import type { EntityManager } from "typeorm";
import type { Actor, AuditAction, AuditEntry } from "../core/audit-entry.ts";
import { externalOf, isEnd, type Run } from "../core/run.ts";
import { type RunEvent, step } from "../core/step.ts";
import type { Deps } from "../deps.ts";
import { holdChain, updateRun, writeTrail } from "../store/change.ts";
import type { Channels } from "../store/entities.ts";
import type { JobDraft } from "../store/jobs.ts";
import { runById } from "../store/runs.ts";
import { chatJobs, queueCards } from "./chat-jobs.ts";

/** What shall happen to a run, decided while its environment is held. */
export interface Advance {
	/** In order; each must fit the state that the one before left. */
	readonly events: readonly RunEvent[];
	readonly actor: Actor;
	/** Added to the trail's entry of the change. */
	readonly data?: Readonly<Record<string, unknown>>;
	/** Entries that belong to the change, e.g. an approval; written before those of the change itself. */
	readonly audit?: readonly AuditEntry[];
	/** The same, written after them. */
	readonly auditAfter?: readonly AuditEntry[];
}

/** The run stays as it is: only the trail grows, and work may follow from that. */
export interface Leave {
	readonly audit: readonly AuditEntry[];
	readonly jobs?: readonly JobDraft[];
}

/** Thrown inside the transaction, so that what `decide` wrote is taken back with it. */
const DOES_NOT_FIT = new Error("the event does not fit the state of the run");

/**
 * The only way by which a run changes its state: hold its environment, read it, decide, and write state, trail and outbox in one
 * transaction. `decide` may read and write more in the same transaction; it must not wait for anything outside of the database.
 * Null: the run stays as it is, because `decide` said so or because an event does not fit its state.
 */
export async function advanceRun(
	deps: Deps,
	target: { readonly id: string; readonly environmentId: string },
	decide: (run: Run, tx: EntityManager) => Promise<Advance | Leave | null>,
): Promise<Run | null> {
	const work = deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, target.environmentId);
		const run = await runById(tx, target.id);
		if (run === null) return null;
		const decision = await decide(run, tx);
		if (decision === null) return null;
		const now = deps.now();
		const context = { tx, auditKey: deps.auditKey, held, now };
		if (!("events" in decision)) {
			const jobs = [...(decision.jobs ?? []), ...(await tellers(tx, run, run, decision.audit))];
			await writeTrail(context, decision.audit, jobs);
			return null;
		}

		const audit = [...(decision.audit ?? [])];
		let next = run;
		for (const event of decision.events) {
			const stepped = step(next, event, now);
			if (!stepped.ok) throw DOES_NOT_FIT;
			next = stepped.run;
			audit.push(entryOf(next, actionOf(next, event), decision.actor, now, { ...decision.data, ...facts(next) }));
		}
		audit.push(...(decision.auditAfter ?? []));
		next = { ...next, version: run.version + 1 };
		const jobs = [...followUps(deps, run, next, now), ...(await tellers(tx, next, run, audit))];
		if (!(await updateRun(context, next, audit, jobs)))
			throw new Error(`run #${run.number} changed although its environment is held`);
		return next;
	});
	const result = await work.catch((error: unknown) => {
		if (error === DOES_NOT_FIT) return null;
		throw error;
	});
	deps.wake();
	return result;
}

export function entryOf(
	run: Run,
	action: AuditAction,
	actor: Actor,
	now: Date,
	data: Readonly<Record<string, unknown>> = {},
): AuditEntry {
	return {
		atMs: now.getTime(),
		action,
		actor,
		project: run.project,
		environment: run.environment,
		runId: run.id,
		run: run.number,
		data,
	};
}

function actionOf(next: Run, event: RunEvent): AuditAction {
	switch (event.type) {
		case "trigger_attempted":
		case "trigger_not_sent":
		case "accepted":
			return `run.${event.type}`;
		case "renamed":
			return "run.accepted";
		default:
			return next.progress.state === "waiting_approval" ? "run.requested" : `run.${next.progress.state}`;
	}
}

/** What the trail keeps of the new state. */
function facts(run: Run): Record<string, unknown> {
	const at = run.progress;
	return {
		...("reason" in at ? { reason: at.reason } : {}),
		...("stop" in at ? { reason: at.stop.reason, why: at.stop.why, called: at.triggerAttempted } : {}),
		...("external" in at && at.external !== null
			? { externalId: at.external.externalId, externalUrl: at.external.externalUrl }
			: {}),
	};
}

/** The work that follows from a change of state. */
export function followUps(deps: Deps, before: Run | null, run: Run, now: Date): JobDraft[] {
	const at = run.progress;
	const jobs: JobDraft[] = [];
	if (
		"deadline" in at &&
		(before === null || !("deadline" in before.progress) || +before.progress.deadline !== +at.deadline)
	)
		jobs.push({ kind: "deadline", runId: run.id, runAt: at.deadline });
	if (before !== null && before.progress.state === at.state) {
		// Named while it was being cancelled: now it can be stopped.
		if (at.state === "cancelling" && at.external !== null) jobs.push({ kind: "cancel", runId: run.id });
		return jobs;
	}
	if (isEnd(at.state) && externalOf(run) !== null)
		jobs.push({ kind: "fetch_log", runId: run.id, dedupeKey: `log:${run.id}` });
	// Nobody could say whether its pipeline had started: should it turn up now that the lock is free, it must not work on.
	if (isEnd(at.state) && before !== null && startIsUnknown(before.progress, now))
		jobs.push({ kind: "cancel", runId: run.id, payload: { lookFor: true } });
	// What waits for approval was shown against what was live before.
	if (at.state === "succeeded" && run.type !== "dry-run")
		jobs.push({ kind: "evidence", payload: { environmentId: run.environmentId } });
	const dispatch: JobDraft = { kind: "dispatch", payload: { environmentId: run.environmentId } };
	switch (at.state) {
		case "queued":
			jobs.push(dispatch);
			break;
		case "dispatching":
			jobs.push({ kind: "trigger", runId: run.id });
			jobs.push({ kind: "poll", runId: run.id, runAt: new Date(now.getTime() + deps.pollIntervalSeconds * 1000) });
			break;
		case "cancelling":
			jobs.push({ kind: "cancel", runId: run.id });
			break;
		case "failed":
			// The provider had it and was not seen at work: it must not begin now that the lock is free.
			if (before?.progress.state === "dispatching" && at.external !== null)
				jobs.push({ kind: "cancel", runId: run.id });
			jobs.push(dispatch);
			break;
		default:
			if (isEnd(at.state) && before !== null) jobs.push(dispatch);
	}
	return jobs;
}

/** It is given up at its deadline, and the provider's answer never came. */
function startIsUnknown(at: Run["progress"], now: Date): boolean {
	return "triggerAttempted" in at && at.triggerAttempted && at.external === null && at.deadline <= now;
}

async function tellers(tx: EntityManager, run: Run, before: Run, audit: readonly AuditEntry[]): Promise<JobDraft[]> {
	const visible =
		run.progress.state !== before.progress.state ||
		audit.some(({ action }) => ["run.approved", "run.nudged", "run.late_report", "run.noted"].includes(action));
	if (!visible) return [];
	const rows: { channels: Channels }[] = await tx.query("SELECT channels FROM environment WHERE id = $1", [
		run.environmentId,
	]);
	const channels = rows[0]?.channels ?? {};
	const { state } = run.progress;
	const queueMoves = state !== before.progress.state && (state === "dispatching" || isEnd(state));
	return [
		...chatJobs(run, channels, audit),
		...(queueMoves ? await queueCards(tx, { id: run.environmentId, channels }, run.id) : []),
	];
}
