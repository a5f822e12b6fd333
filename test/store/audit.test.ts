import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type AuditReport, readAudit, verifyAudit } from "../../src/store/audit.ts";
import { writeTrail } from "../../src/store/change.ts";
import { checkpointPath, writeCheckpoint } from "../../src/store/checkpoints.ts";
import { entryOf, holding, makeRun, openShelf, put, type Shelf, T0 } from "./shelf.ts";
import { type Edit, TAMPERINGS, Tamperer } from "./tampering.ts";

const CHAINS = 25;
const KINDS = Object.keys(TAMPERINGS);

let shelf: Shelf;
let tamperer: Tamperer;
let dataDir: string;
/** Chain -> its number of rows. */
const lengths = new Map<string, number>();

beforeAll(async () => {
	shelf = await openShelf();
	tamperer = await Tamperer.open(shelf.url);
	dataDir = await mkdtemp(join(tmpdir(), "draven-audit-"));
	for (let n = 0; n < CHAINS; n++) {
		const chain = await shelf.environment(`e${n}`);
		const length = 3 + (n % 5);
		lengths.set(chain, length);
		for (let row = 0; row < length; row++)
			await holding(shelf, chain, (context) =>
				writeTrail(context, [{ ...entryOf(makeRun(shelf, chain, n)), data: { row } }]),
			);
	}
	await tamperer.remember();
});
beforeEach(async () => {
	await tamperer.restore();
	await rm(checkpointPath(dataDir), { force: true });
});
afterAll(async () => {
	await tamperer.close();
	await shelf.close();
	await rm(dataDir, { recursive: true, force: true });
});

const verify = (): Promise<AuditReport> => verifyAudit(shelf, dataDir);
const checkpoint = (store: Pick<Shelf, "db" | "auditKey"> = shelf) =>
	writeCheckpoint({ ...store, now: () => T0 }, dataDir);
const firstChain = () => [...lengths][0] as [string, number];
const rowsOf = (of: ReadonlyMap<string, number>) => [...of.values()].reduce((sum, length) => sum + length, 0);

describe("verification", () => {
	test("finds nothing where nothing was done, and counts what it saw", async () => {
		expect(await verify()).toEqual({ rows: rowsOf(lengths), chains: CHAINS, checkpoints: null, findings: [] });
		expect(await checkpoint()).toBe(true);
		expect(await verify()).toMatchObject({ checkpoints: 1, findings: [] });
	});

	test("finds each of 1,000 things done behind its back, and names the row", async () => {
		const edit = fc.record({ kind: fc.constantFrom(...KINDS), row: fc.nat(), other: fc.nat() });
		const seen = new Map<string, number>();
		await fc.assert(
			fc.asyncProperty(fc.array(edit, { minLength: CHAINS, maxLength: CHAINS }), async (edits) => {
				await tamperer.restore();
				const expected = new Map<string, { kind: string; row: number }>();
				for (const [index, [chain, length]] of [...lengths].entries()) {
					const { kind, row, other } = edits[index] as (typeof edits)[number];
					const first = 1 + (row % length);
					const second = 1 + ((first + (other % (length - 1))) % length);
					const named = await TAMPERINGS[kind]?.(tamperer, { chain, length, row: first, other: second } satisfies Edit);
					expected.set(chain, { kind, row: named ?? Number.NaN });
					seen.set(kind, (seen.get(kind) ?? 0) + 1);
				}
				const { findings } = await verify();
				const found = new Map(
					[...expected].map(([chain, { kind }]) => [
						chain,
						{ kind, row: findings.find((one) => one.chain === chain)?.seq },
					]),
				);
				expect(found).toEqual(expected);
			}),
			{ numRuns: 1_000 / CHAINS, endOnFailure: true },
		);
		expect([...seen.keys()].sort()).toEqual([...KINDS].sort());
	}, 60_000);

	test("does not call the neighbours of a changed chain wrong", async () => {
		const [chain, length] = firstChain();
		for (const kind of KINDS) {
			await tamperer.restore();
			await TAMPERINGS[kind]?.(tamperer, { chain, length, row: 2, other: 1 });
			const { findings } = await verify();
			expect([kind, new Set(findings.map((one) => one.chain))]).toEqual([kind, new Set([chain])]);
		}
	});

	test("finds a row that was moved to another chain, at both", async () => {
		const [[one, lengthOfOne], [two, lengthOfTwo]] = [...lengths] as [[string, number], [string, number]];
		await tamperer.sql("UPDATE audit_entry SET chain = $3, seq = $4 WHERE chain = $1 AND seq = $2", [
			...[one, lengthOfOne, two, lengthOfTwo + 1],
		]);
		const { findings } = await verify();
		expect(findings.map(({ chain, seq, problem }) => [chain, seq, problem])).toEqual(
			expect.arrayContaining([
				[one, lengthOfOne, "tail_removed"],
				[two, lengthOfTwo + 1, "changed"],
			]),
		);
	});

	test("finds a run whose trail was taken out as if it had never been", async () => {
		const { run } = await put(shelf, await shelf.environment("traceless"));
		await tamperer.sql("DELETE FROM audit_entry WHERE chain = $1", [run.environmentId]);
		await tamperer.sql("UPDATE chain_head SET seq = 0, hash = NULL WHERE chain = $1", [run.environmentId]);
		const { findings } = await verify();
		expect(findings).toEqual([
			{
				chain: run.environmentId,
				seq: 0,
				problem: "without_trail",
				detail: `the run #${run.number} has no entry at all`,
			},
		]);
		await tamperer.sql("DELETE FROM run");
		await tamperer.sql("DELETE FROM environment WHERE id = $1", [run.environmentId]);
	});

	test("with another key everything is found, for nothing is ours", async () => {
		const { findings } = await verifyAudit({ db: shelf.db, auditKey: Buffer.alloc(32) }, dataDir);
		expect(findings).toHaveLength(rowsOf(lengths));
	});
});

