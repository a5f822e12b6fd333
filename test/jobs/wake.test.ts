import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import pg from "pg";
import { pino } from "pino";
import { startWakeUp, type WakeUp } from "../../src/jobs/wake.ts";
import { createTestDatabase } from "../support/database.ts";
import { type Pipe, startPipe } from "../support/pipe.ts";
import { until } from "../torture/until.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let other: pg.Client;
let pipe: Pipe;
let wakeUp: WakeUp;
let woken: number;

beforeAll(async () => {
	database = await createTestDatabase();
	other = new pg.Client({ connectionString: database.url });
	await other.connect();
});
afterAll(async () => {
	await other.end();
	await database.drop();
});
beforeEach(async () => {
	pipe = await startPipe(database.url);
	woken = 0;
	wakeUp = await startWakeUp(pipe.url, () => woken++, pino({ level: "silent" }), {
		...{ retryMs: 20, beatMs: 50, answerWithinMs: 150 },
	});
});
afterEach(async () => {
	await wakeUp.stop();
	await pipe.close();
});

const listeners = async () =>
	(
		await other.query(
			"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'draven wake-up'",
		)
	).rowCount;
/** Another process says that there are jobs, until it is heard. */
const isHeard = async () => {
	const before = woken;
	await until(async () => {
		await other.query("NOTIFY draven_jobs");
		return woken > before;
	});
};

test("what another process says is heard, and what is said here reaches the others", async () => {
	await isHeard();
	await other.query("LISTEN draven_jobs");
	const heard = new Promise((resolve) => other.once("notification", resolve));
	wakeUp.wake();
	await heard;
	await other.query("UNLISTEN draven_jobs");
});

test("after the connection was cut it tries more and more seldom, and has exactly one again", async () => {
	const times: number[] = [];
	let asked = pipe.asked();
	pipe.become("refuses");
	await until(async () => {
		if (pipe.asked() > asked) times.push(performance.now());
		asked = pipe.asked();
		return times.length >= 5;
	});
	const pause = (n: number) => (times[n] ?? 0) - (times[n - 1] ?? 0);
	expect(pause(4)).toBeGreaterThan(pause(1));
	pipe.become("flows");
	await isHeard();
	expect([pipe.open(), await listeners()]).toEqual([1, 1]);
});

test("a connection that went silent is noticed, and made anew", async () => {
	pipe.become("swallows");
	const before = pipe.asked();
	await until(async () => pipe.asked() > before);
	pipe.become("flows");
	await isHeard();
	await until(async () => (await listeners()) === 1);
});

test("what came while nobody listened is looked for as soon as somebody does", async () => {
	pipe.become("refuses");
	await until(async () => (await listeners()) === 0);
	const before = woken;
	pipe.become("flows");
	await until(async () => woken > before);
});

test("stopped while it connects again, it leaves no connection and makes none", async () => {
	const before = pipe.asked();
	pipe.become("refuses");
	pipe.become("swallows");
	await until(async () => pipe.asked() > before);
	await wakeUp.stop();
	pipe.become("flows");
	const asked = pipe.asked();
	await until(async () => pipe.open() === 0 && (await listeners()) === 0);
	expect(pipe.asked()).toBe(asked);
});
