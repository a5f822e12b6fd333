import type { EntityManager } from "typeorm";
import { type AuditAction, type AuditEntry, SYSTEM_ACTOR } from "../core/audit-entry.ts";
import type { PersonLock } from "../core/person-lock.ts";
import { done, type Outcome, type Refusal, refusal, refused } from "../core/refusal.ts";
import type { Deps } from "../deps.ts";
import { isSameHuman } from "../store/accounts.ts";
import { type HeldChain, holdChain, writeTrail } from "../store/change.ts";
import type { JobDraft } from "../store/jobs.ts";
import { personLock, putLock, removeExpiredLock, removeLock } from "../store/locks.ts";
import { expiredNotice, lockNotice, unlockNotice } from "../words/lock-words.ts";
import { heldBy } from "../words/refusal-words.ts";
import { type Place, placeById } from "./catalog.ts";
import { noticeJobs, queueCards } from "./chat-jobs.ts";
import { checkRight } from "./check-right.ts";
import { actorOf, type Caller } from "./identify.ts";

export interface LockAsked {
	readonly forMs: number | null;
	readonly reason: string | null;
	/** Why another person's lock is taken; null: it is not. */
	readonly steal: string | null;
}

export interface Locked {
	readonly lock: PersonLock;
	/** Whose lock it was before, when it was taken from them. */
	readonly stolenFrom: PersonLock | null;
}

/**
 * Holds an environment for a person, who needs the right to release there. Taking somebody else's lock needs the admin role instead,
 * and a reason, and is told to them. Said again by the one who holds it, what is not said stays: no lock becomes endless by the way.
 */
export async function lockEnvironment(
	deps: Deps,
	caller: Caller,
	place: Place,
	asked: LockAsked,
): Promise<Outcome<Locked>> {
	const environmentId = place.environment.id;
	const outcome = await deps.db.transaction(async (tx): Promise<Outcome<Locked>> => {
		const held = await holdChain(tx, environmentId);
		const now = deps.now();
		const before = await personLock(tx, environmentId, now);
		const others = before !== null && !(await isTheirs(tx, before, caller)) ? before : null;
		// Where nobody holds it there is nothing to steal: then it takes the right of whoever locks.
		const right =
			(asked.steal === null ? null : checkRight(caller, "steal_lock", place)) ??
			(asked.steal === null || before === null ? checkRight(caller, "lock", place) : null);
		const no = right ?? (others !== null && asked.steal === null ? lockHeld(place, others) : null);
		if (no !== null) {
			const did = asked.steal === null ? "lock" : "steal";
			await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [refusedEntry(place, caller, now, did, no)]);
			return refused(no);
		}
		const own = others === null ? before : null;
		const lock: PersonLock = {
			environmentId,
			person: caller.person,
			reason: asked.steal ?? asked.reason ?? own?.reason ?? null,
			until: asked.forMs === null ? (own?.until ?? null) : new Date(now.getTime() + asked.forMs),
			createdAt: now,
		};
		await putLock(tx, lock);
		const expiry: JobDraft[] =
			lock.until === null ? [] : [{ kind: "lock_expiry", payload: { environmentId }, runAt: lock.until }];
		const told: JobDraft[] =
			others === null ? [] : [tellOwner(place, others, caller, "took your lock on", asked.steal)];
		await write(
			deps,
			tx,
			held,
			now,
			place,
			caller,
			others === null ? "lock.taken" : "lock.stolen",
			{ lock, before: others },
			[
				...expiry,
				...told,
				...noticeJobs(place.environment, lockNotice(place, lock, others), caller.person.id),
				...(await queueCards(tx, place.environment)),
				// The one who holds it may go on: their own runs are not stopped by it.
				dispatchJob(environmentId),
			],
		);
		return done({ lock, stolenFrom: others });
	});
	deps.wake();
	return outcome;
}

/** Gives an environment free: one's own lock, or as an admin anybody's, which is told to them. */
export async function unlockEnvironment(
	deps: Deps,
	caller: Caller,
	place: Place,
	reason: string | null,
): Promise<Outcome<PersonLock | null>> {
	const right = checkRight(caller, "lock", place);
	const admin = checkRight(caller, "unlock_other", place) === null;
	const environmentId = place.environment.id;
	const outcome = await deps.db.transaction(async (tx): Promise<Outcome<PersonLock | null>> => {
		const held = await holdChain(tx, environmentId);
		const now = deps.now();
		const before = await personLock(tx, environmentId, now);
		const others = before !== null && !(await isTheirs(tx, before, caller));
		const no = admin ? null : (right ?? (others ? lockHeld(place, before) : null));
		if (no !== null) {
			await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [refusedEntry(place, caller, now, "unlock", no)]);
			return refused(no);
		}
		if (before === null) return done(null);
		await removeLock(tx, environmentId);
		const why = reason === null ? {} : { why: reason };
		await write(deps, tx, held, now, place, caller, "lock.released", { lock: before, ...why }, [
			...(others ? [tellOwner(place, before, caller, "unlocked what you had locked,", reason)] : []),
			...noticeJobs(place.environment, unlockNotice(place, caller, before, reason), caller.person.id),
			...(await queueCards(tx, place.environment)),
			dispatchJob(environmentId),
		]);
		return done(before);
	});
	deps.wake();
	return outcome;
}

