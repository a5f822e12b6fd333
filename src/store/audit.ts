import type { DataSource } from "typeorm";
import { type AuditFinding, ChainVerifier } from "../core/audit-chain.ts";
import type { AuditEntry } from "../core/audit-entry.ts";
import { type OpenFile, openCheckpoints } from "./checkpoints.ts";
import { compareCheckpoints } from "./compare-checkpoints.ts";
import type { Sql } from "./runs.ts";
import { untold } from "./untold.ts";

export interface Finding {
	readonly chain: string;
	/** The row that gives it away; 0: the chain as a whole. */
	readonly seq: number;
	readonly problem: AuditFinding["problem"] | "no_head" | "no_chain" | "without_trail" | "checkpoint";
	readonly detail: string;
}

export interface AuditReport {
	readonly rows: number;
	readonly chains: number;
	/** Null: there is no file of checkpoints. */
	readonly checkpoints: number | null;
	readonly findings: readonly Finding[];
}

interface Row {
	readonly chain: string;
	readonly seq: string;
	readonly entry: string;
	readonly previous: Buffer | null;
	readonly hash: Buffer;
}

interface Head {
	readonly seq: number;
	readonly hash: Buffer | null;
}

const PAGE = 5_000;
const MAX_FINDINGS = 1_000;

/** Looks at the whole trail, as it stood at one moment, while work goes on: every row, every end of a chain, and what has to be told of. */
export async function verifyAudit(
	store: { readonly db: DataSource; readonly auditKey: Buffer },
	/** Where checkpoints lie; null: there are none. */
	dataDir: string | null,
	/** Told now and then how many rows were looked at. */
	progress: (rows: number) => Promise<void> = async () => {},
): Promise<AuditReport> {
	// Before the snapshot: what they name has to be in there.
	const files = dataDir === null ? [] : await openCheckpoints(dataDir);
	try {
		return await store.db.transaction("REPEATABLE READ", (tx) => verifyIn(tx, store.auditKey, files, progress));
	} finally {
		for (const { file } of files) await file.close();
	}
}

async function verifyIn(
	tx: Sql,
	auditKey: Buffer,
	files: readonly OpenFile[],
	progress: (rows: number) => Promise<void>,
): Promise<AuditReport> {
	const findings: Finding[] = [];
	const say = (finding: Finding | null) => {
		if (finding !== null && findings.length < MAX_FINDINGS) findings.push(finding);
	};
	const walked = await walkChains(tx, auditKey, await readHeads(tx), say, progress);
	const checkpoints = files.length === 0 ? null : await compareCheckpoints(tx, auditKey, files, say);
	for (const finding of await untold(tx, MAX_FINDINGS)) say(finding);
	say(await strayRows(tx, walked.rows));
	return { ...walked, checkpoints, findings };
}

async function walkChains(
	sql: Sql,
	auditKey: Buffer,
	heads: Map<string, Head>,
	say: (finding: Finding | null) => void,
	progress: (rows: number) => Promise<void>,
): Promise<{ rows: number; chains: number }> {
	type Walk = { readonly chain: string; readonly verifier: ChainVerifier };
	let current = null as Walk | null;
	let rows = 0;
	let chains = 0;
	const finish = (chain: string, verifier: ChainVerifier) => {
		const head = heads.get(chain);
		heads.delete(chain);
		if (head !== undefined) say(verifier.end(head));
		else say({ chain, seq: 0, problem: "no_head", detail: "the chain has rows and no head" });
	};
	for await (const page of streamChains(sql)) {
		await progress(rows);
		for (const row of page) {
			if (current?.chain !== row.chain) {
				if (current !== null) finish(current.chain, current.verifier);
				current = { chain: row.chain, verifier: new ChainVerifier(auditKey, row.chain) };
				chains += 1;
			}
			rows += 1;
			say(current.verifier.next({ ...row, seq: Number(row.seq) }));
		}
	}
	if (current !== null) finish(current.chain, current.verifier);
	// Heads that are left have no rows: right for a chain in which nothing happened yet.
	for (const chain of [...heads.keys()]) finish(chain, new ChainVerifier(auditKey, chain));
	return { rows, chains };
}

/** In pages by key: constant memory, and no cursor that holds the server's. The next page is read while this one is looked at. */
async function* streamChains(sql: Sql): AsyncGenerator<readonly Row[]> {
	const read = async (after: readonly [string, string]): Promise<Row[]> =>
		sql.query(
			`SELECT chain, seq, entry, previous, hash FROM audit_entry WHERE (chain, seq) > ($1, $2::bigint)
			 ORDER BY chain, seq LIMIT ${PAGE}`,
			[...after],
		);
	let next: Promise<Row[]> | null = read(["", "0"]);
	while (next !== null) {
		const rows: Row[] = await next;
		const last = rows.at(-1);
		next = last === undefined || rows.length < PAGE ? null : read([last.chain, last.seq]);
		// A failure is thrown where it is awaited.
		next?.catch(() => {});
		yield rows;
	}
}

async function readHeads(sql: Sql): Promise<Map<string, Head>> {
	const rows: { chain: string; seq: string; hash: Buffer | null }[] = await sql.query(
		"SELECT chain, seq, hash FROM chain_head",
	);
	return new Map(rows.map((row) => [row.chain, { seq: Number(row.seq), hash: row.hash }]));
}

/** Rows that no walk meets: without a number, or with one that another row has. */
async function strayRows(sql: Sql, walked: number): Promise<Finding | null> {
	const [total]: { n: string }[] = await sql.query("SELECT count(*) AS n FROM audit_entry");
	const stray = Number(total?.n ?? 0) - walked;
	const detail = `${stray} rows have no number, or one that another row has`;
	return stray === 0 ? null : { chain: "", seq: 0, problem: "added", detail };
}

export interface AuditFilter {
	readonly project?: string;
	readonly environment?: string;
	readonly since?: Date;
}

export interface AuditLine extends AuditEntry {
	readonly chain: string;
	readonly seq: number;
	/** Hex. */
	readonly hash: string;
}

/** The trail in the order of time. */
export async function* readAudit(sql: Sql, filter: AuditFilter): AsyncGenerator<AuditLine> {
	let after: readonly unknown[] = [filter.since?.getTime() ?? 0, "", 0];
	for (;;) {
		const rows: (Row & { at_ms: string })[] = await sql.query(
			`SELECT chain, seq, entry, hash, at_ms FROM audit_entry WHERE (at_ms, chain, seq) > ($1::bigint, $2, $3::bigint)
			 AND ($4::text IS NULL OR project = $4) AND ($5::text IS NULL OR environment = $5)
			 ORDER BY at_ms, chain, seq LIMIT ${PAGE}`,
			[...after, filter.project ?? null, filter.environment ?? null],
		);
		for (const { chain, seq, hash, entry } of rows)
			yield { chain, seq: Number(seq), hash: hash.toString("hex"), ...(JSON.parse(entry) as AuditEntry) };
		const last = rows.at(-1);
		if (last === undefined || rows.length < PAGE) return;
		after = [last.at_ms, last.chain, last.seq];
	}
}
