import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { DataSource } from "typeorm";
import { MIGRATIONS } from "../../migrations/index.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { readinessOf } from "../../src/store/readiness.ts";
import { createTestDatabase } from "../support/database.ts";
import { type Pipe, startPipe } from "../support/pipe.ts";

/** A network that swallows what is sent: no error ever comes. */

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pipe: Pipe;
let db: DataSource;
beforeAll(async () => {
	database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
	pipe = await startPipe(database.url);
	db = await openDataSource(pipe.url, { poolSize: 1, answerWithinMs: 200 });
});
afterEach(async () => {
	await db.destroy();
	await pipe.close();
});

const one = () => db.query("SELECT 1 AS n");

describe("a statement whose answer never comes", () => {
	test.each([
		["alone", () => db.query("SELECT 1 AS n")],
		["with values", () => db.query("SELECT $1::int AS n", [1])],
		["in a transaction", () => db.transaction((tx) => tx.query("SELECT 1 AS n"))],
	])("%s is given up, and the next one has a connection that works", async (_how, ask) => {
		expect(await one()).toEqual([{ n: 1 }]);
		pipe.become("swallows");
		await expect(ask()).rejects.toThrow("Query read timeout");
		pipe.become("flows");
		expect(await one()).toEqual([{ n: 1 }]);
	});

	test("in the middle of a transaction does not leave half of it", async () => {
		await db.query("CREATE TABLE half (n int)");
		const broken = db.transaction(async (tx) => {
			await tx.query("INSERT INTO half VALUES (1)");
			pipe.become("swallows");
			await tx.query("INSERT INTO half VALUES (2)");
		});
		await expect(broken).rejects.toThrow("Query read timeout");
		pipe.become("flows");
		expect(await db.query("SELECT * FROM half")).toEqual([]);
		await db.query("DROP TABLE half");
	});
});

describe("whether it is ready", () => {
	test("is answered in time when the database is silent, with one question under way however often it is asked", async () => {
		const ready = readinessOf(db, 50);
		expect(await ready()).toEqual({ ok: true });
		pipe.become("swallows");
		const began = performance.now();
		const answers = await Promise.all([ready(), ready(), ready()]);
		expect(answers).toEqual(Array(3).fill({ ok: false, why: "The database does not answer in time." }));
		expect(performance.now() - began).toBeLessThan(2_000);
		pipe.become("refuses");
		await db.query("SELECT 1").catch(() => {});
		expect(await ready()).toEqual({ ok: false, why: expect.stringContaining("The database does not answer") });
	});

	test("names the migrations that the database lacks, and minds none of a newer version", async () => {
		const ready = readinessOf(db);
		const last = MIGRATIONS.at(-1)?.name ?? "";
		await db.query("INSERT INTO migrations (timestamp, name) VALUES (1999999999999, 'Later1999999999999')");
		expect(await ready()).toEqual({ ok: true });
		await db.query("UPDATE migrations SET name = 'Gone' WHERE name = $1", [last]);
		expect(await ready()).toEqual({
			ok: false,
			why: `The database lacks migrations (${last}): run \`draven migrate\`.`,
		});
		await db.query("ALTER TABLE migrations RENAME TO hidden");
		expect(await ready()).toEqual({
			ok: false,
			why: "The database lacks migrations (every one): run `draven migrate`.",
		});
	});
});