/** Ends a lock whose time is over, and lets the queue go on. It is looked at again when its time is not over yet. */
export async function expireLock(deps: Deps, environmentId: string): Promise<{ readonly again: Date } | "done"> {
	const handled = await deps.db.transaction(async (tx): Promise<{ readonly again: Date } | "done"> => {
		const held = await holdChain(tx, environmentId);
		const now = deps.now();
		const lock = await removeExpiredLock(tx, environmentId, now);
		if (lock === null) {
			const until = (await personLock(tx, environmentId, now))?.until ?? null;
			return until === null ? "done" : { again: until };
		}
		const place = await placeById(tx, environmentId);
		const entry: AuditEntry = {
			atMs: now.getTime(),
			action: "lock.expired",
			actor: SYSTEM_ACTOR,
			project: place.project.slug,
			environment: place.environment.slug,
			runId: null,
			run: null,
			data: { person: lock.person, reason: lock.reason },
		};
		await writeTrail(
			{ tx, auditKey: deps.auditKey, held, now },
			[entry],
			[
				...noticeJobs(place.environment, expiredNotice(place, lock), lock.person.id),
				...(await queueCards(tx, place.environment)),
				dispatchJob(environmentId),
			],
		);
		return "done";
	});
	deps.wake();
	return handled;
}

const dispatchJob = (environmentId: string): JobDraft => ({ kind: "dispatch", payload: { environmentId } });

export interface TellJob {
	readonly personId: string;
	readonly text: string;
	/** The person who is told when this one cannot be; absent: nobody. */
	readonly by?: string;
}

function tellOwner(place: Place, lock: PersonLock, caller: Caller, did: string, reason: string | null): JobDraft {
	const where = `${place.project.slug}/${place.environment.slug}`;
	const payload: TellJob = {
		personId: lock.person.id,
		text: `${caller.person.name} ${did} ${where}${reason === null ? "." : `: ${reason}`}`,
		by: caller.person.id,
	};
	return { kind: "tell", payload };
}

function lockHeld(place: Place, lock: PersonLock) {
	const { slug: project } = place.project;
	const { slug: environment } = place.environment;
	return refusal(
		"locked",
		`${project}/${environment} is locked by ${heldBy(lock)}.`,
		`Ask ${lock.person.name} to unlock it; an admin may take it: deploy lock ${project} ${environment} --steal "reason".`,
	);
}

/** Whoever has two accounts has one lock. */
function isTheirs(tx: EntityManager, lock: PersonLock, caller: Caller): Promise<boolean> {
	return isSameHuman(tx, caller.person.id, lock.person.id, lock.createdAt);
}

function refusedEntry(
	place: Place,
	caller: Caller,
	now: Date,
	asked: "lock" | "steal" | "unlock",
	{ code, message }: Refusal,
): AuditEntry {
	return {
		atMs: now.getTime(),
		action: "lock.refused",
		actor: actorOf(caller),
		project: place.project.slug,
		environment: place.environment.slug,
		runId: null,
		run: null,
		data: { asked, code, message },
	};
}

async function write(
	deps: Deps,
	tx: Parameters<typeof holdChain>[0],
	held: HeldChain,
	now: Date,
	place: Place,
	caller: Caller,
	action: AuditAction,
	what: { readonly lock: PersonLock; readonly before?: PersonLock | null; readonly why?: string },
	jobs: readonly JobDraft[],
): Promise<void> {
	const entry: AuditEntry = {
		atMs: now.getTime(),
		action,
		actor: actorOf(caller),
		project: place.project.slug,
		environment: place.environment.slug,
		runId: null,
		run: null,
		data: {
			person: what.lock.person,
			reason: what.lock.reason,
			until: what.lock.until?.toISOString() ?? null,
			...(what.before == null ? {} : { takenFrom: what.before.person }),
			...(what.why === undefined ? {} : { why: what.why }),
		},
	};
	await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [entry], jobs);
}
