import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DataSource } from "typeorm";
import { openDataSource } from "../../src/store/data-source.ts";
import { groupedEnqueue } from "../../src/store/grouped-enqueue.ts";
import type { Sql } from "../../src/store/runs.ts";
import { createTestDatabase } from "../support/database.ts";

let db: DataSource;
let drop: () => Promise<void>;
beforeAll(async () => {
	const database = await createTestDatabase();
	db = await openDataSource(database.url);
	drop = database.drop;
});
afterAll(async () => {
	await db.destroy();
	await drop();
});

const now = () => new Date("2026-03-04T10:00:00Z");
const job = (dedupeKey: string, payload: unknown = { key: dedupeKey }) => ({
	kind: "slack_in" as const,
	dedupeKey,
	payload,
});
const stored = async (prefix: string) => {
	const rows: { dedupe_key: string; payload: unknown }[] = await db.query(
		"SELECT dedupe_key, payload FROM job WHERE dedupe_key LIKE $1 ORDER BY id",
		[`${prefix}%`],
	);
	return rows;
};

test("a crowd shares its inserts, each job is there when its caller is told so, and doubles are known", async () => {
	let statements = 0;
	const counted: Sql = {
		query: (text: string, values?: unknown[]) => {
			statements += 1;
			return db.query(text, values);
		},
	};
	const enqueue = groupedEnqueue(counted, now);
	const keys = Array.from({ length: 150 }, (_, n) => `crowd:${n}`);
	const told = await Promise.all(
		keys.map(async (key) => {
			const fresh = await enqueue(job(key));
			expect((await stored(key)).length).toBeGreaterThan(0);
			return fresh;
		}),
	);
	expect(told.every(Boolean)).toBe(true);
	expect(statements).toBe(3);
	expect((await stored("crowd:")).map((row) => row.dedupe_key)).toEqual(keys);
	expect((await stored("crowd:7"))[0]?.payload).toEqual({ key: "crowd:7" });
	expect(await Promise.all([enqueue(job("crowd:7")), enqueue(job("twin:1")), enqueue(job("twin:1"))])).toEqual([
		false,
		true,
		false,
	]);
});

test("a job that the database refuses fails alone", async () => {
	const enqueue = groupedEnqueue(db, now);
	const told = await Promise.allSettled([
		enqueue(job("good:1")),
		enqueue(job("bad:1", { text: "\0" })),
		enqueue(job("good:2")),
	]);
	expect(told.map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
	expect(await stored("good:")).toHaveLength(2);
	expect(await enqueue(job("good:3"))).toBe(true);
});

test("jobs that are large go in several statements", async () => {
	const enqueue = groupedEnqueue(db, now);
	const large = "x".repeat(600_000);
	expect(await Promise.all([1, 2, 3].map((n) => enqueue(job(`large:${n}`, { large }))))).toEqual([true, true, true]);
	expect(await stored("large:")).toHaveLength(3);
});

test("what means the same as one that is there is dropped, whichever of the two came first", async () => {
	const enqueue = groupedEnqueue(db, now);
	expect(await enqueue({ ...job("span:2"), sameAs: ["span:1", "span:3"] })).toBe(true);
	expect(await enqueue({ ...job("span:3"), sameAs: ["span:2", "span:4"] })).toBe(false);
	expect(await enqueue({ ...job("span:1"), sameAs: ["span:0", "span:2"] })).toBe(false);
	expect(await enqueue({ ...job("span:4"), sameAs: ["span:3", "span:5"] })).toBe(true);
	expect(await enqueue({ ...job("span:9"), sameAs: [] })).toBe(true);
});
