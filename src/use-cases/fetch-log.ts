import type { EntityManager } from "typeorm";
import { seen } from "../core/log-view.ts";
import { externalOf } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { linesFrom } from "../store/run-log.ts";
import { runById } from "../store/runs.ts";
import { addLogWithin, holdLog } from "./add-log.ts";
import { placeById } from "./catalog.ts";

/** Milliseconds after a run's end in which its provider may still be writing the log, and how often it is asked. */
const WRITTEN_WITHIN = 3 * 60_000;
const AGAIN = 15_000;
const AT_ONCE = 2_000;
const FROM_PROVIDER = "The provider's own log, without the lines that were pushed:";

/** At the end of a run its provider's log is kept here, after the lines that the pipeline pushed itself. */
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

/** What a pipeline pushed stays as it is, and its lines are not told twice: so a second time nothing is added either. */
async function keep(deps: Deps, run: Parameters<typeof addLogWithin>[2], lines: readonly string[]): Promise<void> {
	await deps.db.transaction(async (tx) => {
		let next = await holdLog(tx, run.id);
		const rest = next === 0 ? lines : await notThere(tx, run.id, lines);
		if (rest.length === 0) return;
		const told = next === 0 ? rest : [`── ${FROM_PROVIDER}`, ...rest];
		for (let n = 0; n < told.length; n += AT_ONCE) {
			const some = told.slice(n, n + AT_ONCE);
			await addLogWithin(deps, tx, run, next, some);
			next += some.length;
		}
	});
}

/** Without each line that is there already, as often as it is there. */
async function notThere(tx: EntityManager, runId: string, lines: readonly string[]): Promise<readonly string[]> {
	const there = new Map(lines.map((line) => [asRead(line), 0]));
	for (let from = 0; ; from += AT_ONCE) {
		const page = await linesFrom(tx, runId, from, AT_ONCE);
		for (const { line } of page) {
			const known = there.get(asRead(line));
			if (known !== undefined) there.set(asRead(line), known + 1);
		}
		if (page.length < AT_ONCE) break;
	}
	return lines.filter((line) => {
		const left = there.get(asRead(line)) ?? 0;
		there.set(asRead(line), left - 1);
		return left < 1;
	});
}

function asRead(line: string): string {
	return seen(line).trim();
}
