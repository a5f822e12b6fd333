import type { AuditEntry } from "../core/audit-entry.ts";
import type { Sql } from "./runs.ts";

/** An entry and its place on the trail. */
export interface PlacedEntry {
	readonly chain: string;
	readonly seq: number;
	readonly entry: AuditEntry;
}

export interface AuditFilter {
	readonly project?: string | undefined;
	readonly environment?: string | undefined;
	readonly runId?: string | undefined;
	readonly action?: string | undefined;
	/** Not before. */
	readonly since?: Date | undefined;
	/** Before. */
	readonly until?: Date | undefined;
	/** Only entries in which this text is, in whatever case, of the newest SEARCHED that fit everything else. */
	readonly text?: string | undefined;
	/** Only what lies on the chains of these environments; null, or left out: on every chain. */
	readonly sight?: ReadonlySet<string> | null | undefined;
	/** Only what is older than this one: where the last page ended. */
	readonly after?: { readonly atMs: number; readonly chain: string; readonly seq: number } | undefined;
	readonly limit: number;
}

/** A search reads every entry: of so many at most, so that it ends. */
export const SEARCHED = 50_000;

interface Row {
	chain: string;
	seq: string;
	entry: string;
}

const placed = (row: Row): PlacedEntry => ({
	chain: row.chain,
	seq: Number(row.seq),
	entry: JSON.parse(row.entry) as AuditEntry,
});

/** Newest first. */
export async function auditPage(sql: Sql, filter: AuditFilter): Promise<PlacedEntry[]> {
	const conditions: string[] = ["true"];
	const values: unknown[] = [];
	const add = (value: unknown, condition: (placeholder: string) => string) => {
		if (value === undefined) return;
		values.push(value);
		conditions.push(condition(`$${values.length}`));
	};
	const { sight = null } = filter;
	const isPlaced = filter.project !== undefined || filter.environment !== undefined;
	const chains = isPlaced ? await chainsOf(sql, filter) : sight === null ? undefined : [...sight];
	add(
		chains?.filter((chain) => sight === null || sight.has(chain)),
		(p) => `chain = ANY(${p}::text[])`,
	);
	add(filter.runId, (p) => `run_id = ${p}`);
	add(filter.action, (p) => `action = ${p}`);
	add(filter.since?.getTime(), (p) => `at_ms >= ${p}`);
	add(filter.until?.getTime(), (p) => `at_ms < ${p}`);
	if (filter.after !== undefined) {
		const { atMs, chain, seq } = filter.after;
		values.push(atMs, chain, seq);
		const [a, c, s] = [values.length - 2, values.length - 1, values.length];
		conditions.push(`(at_ms, chain, seq) < ($${a}::bigint, $${c}::text, $${s}::bigint)`);
	}
	const newest = `SELECT chain, seq, at_ms, entry FROM audit_entry WHERE ${conditions.join(" AND ")} ORDER BY at_ms DESC, chain DESC, seq DESC`;
	const { text } = filter;
	const from =
		text === undefined
			? newest
			: `SELECT * FROM (${newest} LIMIT ${SEARCHED}) AS looked_at WHERE position(lower($${values.push(text)}) IN lower(entry)) > 0`;
	const rows: Row[] = await sql.query(
		`${from} ${text === undefined ? "" : "ORDER BY at_ms DESC, chain DESC, seq DESC"} LIMIT $${values.push(filter.limit)}`,
		values,
	);
	return rows.map(placed);
}

const AT_ONCE = 2_000;

/**
 * Everything that fits, newest first, page by page. What is written down is never changed, and what is new comes before the first page:
 * so it is the trail as it stood when it began, each entry once, and whoever reads slowly holds no connection.
 */
export async function* everyEntry(
	sql: Sql,
	{ text, ...filter }: Omit<AuditFilter, "limit">,
): AsyncGenerator<readonly PlacedEntry[]> {
	const wanted = text?.toLowerCase();
	for (let after = filter.after; ; ) {
		const page = await auditPage(sql, { ...filter, after, limit: AT_ONCE });
		const fits = page.filter(
			({ entry }) => wanted === undefined || JSON.stringify(entry).toLowerCase().includes(wanted),
		);
		if (fits.length > 0) yield fits;
		const last = page.at(-1);
		if (last === undefined || page.length < AT_ONCE) return;
		after = { atMs: last.entry.atMs, chain: last.chain, seq: last.seq };
	}
}

/** The chains of environments: what belongs to one lies there and nowhere else, and the chain is what there is an index for. */
async function chainsOf(sql: Sql, { project, environment }: AuditFilter): Promise<string[]> {
	const rows: { chain: string }[] = await sql.query(
		`SELECT environment.id::text AS chain FROM environment JOIN project ON project.id = environment.project_id
		 WHERE ($1::text IS NULL OR project.slug = $1) AND ($2::text IS NULL OR environment.slug = $2)`,
		[project ?? null, environment ?? null],
	);
	return rows.map(({ chain }) => chain);
}

/** What the trail says of one run after `seq`, in order: its whole story lies on one chain. */
export async function storyOf(sql: Sql, runId: string, seq: number, limit: number): Promise<PlacedEntry[]> {
	const rows: Row[] = await sql.query(
		"SELECT chain, seq, entry FROM audit_entry WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
		[runId, seq, limit],
	);
	return rows.map(placed);
}

/** The rows of a run's story as they are hashed, for whoever checks them elsewhere. */
export async function hashedStoryOf(
	sql: Sql,
	runId: string,
): Promise<{ chain: string; seq: string; entry: string; previous: string | null; hash: string }[]> {
	return sql.query(
		`SELECT chain, seq, entry, encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash
		 FROM audit_entry WHERE run_id = $1 ORDER BY seq`,
		[runId],
	);
}
