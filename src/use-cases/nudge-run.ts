import type { EntityManager } from "typeorm";
import type { PersonLock } from "../core/person-lock.ts";
import { done, type Outcome, refused } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { isSameHuman } from "../store/accounts.ts";
import { approvalsOf } from "../store/approvals.ts";
import type { JobDraft } from "../store/jobs.ts";
import { personLock } from "../store/locks.ts";
import { lastNote } from "../store/noted.ts";
import { lastNudge } from "../store/nudges.ts";
import { nothingToNudge, nudgedLately, nudgeOfLock, ownLock } from "../words/nudge-words.ts";
import { advanceRun, entryOf } from "./advance-run.ts";
import { placeById } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { actorOf, type Caller } from "./identify.ts";
import type { TellJob } from "./lock-environment.ts";
import { refuseOnTrail } from "./refuse-on-trail.ts";
import { passesLock, waitsFor } from "./waits-for.ts";

/** Milliseconds: the same people are called on for a run this often at most. */
const EVERY = 10 * 60_000;
/** Milliseconds in which the same person who says it again has said it twice. */
const TWICE = 60_000;

export interface Nudged {
	readonly run: Run;
	/** Whose lock it waits for; null: it waits for approval. */
	readonly lock: PersonLock | null;
}

/**
 * Calls on those who can move a waiting run on: who may approve it, in its thread, or who holds the lock that it waits for. Its requester
 * may, and every operator. Nothing is called for what goes on by itself: the answer says what happens.
 */
export async function nudgeRun(deps: Deps, caller: Caller, run: Run, reason: string | null): Promise<Outcome<Nudged>> {
	const place = await placeById(deps.db.manager, run.environmentId);
	const own = await isSameHuman(deps.db, caller.person.id, run.requestedBy.id, run.createdAt);
	const right = own && !caller.principal.outsider ? null : checkRight(caller, "nudge", place);
	if (right !== null) return refuseOnTrail(deps, caller, run, "run.nudge_refused", right);

	let now = run;
	let answer: Outcome<Nudged> | null = null;
	await advanceRun(deps, run, async (fresh, tx) => {
		now = fresh;
		const called = await whoIsWaitedFor(deps, tx, fresh);
		if (called === null) return null;
		const { lock, data } = called;
		if (lock !== null && (await isSameHuman(tx, caller.person.id, lock.person.id, lock.createdAt))) {
			answer = refused(ownLock(fresh));
			return null;
		}
		const at = deps.now();
		const whom = lock === null ? "approvers" : lock.person.id;
		const last = await lastNudge(tx, fresh.id, whom);
		const since = last === null ? EVERY : at.getTime() - last.at.getTime();
		if (last !== null && since < EVERY) {
			const again = last.by.id === caller.person.id && since < TWICE;
			const from = new Date(last.at.getTime() + EVERY);
			answer = again ? done({ run: fresh, lock }) : refused(nudgedLately(fresh, lock, last, from));
			return null;
		}
		answer = done({ run: fresh, lock });
		const waited = at.getTime() - fresh.createdAt.getTime();
		const entry = entryOf(fresh, "run.nudged", actorOf(caller), at, { whom, waited, reason, ...data });
		const told: TellJob[] =
			lock === null
				? []
				: [{ personId: lock.person.id, by: caller.person.id, text: nudgeOfLock(fresh, caller.person, waited, reason) }];
		return { audit: [entry], jobs: told.map((payload): JobDraft => ({ kind: "tell", payload })) };
	});
	return answer ?? refused(await nothing(deps, now));
}

/** Null: nobody is, it goes on by itself or is over. */
async function whoIsWaitedFor(
	deps: Deps,
	tx: EntityManager,
	run: Run,
): Promise<{ readonly lock: PersonLock | null; readonly data: Readonly<Record<string, unknown>> } | null> {
	const at = run.progress;
	if (at.state === "waiting_approval" && at.deadline > deps.now()) {
		const given = (await approvalsOf(tx, run.id)).filter(({ decision }) => decision === "approved").length;
		const data = { given, needed: run.approvalsRequired, deadline: at.deadline.toISOString() };
		return { lock: null, data };
	}
	const lock = at.state === "queued" ? await personLock(tx, run.environmentId, deps.now()) : null;
	return lock === null || (await passesLock(tx, lock, run)) ? null : { lock, data: { person: lock.person } };
}

async function nothing(deps: Deps, run: Run) {
	const { state } = run.progress;
	const waits = state === "queued" ? await waitsFor(deps, run) : null;
	const note = state === "running" ? await lastNote(deps.db, run.id) : null;
	return nothingToNudge(run, waits, note?.note ?? null);
}
