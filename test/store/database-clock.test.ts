import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { pino } from "pino";
import { startDatabaseClock } from "../../src/store/database-clock.ts";
import { claim, enqueue } from "../../src/store/jobs.ts";
import { openShelf, type Shelf } from "./shelf.ts";

const log = pino({ level: "silent" });
const MINUTE = 60_000;

let shelf: Shelf;
beforeAll(async () => {
	shelf = await openShelf();
});
beforeEach(() => shelf.db.query("TRUNCATE job"));
afterAll(() => shelf.close());

const clockThatIs = (aheadMs: number) => startDatabaseClock(shelf.db, log, () => Date.now() + aheadMs);

test("a replica whose clock is ahead takes no job that is at work, nor one before its time", async () => {
	const [right, ahead, behind] = await Promise.all([0, MINUTE, -MINUTE].map(clockThatIs));
	if (right === undefined || ahead === undefined || behind === undefined) throw new Error("there are three clocks");
	for (const clock of [right, ahead, behind]) expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(5_000);
	await enqueue(shelf.db, { kind: "card" }, behind.now());
	expect(await claim(shelf.db, 1, 30_000, new Date(right.now().getTime() + 1_000))).toHaveLength(1);
	expect(await claim(shelf.db, 1, 30_000, ahead.now())).toEqual([]);
	await enqueue(shelf.db, { kind: "card", runAt: new Date(right.now().getTime() + MINUTE / 2) }, right.now());
	expect(await claim(shelf.db, 1, 30_000, ahead.now())).toEqual([]);
	for (const clock of [right, ahead, behind]) clock.stop();
});

test("it says that a machine's clock is off, and a database that is away changes nothing of it", async () => {
	const told: unknown[] = [];
	const loud = pino({ level: "warn" }, { write: (line: string) => void told.push(JSON.parse(line)) });
	const clock = await startDatabaseClock(shelf.db, loud, () => Date.now() + MINUTE);
	expect(told).toHaveLength(1);
	clock.stop();
	const away = { query: async () => Promise.reject(new Error("away")) };
	await expect(startDatabaseClock(away, log)).rejects.toThrow("away");
});
