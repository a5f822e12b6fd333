import { setTimeout as sleep } from "node:timers/promises";
import { isEnd, type Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { hasOpenJob } from "../../store/jobs.ts";
import { type LogLine, linesFrom } from "../../store/run-log.ts";
import { runById } from "../../store/runs.ts";

const LOOK_EVERY_MS = 500;
const PAGE = 1_000;
/** Proxies cut what is silent for a minute. */
const WORD_EVERY_MS = 15_000;
/** A run is told as over when nothing came for so long after its end: its pipeline may still be adding its last lines. */
const QUIET_MS = 5_000;

/** A run's log as server-sent events, each line with its number as id, from `from` on until the run is over and its log whole. */
export async function* followLog(
	deps: Deps,
	runId: string,
	from: number,
	gone: AbortSignal,
	tell: (lines: readonly LogLine[]) => string = eachAlone,
): AsyncGenerator<string> {
	let next = from;
	let spoken = performance.now();
	let overSince: number | null = null;
	let lastLineAt = 0;
	yield ": here it comes\n\n";
	while (!gone.aborted) {
		// Asked before the lines: what was there at its end is told.
		const run = await runById(deps.db, runId);
		const isFetched = !(await hasOpenJob(deps.db, runId, "fetch_log"));
		const lines = await linesFrom(deps.db, runId, next, PAGE);
		const now = performance.now();
		if (lines.length > 0) {
			yield tell(lines);
			next = (lines.at(-1)?.n ?? next) + 1;
			spoken = now;
			overSince = null;
			lastLineAt = lines.at(-1)?.at.getTime() ?? lastLineAt;
			if (lines.length === PAGE) continue;
		}
		if (run === null || (isEnd(run.progress.state) && isFetched)) {
			overSince ??= now;
			if (run === null || isLongOver(run, lastLineAt, deps.now()) || now - overSince >= QUIET_MS) {
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

function eachAlone(lines: readonly LogLine[]): string {
	return lines.map(({ n, line }) => `id: ${n}\n${data(line)}\n`).join("");
}

/** Nobody waits for what ended long ago, or never began. */
function isLongOver({ progress }: Run, lastLineAt: number, now: Date): boolean {
	if (!("finishedAt" in progress)) return false;
	if (progress.startedAt === null) return true;
	return now.getTime() - Math.max(progress.finishedAt.getTime(), lastLineAt) >= QUIET_MS;
}

/** A carriage return within would begin a new line of the protocol. */
function data(line: string): string {
	return `data: ${line.replace(/[\r\n]+/g, " ")}\n`;
}
