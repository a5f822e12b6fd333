import type { Run } from "./run.ts";

/** A deploy or rollback that succeeded at an environment. */
export type Succeeded = Pick<Run, "number" | "type" | "ref" | "rollback">;

/**
 * Where a rollback goes by default: the last run that succeeded there with another SHA than the one it leaves and was not itself rolled
 * back. A SHA counts as rolled back from the moment a rollback took it away, until it succeeds there anew.
 *
 * @param history the last that went live first
 * @param from the SHA that it leaves: of the last run that was at work there, also when that failed half-way
 */
export function rollbackTarget<R extends Succeeded>(history: readonly R[], from: string): R | null {
	// Going back in time: what a newer rollback took away is not a place to go to.
	const takenAway = new Set<string>();
	for (const run of history) {
		if (run.ref.sha !== from && !takenAway.has(run.ref.sha)) return run;
		if (run.type === "rollback" && run.rollback?.fromSha != null) takenAway.add(run.rollback.fromSha);
	}
	return null;
}
