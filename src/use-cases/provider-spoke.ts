import type { Deps } from "../deps.ts";
import { delayPoll } from "../store/jobs.ts";

/** A run is asked after when its provider has been silent for DRAVEN_POLL_INTERVAL: its silence begins anew. */
export async function providerSpoke(deps: Deps, runId: string): Promise<void> {
	await delayPoll(deps.db, runId, new Date(deps.now().getTime() + deps.pollIntervalSeconds * 1_000));
}
