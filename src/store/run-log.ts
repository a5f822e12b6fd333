import type { Sql } from "./runs.ts";

export interface LogLine {
	/** From 0, without gaps. */
	readonly n: number;
	readonly at: Date;
	readonly line: string;
}

/** Adds lines from number `from`; those that are there already stay as they are, so a repeated post is harmless. */
export async function addLines(
	sql: Sql,
	runId: string,
	from: number,
	lines: readonly string[],
	now: Date,
): Promise<void> {
	await sql.query(
		`INSERT INTO run_log (run_id, n, at, line)
		 SELECT $1, $2 + ordinality - 1, $4, line FROM unnest($3::text[]) WITH ORDINALITY AS u(line, ordinality) ON CONFLICT DO NOTHING`,
		// Postgres holds no NUL in text.
		[runId, from, lines.map((line) => line.replaceAll("\0", "�")), now],
	);
}

export async function replaceLines(
	sql: Sql,
	runId: string,
	lines: readonly Pick<LogLine, "n" | "line">[],
): Promise<void> {
	await sql.query(
		`UPDATE run_log SET line = u.line FROM unnest($2::int[], $3::text[]) AS u(n, line)
		 WHERE run_log.run_id = $1 AND run_log.n = u.n`,
		[runId, lines.map(({ n }) => n), lines.map(({ line }) => line)],
	);
}

export async function linesFrom(sql: Sql, runId: string, from: number, limit: number): Promise<LogLine[]> {
	return sql.query("SELECT n, at, line FROM run_log WHERE run_id = $1 AND n >= $2 ORDER BY n LIMIT $3", [
		runId,
		from,
		limit,
	]);
}

export async function lastLines(sql: Sql, runId: string, limit: number): Promise<LogLine[]> {
	const rows: LogLine[] = await sql.query(
		"SELECT n, at, line FROM run_log WHERE run_id = $1 ORDER BY n DESC LIMIT $2",
		[runId, limit],
	);
	return rows.reverse();
}

/** The last lines in which a text is, in whatever case, and how many there are in all. */
export async function matchingLines(
	sql: Sql,
	runId: string,
	text: string,
	limit: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly count: number }> {
	const rows: (LogLine & { count: number })[] = await sql.query(
		`SELECT n, at, line, count(*) OVER ()::int AS count FROM run_log
		 WHERE run_id = $1 AND position(lower($2) IN lower(line)) > 0 ORDER BY n DESC LIMIT $3`,
		[runId, text, limit],
	);
	return { lines: rows.reverse(), count: rows[0]?.count ?? 0 };
}

/** Where the next line goes. */
export async function nextLine(sql: Sql, runId: string): Promise<number> {
	const rows: { n: number }[] = await sql.query("SELECT coalesce(max(n) + 1, 0) AS n FROM run_log WHERE run_id = $1", [
		runId,
	]);
	return rows[0]?.n ?? 0;
}
