import { externalOf } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { runById } from "../store/runs.ts";
import { addLog, holdLog } from "./add-log.ts";
import { placeById } from "./catalog.ts";

/** Milliseconds after a run's end in which its provider may still be writing the log, and how often it is asked. */
const WRITTEN_WITHIN = 3 * 60_000;
const AGAIN = 15_000;
const AT_ONCE = 2_000;

/** At the end of a run its provider's log is kept here, unless the pipeline pushed its lines itself. */
export async function fetchLog(deps: Deps, runId: string): Promise<{ readonly again: Date } | "done"> {
	const run = await runById(deps.db, runId);
	const external = run === null ? null : externalOf(run);
	if (run === null || external === null || !("finishedAt" in run.progress)) return "done";
	const { integration, pipeline } = await placeById(deps.db.manager, run.environmentId);
	// Runners send theirs while they work.
	if (integration.provider === "runner") return "done";
	const now = deps.now().getTime();
	const inTime = now - run.progress.finishedAt.getTime() < WRITTEN_WITHIN;
	try {
		const lines = await deps.pipelineOf(integration).log(pipeline, external.externalId);
		if (lines !== null && lines.length > 0) await keep(deps, { id: run.id, integration }, lines);
		else if (inTime) return { again: new Date(now + AGAIN) };
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		deps.log.warn({ run: run.number, err: error }, "the log of a run could not be fetched");
		if (inTime && error.passing) return { again: new Date(now + AGAIN) };
	}
	return "done";
}

async function keep(deps: Deps, run: Parameters<typeof addLog>[2], lines: readonly string[]): Promise<void> {
	await deps.db.transaction(async (tx) => {
		if ((await holdLog(tx, run.id)) > 0) return;
		for (let from = 0; from < lines.length; from += AT_ONCE)
			await addLog(deps, tx, run, from, lines.slice(from, from + AT_ONCE));
	});
}
