import { externalOf, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { placeById } from "./catalog.ts";
import { recordReport } from "./record-report.ts";

/** Asks the provider how a run stands now, and records what it says; nothing when its id there is not known (yet). `canWait`: see the port. */
export async function askAfter(deps: Deps, run: Run, canWait = false): Promise<void> {
	const external = externalOf(run);
	if (external === null) return;
	const place = await placeById(deps.db.manager, run.environmentId);
	const report = await deps.pipelineOf(place.integration).report(place.pipeline, external.externalId, canWait);
	if (report !== null) await recordReport(deps, place.integration.id, { ...report, jobId: run.id });
}
