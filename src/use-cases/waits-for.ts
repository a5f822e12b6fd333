import type { PersonLock } from "../core/person-lock.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { isSameHuman } from "../store/accounts.ts";
import { personLock } from "../store/locks.ts";
import { activeRun, queuedRuns, type Sql } from "../store/runs.ts";
import { heldBy } from "../words/refusal-words.ts";

/** What a run is queued behind, from that word on; null: nothing, it is next. */
export async function waitsFor(deps: Deps, run: Run): Promise<string | null> {
	const active = await activeRun(deps.db, run.environmentId);
	if (active !== null) return `behind #${active.number}, which is at work there`;
	const lock = await lockInTheWay(deps, run);
	if (lock !== null) return `behind the lock of ${heldBy(lock)}`;
	const before = (await queuedRuns(deps.db, run.environmentId)).findIndex((one) => one.id === run.id);
	return before > 0 ? `behind ${before === 1 ? "one other" : `${before} others`}` : null;
}

/** The lock of a person that stops a run; their own runs pass, by whichever of their accounts. */
export async function lockInTheWay(
	deps: Deps,
	run: Pick<Run, "environmentId" | "requestedBy" | "createdAt">,
): Promise<PersonLock | null> {
	const lock = await personLock(deps.db, run.environmentId, deps.now());
	return lock === null || (await passesLock(deps.db, lock, run)) ? null : lock;
}

export async function passesLock(
	sql: Sql,
	lock: PersonLock,
	run: Pick<Run, "requestedBy" | "createdAt">,
): Promise<boolean> {
	const since = new Date(Math.min(run.createdAt.getTime(), lock.createdAt.getTime()));
	return isSameHuman(sql, lock.person.id, run.requestedBy.id, since);
}
