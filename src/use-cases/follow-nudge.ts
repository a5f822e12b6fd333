import type { Deps } from "../deps.ts";
import type { WebhookContent } from "../ports/pipeline.ts";
import { runsAtWorkKnownAs } from "../store/runs.ts";
import { askAfter } from "./ask-after.ts";
import { providerSpoke } from "./provider-spoke.ts";

/**
 * A webhook that names a run and cannot be taken at its word: what it is about is read from the provider. False: no run at work goes
 * by that name in this repository of this integration, and nobody was asked.
 */
export async function followNudge(
	deps: Deps,
	integrationId: string,
	nudge: Extract<WebhookContent, { kind: "nudge" }>,
): Promise<boolean> {
	const runs = await runsAtWorkKnownAs(deps.db, integrationId, nudge.repository, nudge.run);
	for (const run of runs) {
		await askAfter(deps, run);
		await providerSpoke(deps, run.id);
	}
	return runs.length > 0;
}
