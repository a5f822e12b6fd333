import type { PersonLock } from "../core/person-lock.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { personLock } from "../store/locks.ts";
import { activeRun, queuedRuns } from "../store/runs.ts";
import { heldBy } from "../words/refusal-words.ts";

/** In words, what a queued run waits for; null: nothing, it is next. */
export async function waitsFor(deps: Deps, run: Run): Promise<string | null> {
	const active = await activeRun(deps.db, run.environmentId);
	if (active !== null) return `waits for #${active.number}, which is at work there`;
	const lock = await lockInTheWay(deps, run);
	if (lock !== null) return `waits, the environment is locked by ${heldBy(lock)}`;
	const before = (await queuedRuns(deps.db, run.environmentId)).findIndex((one) => one.id === run.id);
	return before > 0 ? `${before} before it` : null;
}

/** The lock of a person that stops a run; their own runs pass. */
export async function lockInTheWay(
	deps: Deps,
	{ environmentId, requestedBy }: Pick<Run, "environmentId" | "requestedBy">,
): Promise<PersonLock | null> {
	const lock = await personLock(deps.db, environmentId, deps.now());
	return lock === null || lock.person.id === requestedBy.id ? null : lock;
}
