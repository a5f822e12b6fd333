import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Handlers, startWorker } from "../../src/jobs/worker.ts";
import { claim, enqueue, type Job, type JobKind } from "../../src/store/jobs.ts";
import { World } from "../support/world.ts";
import { until } from "../torture/until.ts";

/** Workers that die are claims that nothing is heard of. */

let world: World;
beforeAll(async () => {
	world = await World.open();
	world.hasten(1);
});
beforeEach(() => world.deps.db.query("TRUNCATE job"));
afterAll(() => world.close());

const add = (kind: JobKind) => enqueue(world.deps.db, { kind }, world.now());
const rows = (): Promise<{ kind: string; dead: boolean; done: boolean; why: string | null; in_ms: number }[]> =>
	world.deps.db.query(
		`SELECT kind, dead_at IS NOT NULL AS dead, done_at IS NOT NULL AS done, last_error AS why,
		 (extract(epoch FROM run_at) * 1000 - $1)::float8 AS in_ms FROM job ORDER BY id`,
		[world.now().getTime()],
	);

async function die(times: number): Promise<void> {
	for (let n = 0; n < times; n++) await claim(world.deps.db, 100, 0, world.now());
}

/** A worker whose every job does the same, until `isOver`. */
async function workUntil(isOver: () => Promise<boolean>, handler: (job: Job) => Promise<void>): Promise<Job[]> {
	const buried: Job[] = [];
	const handle = new Proxy({} as Handlers["handle"], {
		get: () => async (job: Job) => {
			await handler(job);
			return "done";
		},
	});
	const gaveUp: Handlers["gaveUp"] = async (job) => {
		buried.push(job);
		return [];
	};
	const worker = startWorker(world.deps, { handle, gaveUp }, { pollMs: 10 });
	await until(isOver);
	await worker.stop();
	return buried;
}

const allEnded = async () => (await rows()).every(({ dead, done }) => dead || done);

describe("a job at which every worker dies", () => {
	test("is tried by the tenth and given up before it can end the next", async () => {
		await add("webhook");
		await die(10);
		const tried: string[] = [];
		const buried = await workUntil(allEnded, async ({ kind }) => void tried.push(kind));
		expect(tried).toEqual([]);
		expect(buried).toMatchObject([{ kind: "webhook", deaths: 10 }]);
		expect(await rows()).toMatchObject([
			{ dead: true, why: "The worker died at it, or was away past its lease, 10 times one after the other." },
		]);
	});

	test("is still tried after nine, and what its workers said in between counts anew", async () => {
		await add("webhook");
		await die(9);
		expect(await workUntil(allEnded, async () => {})).toEqual([]);
		expect(await rows()).toMatchObject([{ done: true }]);
	});

	test("comes again more and more slowly when a run's life hangs on it", async () => {
		await add("deadline");
		await die(14);
		let dueIn = 0;
		await workUntil(allEnded, async () => {
			dueIn = (await rows())[0]?.in_ms ?? 0;
		});
		expect(dueIn).toBeGreaterThan(200_000);
		expect(await rows()).toMatchObject([{ done: true, dead: false }]);
	});

	test("is looked for among those that were at work with it one at a time", async () => {
		for (let n = 0; n < 12; n++) await add("webhook");
		await die(3);
		let atWork = 0;
		let most = 0;
		await workUntil(allEnded, async () => {
			atWork += 1;
			most = Math.max(most, atWork);
			await world.deps.db.query("SELECT 1");
			atWork -= 1;
		});
		expect(most).toBe(1);
	});
});

test("after one death, as of a kill, what was at work goes on side by side, and what a run's life hangs on waits for no other", async () => {
	for (const [kind, deaths] of [
		["card", 1],
		["card", 1],
		["cancel", 3],
		["webhook", 3],
		["deadline", 3],
	] as const) {
		await add(kind);
		await die(deaths);
		await world.deps.db.query("UPDATE job SET run_at = $1, dead_at = $1 WHERE dead_at IS NULL", [world.now()]);
	}
	await add("webhook");
	await die(4);
	await world.deps.db.query("UPDATE job SET dead_at = NULL, run_at = $1", [world.now()]);
	const atWork: string[] = [];
	let meet: () => void = () => {};
	const met = new Promise<void>((resolve) => {
		meet = resolve;
	});
	await workUntil(allEnded, async ({ kind }) => {
		atWork.push(kind);
		if (atWork.length === 5) meet();
		await met;
	});
	expect(atWork.slice(0, 5).sort()).toEqual(["cancel", "card", "card", "deadline", "webhook"]);
	expect(atWork).toHaveLength(6);
});

test("a run whose trigger never comes to an end is over at its deadline, and the lock is free", async () => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
	await world.workOn("dispatch");
	await world.deps.db.query("DELETE FROM job WHERE kind IN ('trigger', 'poll')");
	await world.pass(11 * 60_000);
	expect((await world.run(run.number)).progress.state).toBe("failed");
});
