const LINES = 10_000;
/** What is kept of a log, and so what is worth reading of one job's. */
export const LOG_BYTES = 2_000_000;

/** The end of a log that is longer than what is kept of one. */
export function endOfLog(lines: readonly string[]): readonly string[] {
	let size = 0;
	let from = lines.length;
	while (from > 0 && lines.length - from < LINES) {
		size += Buffer.byteLength(lines[from - 1] ?? "") + 1;
		if (size > LOG_BYTES) break;
		from -= 1;
	}
	return lines.slice(from);
}
