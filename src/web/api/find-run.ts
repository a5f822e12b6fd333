import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { runById, runByNumber } from "../../store/runs.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By number or UUID, as it stands in a path. */
export async function findRun(deps: Deps, id: string): Promise<Outcome<Run>> {
	const run = UUID.test(id) ? await runById(deps.db, id) : await byNumber(deps, id);
	return run === null ? refused(refusal("unknown_run", "There is no run of this number or id.")) : done(run);
}

async function byNumber(deps: Deps, id: string): Promise<Run | null> {
	const number = /^\d{1,10}$/.test(id) ? Number(id) : 0;
	return number < 1 || number > 2_147_483_647 ? null : runByNumber(deps.db, number);
}

export function isUuid(text: string): boolean {
	return UUID.test(text);
}
