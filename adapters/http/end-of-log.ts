import { EARLIER_LEFT_OUT } from "../../src/core/log-cut.ts";

const LINES = 10_000;
/** What is kept of a log, and so what is worth reading of one job's. */
export const LOG_BYTES = 2_000_000;

/** The end of a log that is longer than what is kept of one, under a line that says so. */
export function endOfLog(lines: readonly string[]): readonly string[] {
	if (firstThatFits(lines, LINES, 0) === 0) return lines;
	const from = firstThatFits(lines, LINES - 1, bytesOf(EARLIER_LEFT_OUT));
	return [EARLIER_LEFT_OUT, ...lines.slice(from)];
}

function firstThatFits(lines: readonly string[], most: number, taken: number): number {
	let size = taken;
	let from = lines.length;
	while (from > 0 && lines.length - from < most) {
		size += bytesOf(lines[from - 1] ?? "");
		if (size > LOG_BYTES) break;
		from -= 1;
	}
	return from;
}

function bytesOf(line: string): number {
	return Buffer.byteLength(line) + 1;
}
