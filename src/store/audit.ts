import type { DataSource, EntityManager } from "typeorm";
import { type AuditFinding, ChainVerifier } from "../core/audit-chain.ts";
import type { AuditEntry } from "../core/audit-entry.ts";
import { type Checkpoint, readCheckpoints } from "./checkpoints.ts";
import type { Sql } from "./runs.ts";

export interface Finding {
	readonly chain: string;
	/** The row that gives it away; 0: the chain as a whole. */
	readonly seq: number;
	readonly problem: AuditFinding["problem"] | "no_head" | "no_chain" | "run_without_trail" | "checkpoint";
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

/** Looks at the whole trail, as it stood at one moment, while work goes on: every row, every end of a chain, every run. */
export async function verifyAudit(
	store: { readonly db: DataSource; readonly auditKey: Buffer },
	/** Where checkpoints lie; null: there are none. */
	dataDir: string | null,
): Promise<AuditReport> {
	// Before the snapshot: what it names has to be in there.
	const file = dataDir === null ? null : await readCheckpoints(store.auditKey, dataDir);
	return store.db.transaction("REPEATABLE READ", async (tx) => {
		const heads = await readHeads(tx);
		const findings: Finding[] = [];
		const say = (finding: Finding | null) => {
			if (finding !== null && findings.length < MAX_FINDINGS) findings.push(finding);
		};
		const expected = expectedRows(file?.checkpoints ?? []);
		const walked = await walkChains(tx, store.auditKey, heads, say, (row) => {
			const rows = expected.get(row.chain);
			if (rows?.get(Number(row.seq))?.hash === row.hash.toString("hex")) rows.delete(Number(row.seq));
		});
		for (const [chain, rows] of expected)
			for (const [seq, { at }] of rows)
				say({ chain, seq, problem: "checkpoint", detail: `row ${seq} is not the one that was there at ${at}` });
		for (const line of file?.forged ?? [])
			say({
				chain: "",
				seq: 0,
				problem: "checkpoint",
				detail: `line ${line} of the checkpoints was not written by DRAVEN`,
			});
		for (const finding of await lookAround(tx, walked.rows)) say(finding);
		return { ...walked, checkpoints: file?.checkpoints.length ?? null, findings };
	});
}

async function walkChains(
	sql: Sql,
	auditKey: Buffer,
	heads: Map<string, Head>,
	say: (finding: Finding | null) => void,
	see: (row: Row) => void,
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
	for await (const page of streamChains(sql))
		for (const row of page) {
			if (current?.chain !== row.chain) {
				if (current !== null) finish(current.chain, current.verifier);
				current = { chain: row.chain, verifier: new ChainVerifier(auditKey, row.chain) };
				chains += 1;
			}
			rows += 1;
			see(row);
			say(current.verifier.next({ ...row, seq: Number(row.seq) }));
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

/** What has to have a trail and has none: a chain that was taken out whole shows here. */
async function lookAround(tx: EntityManager, walked: number): Promise<Finding[]> {
	const chains: { chain: string; name: string }[] = await tx.query(
		`SELECT c.chain, c.name FROM (
			SELECT 'system' AS chain, 'the system' AS name
			UNION ALL SELECT e.id::text, p.slug || '/' || e.slug FROM environment AS e JOIN project AS p ON p.id = e.project_id
		 ) AS c WHERE NOT EXISTS (SELECT FROM chain_head AS h WHERE h.chain = c.chain)`,
	);
	const runs: { chain: string; number: number }[] = await tx.query(
		`SELECT environment_id::text AS chain, number FROM run
		 WHERE NOT EXISTS (SELECT FROM audit_entry AS a WHERE a.run_id = run.id::text) ORDER BY number LIMIT ${MAX_FINDINGS}`,
	);
	const [total]: { n: string }[] = await tx.query("SELECT count(*) AS n FROM audit_entry");
	const twice = Number(total?.n ?? 0) - walked;
	return [
		...chains.map(({ chain, name }) => ({
			chain,
			seq: 0,
			problem: "no_chain" as const,
			detail: `the chain of ${name} is gone`,
		})),
		...runs.map(({ chain, number }) => ({
			...{ chain, seq: 0, problem: "run_without_trail" as const },
			detail: `the run #${number} has no entry at all`,
		})),
		...(twice === 0
			? []
			: [
					{
						chain: "",
						seq: 0,
						problem: "added" as const,
						detail: `${twice} rows have no number, or one that another row has`,
					},
				]),
	];
}

/** Checkpoints in a form to tick off: chain -> number -> hash, and when it was first seen. */
function expectedRows(checkpoints: readonly Checkpoint[]) {
	const expected = new Map<string, Map<number, { hash: string; at: string }>>();
	for (const { at, heads } of checkpoints)
		for (const [chain, [seq, hash]] of Object.entries(heads)) {
			const rows = expected.get(chain) ?? new Map<number, { hash: string; at: string }>();
			expected.set(chain, rows);
			if (!rows.has(seq)) rows.set(seq, { hash, at });
		}
	return expected;
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
