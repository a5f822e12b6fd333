import type { EntityManager } from "typeorm";
import { SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { type EffectivePolicy, evaluate } from "../core/policy.ts";
import { done, type Outcome } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { RunEvent } from "../core/step.ts";
import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { freezesBeforeStart } from "../store/freezes.ts";
import { personLock } from "../store/locks.ts";
import { activeRun, queuedRuns, type Sql, succeededRuns } from "../store/runs.ts";
import { approvalsMissing, verdictSentence } from "../words/refusal-words.ts";
import { sentence } from "../words/sentence.ts";
import { advanceRun } from "./advance-run.ts";
import { type Place, placeById, policyOf } from "./catalog.ts";
import { countApprovals } from "./count-approvals.ts";
import { fingerprintOf } from "./fingerprint-of.ts";
import { notFreeIn } from "./follow-run.ts";
import { frozenNow } from "./frozen-now.ts";
import { gatherFacts } from "./gather-facts.ts";
import { type Authors, authorsOf } from "./read-authors.ts";
import { hasMoved } from "./ref-moved.ts";
import { passesLock } from "./waits-for.ts";

/** What became of the queue: look again at a time (something outside could not be read), or nothing more to do now. */
export type Dispatched = { readonly again: Date } | "done";

/** Milliseconds between two tries when a provider cannot be asked. */
const RETRY = 15_000;

/**
 * Takes the environment's lock for the first run that may have it: evaluates every rule again, then commits `dispatching`; the
 * provider is called afterwards, by a job of its own.
 */
export async function dispatchNext(deps: Deps, environmentId: string): Promise<Dispatched> {
	// Each round ends a run or starts one, so this ends; the bound is for the reader.
	for (let round = 0; round < 1_000; round++) {
		const candidate = await firstInLine(deps, deps.db, environmentId);
		if (candidate === null) return "done";
		const place = await placeById(deps.db.manager, environmentId);
		const live = await liveRun(deps.db, environmentId);
		const decision = await judge(deps, place, candidate);
		if (decision === "unreadable") return { again: new Date(deps.now().getTime() + RETRY) };
		const changed = await advanceRun(deps, candidate, async (fresh, tx) => {
			if (fresh.version !== candidate.version) return null;
			if ((await firstInLine(deps, tx, environmentId))?.id !== fresh.id) return null;
			// The configuration may have been applied while the provider was asked: then it is judged again.
			const placeNow = await placeById(tx, environmentId);
			const policyNow = await policyOf(tx, placeNow.environment.policy);
			if (decision.type === "dispatched" && !(policyNow.ok && sameAs(fresh, placeNow, policyNow.version))) return null;
			// Nor was it judged against what is live now.
			if ((await liveRun(tx, environmentId)) !== live) return null;
			// Somebody may have frozen it meanwhile; from here on nobody can, until it is committed that it starts.
			if (decision.type === "dispatched" && (await isFrozen(deps, tx, placeNow, fresh))) return null;
			return { events: [decision], actor: SYSTEM_ACTOR };
		});
		if (changed?.progress.state === "dispatching") return "done";
	}
	return "done";
}

async function isFrozen(deps: Deps, tx: EntityManager, place: Place, run: Run): Promise<boolean> {
	const now = deps.now();
	const byHand = await freezesBeforeStart(tx, { project: run.project, environment: run.environment }, now);
	return byHand.length > 0 && (await frozenNow(tx, place, run, byHand, now)) !== null;
}

async function liveRun(sql: Sql, environmentId: string): Promise<number | null> {
	return (await succeededRuns(sql, environmentId, 1))[0]?.number ?? null;
}

/** First in, first out; null: the environment is taken, or nobody waits who may go. A person's lock lets the owner's own runs pass. */
async function firstInLine(deps: Deps, sql: Sql, environmentId: string): Promise<Run | null> {
	if ((await activeRun(sql, environmentId)) !== null) return null;
	const queued = await queuedRuns(sql, environmentId);
	const lock = await personLock(sql, environmentId, deps.now());
	for (const run of queued) if (lock === null || (await passesLock(sql, lock, run))) return run;
	return null;
}

/** Everything that was decided when it was asked for, once more. */
async function judge(deps: Deps, place: Place, run: Run): Promise<RunEvent | "unreadable"> {
	// Its time is over, also when the work that says so has not come to it yet.
	if ("deadline" in run.progress && run.progress.deadline <= deps.now())
		return { type: "expired", reason: notFreeIn(run, deps.now()) };
	const policy = await policyOf(deps.db.manager, place.environment.policy);
	if (!policy.ok) return { type: "superseded", reason: `The policy cannot be evaluated: ${policy.message}` };
	const moved = await hasMoved(deps, place, run);
	if (!moved.ok) return "unreadable";
	if (moved.value !== null) return { type: "superseded", reason: moved.value };
	if (!sameAs(run, place, policy.version))
		return {
			type: "superseded",
			reason: "The policy or the pipeline of this environment changed since it was asked for.",
		};
	const facts = await gatherFacts(deps, place, policy.policy, {
		type: run.type,
		ref: run.ref,
		parameters: run.parameters,
		// The right to force was checked when it was asked for; what it waived is part of the fingerprint.
		force:
			run.force === null ? null : { reason: run.force.reason, roles: rolesOfForce(policy.policy, run.force.waived) },
	});
	if (!facts.ci.known) return "unreadable";
	// It is one of those who wait, and does not stand in its own way.
	const verdict = evaluate(policy.policy, { ...facts, queueLength: 0 });
	if (verdict.outcome === "refused")
		return { type: "superseded", reason: `Its rules no longer hold: ${verdictSentence(verdict)}` };
	// What nobody waived when it was asked for, nobody approved either.
	if (verdict.waived.some((rule) => !run.force?.waived.includes(rule)))
		return { type: "superseded", reason: "Its force would set more rules aside by now than when it was asked for." };
	const needed = Math.max(verdict.approvals, run.approvalsRequired);
	const authors = await barredNow(deps, place, run, needed > 0 && !policy.policy.approvals.commitAuthors);
	if (authors === "unreadable") return "unreadable";
	if (!authors.ok) return { type: "superseded", reason: sentence(authors.refusal.message) };
	const { counted, dropped } = await countApprovals(
		deps.db,
		run,
		policy.policy.approvals,
		new Set(authors.value.keys()),
	);
	const missing = needed - counted;
	if (missing > 0) return { type: "superseded", reason: approvalsMissing(missing, dropped) };
	const startDeadline = new Date(deps.now().getTime() + policy.policy.timeouts.start);
	return { type: "dispatched", startDeadline };
}

/** Who wrote what is not live by now: that may be others than when it was approved. */
async function barredNow(
	deps: Deps,
	place: Place,
	run: Run,
	matters: boolean,
): Promise<Outcome<Authors> | "unreadable"> {
	if (!matters) return done(new Map());
	try {
		return await authorsOf(deps, place, run.ref);
	} catch (error) {
		if (error instanceof VendorError) return "unreadable";
		throw error;
	}
}

/** What would run is what was asked for and approved. */
function sameAs(run: Run, place: Place, policyVersion: string): boolean {
	return fingerprintOf(place, run, policyVersion) === run.fingerprint;
}

/** The roles that the requester had when the force was let through. */
function rolesOfForce({ force }: EffectivePolicy, waived: readonly string[]): string[] {
	return waived.includes("approvals") ? [force.role, "emergency"] : [force.role];
}
