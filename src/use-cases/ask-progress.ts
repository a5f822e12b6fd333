import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Platform } from "../ports/chat.ts";
import { enqueue } from "../store/jobs.ts";
import { hurryProgress } from "../store/run-progress.ts";
import type { Place } from "./catalog.ts";
import type { CardJob } from "./chat-jobs.ts";

/**
 * A provider said something of a run: its jobs and steps are shown in its thread from now on, and looked at soon. One piece of work for
 * a run and platform, which comes round until the run is over.
 */
export async function askProgress(deps: Deps, run: Run, { environment, integration }: Place): Promise<void> {
	// A runner has no steps: it has a log.
	if (integration.provider === "runner") return;
	const now = deps.now();
	for (const [platform, channel] of Object.entries(environment.channels) as [Platform, string][]) {
		const payload: CardJob = { platform, channel };
		await enqueue(
			deps.db,
			{ kind: "progress", runId: run.id, dedupeKey: `progress:${run.id}:${platform}`, payload },
			now,
		);
	}
	await hurryProgress(deps.db, run.id, now);
	deps.wake();
}
