import type { EntityManager } from "typeorm";
import { MASK, maskLog } from "../core/mask-log.ts";
import type { Deps } from "../deps.ts";
import type { IntegrationRow } from "../store/entities.ts";
import { addLines, type LogLine, linesFrom, nextLine, replaceLines } from "../store/run-log.ts";

/** A secret may have begun in lines that came before: the longest private keys have fewer lines. */
const LOOK_BACK = 200;
/** No secret is longer; lines that are long must not make each post of a few slow. */
const LOOK_BACK_LETTERS = 65_536;
/** What is kept of a line. Cut when it is masked: half a secret is not known as one. */
const LONGEST_LINE = 8_192;

/** Of one run. */
export const MOST_LOG_LINES = 200_000;
const REST_LEFT_OUT = `The log ends here: it is longer than ${MOST_LOG_LINES} lines. The work goes on, and the rest is left out.`;

/** As `addLog`, for whoever cannot be told to stop: beyond the limit there is one line that says so, and nothing else. */
export async function addLogWithin(
	deps: Deps,
	tx: EntityManager,
	run: Parameters<typeof addLog>[2],
	from: number,
	lines: readonly string[],
): Promise<void> {
	if (from > MOST_LOG_LINES) return;
	const kept = lines.slice(0, MOST_LOG_LINES - from);
	await addLog(deps, tx, run, from, kept.length === lines.length ? lines : [...kept, REST_LEFT_OUT]);
}

/** Adds lines from number `from` without the secrets in them, nor what the lines before turn out to have begun. */
export async function addLog(
	deps: Deps,
	tx: EntityManager,
	run: { readonly id: string; readonly integration: IntegrationRow },
	from: number,
	lines: readonly string[],
): Promise<void> {
	const secrets = deps.secretsOf(run.integration);
	const first = Math.max(0, from - LOOK_BACK);
	const before = near((await linesFrom(tx, run.id, first, LOOK_BACK)).filter(({ n }) => n < from));
	const all = [...before.map(({ line }) => line), ...lines];
	// Without them nobody knows what is to be masked.
	const clean = secrets === null ? all.map(() => MASK) : maskLog(all, secrets, before.length).map(cut);
	const begun = before.flatMap(({ n, line }, index) => {
		const now = clean[index] ?? "";
		return now === line ? [] : [{ n, line: now }];
	});
	if (begun.length > 0) await replaceLines(tx, run.id, begun);
	await addLines(tx, run.id, from, clean.slice(before.length), deps.now());
}

/** The last ones that are not too long together. */
function near(lines: readonly LogLine[]): readonly LogLine[] {
	let letters = 0;
	const far = lines.findLastIndex(({ line }) => {
		letters += line.length;
		return letters > LOOK_BACK_LETTERS;
	});
	return lines.slice(far + 1);
}

function cut(line: string): string {
	return line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE - 1).replace(/\p{Cs}$/u, "")}…`;
}

/** One after the other, so that no two take the same numbers. Gives where the next line goes. */
export async function holdLog(tx: EntityManager, runId: string): Promise<number> {
	await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`run_log:${runId}`]);
	return nextLine(tx, runId);
}
