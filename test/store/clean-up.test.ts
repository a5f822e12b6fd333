import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { cleanUp, RULES } from "../../src/store/clean-up.ts";
import { openShelf, put, type Shelf, T0 } from "./shelf.ts";

const DAY = 86_400_000;

let shelf: Shelf;
beforeAll(async () => {
	shelf = await openShelf();
});
afterAll(() => shelf.close());

const later = (days: number) => new Date(T0.getTime() + days * DAY);
const job = (kind: string, ended: "done_at" | "dead_at" | null) =>
	shelf.db.query(
		`INSERT INTO job (kind, dedupe_key${ended === null ? "" : `, ${ended}`}) VALUES ($1, $2${ended === null ? "" : ", $3"})`,
		[kind, `${kind} ${ended}`, ...(ended === null ? [] : [T0])],
	);

/** A run with everything that hangs on it, over at T0 or not at all. */
async function run(slug: string, isOver: boolean): Promise<string> {
	const { run } = await put(shelf, await shelf.environment(slug));
	if (isOver)
		await shelf.db.query("UPDATE run SET state = 'cancelled', deadline = NULL, finished_at = $2 WHERE id = $1", [
			run.id,
			T0,
		]);
	await shelf.db.query("INSERT INTO run_log (run_id, n, at, line) SELECT $1, n, $2, 'x' FROM generate_series(0, 4) n", [
		run.id,
		T0,
	]);
	await shelf.db.query(
		`INSERT INTO runner_work (job_id, integration_id, repository, entrypoint, sha, variables, timeout_seconds, labels, offered_at)
		 VALUES ($1, $2, 'r', 'e', 's', '{}', 1, '{}', $3)`,
		[run.id, shelf.integrationId, T0],
	);
	return run.id;
}

async function left(): Promise<Record<string, number>> {
	const [row] = await shelf.db.query(`SELECT
		(SELECT count(*)::int FROM job WHERE dedupe_key LIKE 'card done%') AS done,
		(SELECT count(*)::int FROM job WHERE dedupe_key LIKE 'webhook done%') AS webhooks,
		(SELECT count(*)::int FROM job WHERE dead_at IS NOT NULL) AS dead,
		(SELECT count(*)::int FROM idempotent_answer) AS answers,
		(SELECT count(*)::int FROM runner_work) AS work,
		(SELECT count(*)::int FROM run_log) AS lines`);
	return row;
}

test("each thing is kept for its time, and what is not over for as long as it takes", async () => {
	await shelf.db.query("TRUNCATE job");
	const over = await run("over", true);
	const open = await run("open", false);
	await shelf.db.query("TRUNCATE job");
	for (const kind of ["card", "webhook"]) await job(kind, "done_at");
	await job("card", "dead_at");
	await job("thread", null);
	await shelf.db.query(
		"INSERT INTO idempotent_answer (token_id, key, request_hash, created_at) VALUES ($1, 'k', 'h', $2)",
		[randomUUID(), T0],
	);
	const all = { done: 1, webhooks: 1, dead: 1, answers: 1, work: 2, lines: 10 };
	const audit = () => shelf.db.query("SELECT count(*)::int AS n FROM audit_entry");
	const entries = await audit();
	await cleanUp(shelf.db, later(1));
	expect(await left()).toEqual(all);
	await cleanUp(shelf.db, later(1.1));
	expect(await left()).toEqual({ ...all, answers: 0 });
	await cleanUp(shelf.db, later(7.1));
	expect(await left()).toEqual({ ...all, answers: 0, done: 0 });
	await cleanUp(shelf.db, later(30.1));
	expect(await left()).toEqual({ ...all, answers: 0, done: 0, webhooks: 0, work: 1 });
	await cleanUp(shelf.db, later(90.1));
	expect(await left()).toEqual({ done: 0, webhooks: 0, dead: 0, answers: 0, work: 1, lines: 5 });
	await cleanUp(shelf.db, later(10_000));
	expect(await shelf.db.query("SELECT DISTINCT run_id FROM run_log")).toEqual([{ run_id: open }]);
	expect(await shelf.db.query("SELECT dedupe_key FROM job")).toEqual([{ dedupe_key: "thread null" }]);
	expect(await shelf.db.query("SELECT 1 FROM run WHERE id = $1", [over])).toHaveLength(1);
	expect(await audit()).toEqual(entries);
});

test("much is removed in small batches, by two at the same time, and what is left is said to be there", async () => {
	await shelf.db.query("TRUNCATE job");
	await shelf.db.query("INSERT INTO job (kind, done_at) SELECT 'card', $1::timestamptz FROM generate_series(1, 100)", [
		T0,
	]);
	expect(await cleanUp(shelf.db, later(8), 10)).toBe(true);
	expect(await shelf.db.query("SELECT count(*)::int AS n FROM job")).toEqual([{ n: 50 }]);
	await Promise.all([cleanUp(shelf.db, later(8), 10), cleanUp(shelf.db, later(8), 10)]);
	expect(await cleanUp(shelf.db, later(8), 10)).toBe(false);
	expect(await shelf.db.query("SELECT 1 FROM job")).toEqual([]);
});

test("what is old among very much is found by an index", async () => {
	const chatty = await run("chatty", true);
	await shelf.db.query(
		"INSERT INTO run_log (run_id, n, at, line) SELECT $1, n, $2::timestamptz + n / 100 * interval '1 second', 'x' FROM generate_series(10, 20000) n",
		[chatty, later(1)],
	);
	await shelf.db.query("ANALYZE run_log");
	const rule = RULES.find(({ what }) => what === "lines of logs");
	const plan: { "QUERY PLAN": string }[] = await shelf.db.query(`EXPLAIN ${rule?.statement}`, [T0, 2_000]);
	const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
	expect(text).toContain("run_log_by_age");
	expect(text).not.toContain("Seq Scan on run_log");
});
