import type { Run } from "../core/run.ts";
import type { RuleVerdict } from "../core/verdict.ts";
import type { Deps } from "../deps.ts";
import { freezesOf } from "../store/freezes.ts";
import { type Place, placeById } from "./catalog.ts";
import { frozenNow } from "./frozen-now.ts";

/**
 * The freeze that keeps a run from being approved; null: there is none, or nobody has to approve it. What is approved during a freeze would
 * only be superseded on its way: it stays as it is, and can be approved afterwards.
 */
export async function frozenWaiting(deps: Deps, run: Run, where: Place | null = null): Promise<RuleVerdict | null> {
	if (run.progress.state !== "waiting_approval") return null;
	const place = where ?? (await placeById(deps.db.manager, run.environmentId));
	const now = deps.now();
	const byHand = await freezesOf(deps.db, { project: run.project, environment: run.environment }, now);
	return frozenNow(deps.db.manager, place, run, byHand, now);
}
