import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { evidenceOf, putEvidence, waitingRuns } from "../store/runs.ts";
import { advanceRun } from "./advance-run.ts";
import { placeById, policyOf } from "./catalog.ts";
import { chatJobs } from "./chat-jobs.ts";
import { ciOf, gatherEvidence } from "./gather-evidence.ts";

/** As many as people decide on; each may take seconds at its provider. */
const MOST = 20;

/** What is live changed: what approvers are shown is gathered anew, and their cards with it. What was decided meanwhile stays as it was shown. */
export async function refreshEvidence(deps: Deps, environmentId: string): Promise<"done"> {
	const waiting = await waitingRuns(deps.db, environmentId);
	const undecided = waiting.filter(({ progress }) => progress.state === "waiting_approval");
	for (const run of undecided.slice(0, MOST)) await refresh(deps, run);
	return "done";
}

async function refresh(deps: Deps, run: Run): Promise<void> {
	if ((await evidenceOf(deps.db, run.id)) === null) return;
	const place = await placeById(deps.db.manager, run.environmentId);
	const policy = await policyOf(deps.db.manager, place.environment.policy);
	const asksForCi = policy.ok && policy.policy.ci.mode !== "off" && place.integration.provider !== "runner";
	const ci = asksForCi ? await ciOf(deps, place, run.ref.sha) : null;
	const gathered = await gatherEvidence(deps, place, run.ref, ci);
	// It is one of those who wait, and is not named as such on its own card.
	const evidence = { ...gathered, waiting: gathered.waiting.filter((number) => number !== run.number) };
	await advanceRun(deps, run, async (fresh, tx) => {
		if (fresh.progress.state !== "waiting_approval") return null;
		await putEvidence(tx, fresh.id, evidence);
		return { audit: [], jobs: chatJobs(fresh, place.environment.channels, []) };
	});
}
