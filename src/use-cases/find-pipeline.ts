import { type Run, startedAtOf } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { PipelinePort, PipelineReport } from "../ports/pipeline.ts";
import { lastCallOf } from "../store/noted.ts";
import type { Place } from "./catalog.ts";

/** Looks for what was started for a run, and for nothing that was there before its call. */
export async function findPipeline(
	deps: Deps,
	place: Place,
	port: PipelinePort,
	run: Run,
): Promise<PipelineReport | null> {
	const since = (await lastCallOf(deps.db, run.id)) ?? startedAtOf(run) ?? run.createdAt;
	return port.find(place.pipeline, run.id, since, { ref: run.ref, type: run.type });
}
