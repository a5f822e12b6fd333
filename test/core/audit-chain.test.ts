import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type AuditFinding, type AuditRow, auditHash, ChainVerifier } from "../../src/core/audit-chain.ts";

const KEY = Buffer.alloc(32, 7);
const CHAIN = "web/production";

interface Chain {
	readonly rows: readonly AuditRow[];
	readonly head: { readonly seq: number; readonly hash: Buffer | null };
}

function chainOf(entries: readonly string[]): Chain {
	const rows: AuditRow[] = [];
	let previous: Buffer | null = null;
	for (const [index, entry] of entries.entries()) {
		const hash: Buffer = auditHash(KEY, previous, CHAIN, index + 1, entry);
		rows.push({ seq: index + 1, entry, previous, hash });
		previous = hash;
	}
	return { rows, head: { seq: rows.length, hash: previous } };
}

function verify({ rows, head }: Chain, key = KEY): AuditFinding[] {
	const verifier = new ChainVerifier(key, CHAIN);
	const found = [...rows].sort((a, b) => a.seq - b.seq).map((row) => verifier.next(row));
	return [...found, verifier.end(head)].filter((one) => one !== null);
}

const entries = fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 8 });
const chainAndPlace = entries.chain((texts) => fc.tuple(fc.constant(chainOf(texts)), fc.nat(texts.length - 1)));

test("an untouched chain has no findings, also an empty one", () => {
	fc.assert(fc.property(fc.array(fc.string()), (texts) => expect(verify(chainOf(texts))).toEqual([])));
});

type Edit = (chain: Chain, at: number) => Chain;
const replace = (rows: readonly AuditRow[], at: number, change: (row: AuditRow) => AuditRow) =>
	rows.map((row, index) => (index === at ? change(row) : row));
const rowAt = (rows: readonly AuditRow[], at: number): AuditRow => {
	const row = rows[at];
	if (row === undefined) throw new Error(`there is no row ${at}`);
	return row;
};

/** Each kind of edit, and the row by which it has to be found. */
const EDITS: readonly (readonly [what: string, edit: Edit, row: (at: number) => number])[] = [
	[
		"an entry rewritten",
		({ rows, head }, at) => ({ rows: replace(rows, at, (row) => ({ ...row, entry: `${row.entry}!` })), head }),
		(at) => at + 1,
	],
	[
		"an entry rewritten and hashed with another key",
		({ rows, head }, at) => ({
			rows: replace(rows, at, (row) => ({
				...row,
				entry: "x!",
				hash: auditHash(Buffer.alloc(32), row.previous, CHAIN, row.seq, "x!"),
			})),
			head,
		}),
		(at) => at + 1,
	],
	[
		"the hash of a row changed",
		({ rows, head }, at) => ({ rows: replace(rows, at, (row) => ({ ...row, hash: Buffer.alloc(32) })), head }),
		(at) => at + 1,
	],
	[
		"the hash of a row cut",
		({ rows, head }, at) => ({ rows: replace(rows, at, (row) => ({ ...row, hash: row.hash.subarray(1) })), head }),
		(at) => at + 1,
	],
	[
		"the link of a row changed",
		({ rows, head }, at) => ({ rows: replace(rows, at, (row) => ({ ...row, previous: Buffer.alloc(32) })), head }),
		(at) => at + 1,
	],
	["a row removed", ({ rows, head }, at) => ({ rows: rows.filter((_, index) => index !== at), head }), (at) => at + 1],
	[
		"a row removed and the rest moved up",
		({ rows, head }, at) => ({
			rows: rows.filter((_, index) => index !== at).map((row, index) => ({ ...row, seq: index + 1 })),
			head,
		}),
		(at) => at + 1,
	],
	["a row doubled", ({ rows, head }, at) => ({ rows: [...rows, rowAt(rows, at)], head }), (at) => at + 1],
	[
		"a copy added at the end",
		({ rows, head }, at) => ({ rows: [...rows, { ...rowAt(rows, at), seq: rows.length + 1 }], head }),
		() => Number.NaN,
	],
	["the tail cut off", ({ rows, head }, at) => ({ rows: rows.slice(0, at), head }), (at) => at + 1],
	["the head moved back", ({ rows, head }, at) => ({ rows, head: { seq: at, hash: head.hash } }), (at) => at + 1],
	[
		"the head's hash changed",
		({ rows, head }) => ({ rows, head: { ...head, hash: Buffer.alloc(32) } }),
		() => Number.NaN,
	],
];

test.each(EDITS)("%s is found, and the first finding names the row", (_what, edit, row) => {
	fc.assert(
		fc.property(chainAndPlace, ([chain, at]) => {
			const [first] = verify(edit(chain, at));
			expect(first).toBeDefined();
			if (!Number.isNaN(row(at))) expect(first?.seq).toBe(row(at));
			expect(first?.detail).toMatch(/\d|head/);
		}),
	);
});

test("two rows that changed places are found at the first of them", () => {
	const chain = chainOf(["a", "b", "c", "d"]);
	const swapped = chain.rows.map((row) =>
		row.seq === 2 ? { ...row, seq: 3 } : row.seq === 3 ? { ...row, seq: 2 } : row,
	);
	expect(verify({ rows: swapped, head: chain.head })[0]).toMatchObject({ seq: 2, problem: "changed" });
});

test("rows of another chain, and of another key, do not pass", () => {
	const chain = chainOf(["a"]);
	const other = auditHash(KEY, null, "web/stage", 1, "a");
	expect(
		verify({ rows: [{ seq: 1, entry: "a", previous: null, hash: other }], head: { seq: 1, hash: other } }),
	).toHaveLength(1);
	expect(verify(chain, Buffer.alloc(32, 8))).toHaveLength(1);
});

test("one edit is one finding, so that the row stands out", () => {
	const { rows, head } = chainOf(["a", "b", "c", "d", "e"]);
	expect(verify({ rows: replace(rows, 2, (row) => ({ ...row, entry: "C" })), head })).toMatchObject([
		{ seq: 3, problem: "changed" },
	]);
	expect(verify({ rows: rows.slice(0, 2), head })).toMatchObject([{ seq: 3, problem: "tail_removed" }]);
});

test("parts cannot flow into each other", () => {
	expect(auditHash(KEY, null, "a", 12, "b")).not.toEqual(auditHash(KEY, null, "a1", 2, "b"));
	expect(auditHash(KEY, Buffer.from("x"), "a", 1, "b")).not.toEqual(auditHash(KEY, null, "xa", 1, "b"));
});