describe("checkpoints beside the database", () => {
	test("show a tail that was cut off together with its head", async () => {
		await checkpoint();
		const [chain, length] = firstChain();
		await tamperer.sql("DELETE FROM audit_entry WHERE chain = $1 AND seq >= $2", [chain, length]);
		await tamperer.sql(
			"UPDATE chain_head AS h SET seq = e.seq, hash = e.hash FROM audit_entry AS e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = $2",
			[chain, length - 1],
		);
		const detail = `row ${length} is not the one that was there at ${T0.toISOString()}`;
		expect((await verify()).findings).toEqual([{ chain, seq: length, problem: "checkpoint", detail }]);
	});

	test("show a chain that was put back to its beginning", async () => {
		await checkpoint();
		const [chain, length] = firstChain();
		await tamperer.sql("DELETE FROM audit_entry WHERE chain = $1", [chain]);
		await tamperer.sql("UPDATE chain_head SET seq = 0, hash = NULL WHERE chain = $1", [chain]);
		expect((await verify()).findings).toMatchObject([{ chain, seq: length, problem: "checkpoint" }]);
	});

	test("show a chain that was written anew by somebody who has the key", async () => {
		await checkpoint();
		const [chain, length] = firstChain();
		await tamperer.sql("DELETE FROM audit_entry WHERE chain = $1", [chain]);
		await tamperer.sql("UPDATE chain_head SET seq = 0, hash = NULL WHERE chain = $1", [chain]);
		for (let row = 0; row < length + 2; row++)
			await holding(shelf, chain, (context) =>
				writeTrail(context, [{ ...entryOf(makeRun(shelf, chain, 0)), data: { row, told: "otherwise" } }]),
			);
		expect((await verify()).findings).toMatchObject([{ chain, seq: length, problem: "checkpoint" }]);
	});

	test("go on to hold when chains have grown since", async () => {
		await checkpoint();
		const [chain] = firstChain();
		await holding(shelf, chain, (context) => writeTrail(context, [entryOf(makeRun(shelf, chain, 0))]));
		expect(await verify()).toMatchObject({ checkpoints: 1, findings: [] });
		expect(await checkpoint()).toBe(true);
		expect(await checkpoint()).toBe(false);
		expect(await verify()).toMatchObject({ checkpoints: 2, findings: [] });
	});

	test("that somebody else wrote are named by their line", async () => {
		await checkpoint();
		const [line = ""] = (await readFile(checkpointPath(dataDir), "utf8")).split("\n");
		const { mac, ...said } = JSON.parse(line) as { mac: string; at: string; heads: Record<string, unknown> };
		await checkpoint({ db: shelf.db, auditKey: Buffer.alloc(32) });
		const forged = [
			{ ...said, mac: "00" },
			{ ...said, at: "2020-01-01T00:00:00.000Z", mac },
			{ ...said, heads: {}, mac },
		];
		await appendFile(
			checkpointPath(dataDir),
			`${forged.map((one) => JSON.stringify(one)).join("\n")}\nnot even JSON\n`,
		);
		const { findings, checkpoints } = await verify();
		expect(checkpoints).toBe(1);
		expect(findings.map(({ problem, detail }) => [problem, detail])).toEqual(
			[2, 3, 4, 5, 6].map((at) => ["checkpoint", `line ${at} of audit-checkpoints.jsonl was not written by DRAVEN`]),
		);
	});

	test("name what has grown alone, and of a full file the next one goes on", async () => {
		await checkpoint();
		const first = (await readFile(checkpointPath(dataDir), "utf8")).length;
		const chains = [...lengths.keys()].slice(0, 4) as [string, string, string, string];
		for (const [index, chain] of chains.entries()) {
			await holding(shelf, chain, (context) => writeTrail(context, [entryOf(makeRun(shelf, chain, index))]));
			await writeCheckpoint({ ...shelf, now: () => T0 }, dataDir, first + 100);
		}
		const names = (await readdir(dataDir)).sort();
		expect(names).toEqual(["audit-checkpoints.1.jsonl", "audit-checkpoints.jsonl"]);
		const [full = "", now = ""] = await Promise.all(names.map((name) => readFile(join(dataDir, name), "utf8")));
		const namedBy = (text: string) =>
			text
				.trim()
				.split("\n")
				.map((line) => Object.keys((JSON.parse(line) as { heads: object }).heads).length);
		expect([namedBy(full), namedBy(now)]).toEqual([
			[CHAINS, 1],
			[1, 1, 1],
		]);
		expect(await verify()).toMatchObject({ checkpoints: 5, findings: [] });
		// What stands in the full one holds too.
		const lastOfAll = chains[0];
		const length = (lengths.get(lastOfAll) ?? 0) + 1;
		await tamperer.sql("DELETE FROM audit_entry WHERE chain = $1 AND seq = $2", [lastOfAll, length]);
		await tamperer.sql(
			"UPDATE chain_head AS h SET seq = e.seq, hash = e.hash FROM audit_entry AS e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = $2",
			[lastOfAll, length - 1],
		);
		expect((await verify()).findings).toMatchObject([{ chain: lastOfAll, seq: length, problem: "checkpoint" }]);
		await rm(join(dataDir, "audit-checkpoints.1.jsonl"));
	});

	test("of which a kill cut the last line off are whole up to there, and go on", async () => {
		await checkpoint();
		const text = await readFile(checkpointPath(dataDir), "utf8");
		await writeFile(checkpointPath(dataDir), text + text.slice(0, 40));
		expect(await verify()).toMatchObject({ checkpoints: 1, findings: [] });
		const [chain] = firstChain();
		await holding(shelf, chain, (context) => writeTrail(context, [entryOf(makeRun(shelf, chain, 0))]));
		await checkpoint();
		expect(await verify()).toMatchObject({ checkpoints: 2, findings: [] });
	});
});

