import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { runById, runByNumber } from "../../store/runs.ts";
import { reachOf } from "../../use-cases/identify.ts";
import { isSeen, sightWithin } from "../../use-cases/sight.ts";
import type { Call } from "./endpoint.ts";

type Looking = Pick<Call<unknown, unknown>, "deps" | "token" | "id">;

const UNKNOWN = refusal("unknown_run", "There is no run of this number or id.");
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By number or UUID, as it stands in a path. */
export async function findRun(deps: Deps, id: string): Promise<Outcome<Run>> {
	const run = UUID.test(id) ? await runById(deps.db, id) : await byNumber(deps, id);
	return run === null ? refused(UNKNOWN) : done(run);
}

/** The same, where a token looks: what lies outside of its scope is not there for it. */
export async function findSeenRun({ deps, token, id }: Looking): Promise<Outcome<Run>> {
	const found = await findRun(deps, id);
	if (!found.ok) return found;
	const sight = await sightWithin(deps.db, reachOf(token));
	return isSeen(sight, found.value.environmentId) ? found : refused(UNKNOWN);
}

async function byNumber(deps: Deps, id: string): Promise<Run | null> {
	const number = /^\d{1,10}$/.test(id) ? Number(id) : 0;
	return number < 1 || number > 2_147_483_647 ? null : runByNumber(deps.db, number);
}

export function isUuid(text: string): boolean {
	return UUID.test(text);
}
