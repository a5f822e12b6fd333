import { setTimeout as sleep } from "node:timers/promises";
import { isEnd } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { linesFrom } from "../../store/run-log.ts";
import { runById } from "../../store/runs.ts";

const LOOK_EVERY_MS = 500;
const PAGE = 1_000;
/** Proxies cut what is silent for a minute. */
const WORD_EVERY_MS = 15_000;
/** After a run's end its last lines may still come, from a provider that is asked for them then. */
const LAST_LINES_MS = 5_000;

/** A run's log as server-sent events, each line with its number as id, from `from` on until the run is over and told. */
export async function* followLog(deps: Deps, runId: string, from: number, gone: AbortSignal): AsyncGenerator<string> {
	let next = from;
	let spoken = performance.now();
	let overSince: number | null = null;
	yield ": here it comes\n\n";
	while (!gone.aborted) {
		// Asked before the lines: what was there at its end is told.
		const run = await runById(deps.db, runId);
		const lines = await linesFrom(deps.db, runId, next, PAGE);
		const now = performance.now();
		if (lines.length > 0) {
			yield lines.map(({ n, line }) => `id: ${n}\n${data(line)}\n`).join("");
			next = (lines.at(-1)?.n ?? next) + 1;
			spoken = now;
			overSince = null;
			if (lines.length === PAGE) continue;
		}
		if (run === null || isEnd(run.progress.state)) {
			overSince ??= now;
			if (run === null || next > 0 || now - overSince >= LAST_LINES_MS) {
				yield `event: end\n${data(run?.progress.state ?? "gone")}\n`;
				return;
			}
		}
		if (now - spoken > WORD_EVERY_MS) {
			yield ": still here\n\n";
			spoken = now;
		}
		await sleep(LOOK_EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
	}
}

/** A carriage return within would begin a new line of the protocol. */
function data(line: string): string {
	return `data: ${line.replace(/[\r\n]+/g, " ")}\n`;
}