describe("the application", () => {
	test.each([
		["UPDATE", "UPDATE audit_entry SET entry = '{}'"],
		["UPDATE", "UPDATE audit_entry SET hash = hash"],
		["DELETE", "DELETE FROM audit_entry WHERE seq = 1"],
		["TRUNCATE", "TRUNCATE audit_entry"],
		[
			"UPDATE",
			"INSERT INTO audit_entry SELECT chain, seq, '{}', NULL, hash FROM audit_entry LIMIT 1 ON CONFLICT (chain, seq) DO UPDATE SET entry = '{}'",
		],
		["DELETE", "WITH gone AS (DELETE FROM audit_entry RETURNING 1) SELECT count(*) FROM gone"],
	])("is refused %s on the trail: %s", async (verb, statement) => {
		await expect(shelf.db.query(statement)).rejects.toThrow(`The audit trail is append-only: ${verb} is refused.`);
	});

	test("cannot make a column say something else than what was hashed", async () => {
		const lie =
			"INSERT INTO audit_entry (chain, seq, entry, hash, action) VALUES ('system', 1, '{}', '', 'run.approved')";
		await expect(shelf.db.query(lie)).rejects.toThrow('cannot insert a non-DEFAULT value into column "action"');
	});

	test("reads every column out of the entry itself", async () => {
		const [chain] = firstChain();
		const [row] = await shelf.db.query("SELECT * FROM audit_entry WHERE chain = $1 AND seq = 1", [chain]);
		const entry = JSON.parse(row.entry);
		expect(row).toMatchObject({
			...{ at_ms: String(entry.atMs), action: entry.action, actor_id: entry.actor.id, project: entry.project },
			...{ environment: entry.environment, run_id: entry.runId },
		});
	});
});

test("the trail reads in the order of time, page by page, as it is filtered", async () => {
	const all: number[] = [];
	for await (const line of readAudit(shelf.db, {})) all.push(line.seq);
	expect(all).toHaveLength(rowsOf(lengths));
	for await (const line of readAudit(shelf.db, { project: "other" })) throw new Error(`${line.seq} is not of it`);
	for await (const line of readAudit(shelf.db, { since: new Date(T0.getTime() + 1) })) throw new Error(`${line.seq}`);
});
