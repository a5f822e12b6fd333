import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cleanUp } from "../../src/store/clean-up.ts";
import { bury, claim, countJobs, enqueue, finish, type Job, type JobDraft, postpone } from "../../src/store/jobs.ts";
import { at, openShelf, type Shelf, T0 } from "./shelf.ts";

let shelf: Shelf;
beforeAll(async () => {
	shelf = await openShelf();
});
beforeEach(() => shelf.db.query("TRUNCATE job"));
afterAll(() => shelf.close());

const LEASE = 30_000;
const add = (draft: Partial<JobDraft> = {}) => enqueue(shelf.db, { kind: "dispatch", ...draft }, T0);
const take = (now = T0, limit = 10) => claim(shelf.db, limit, LEASE, now);
const names = (jobs: readonly Job[]) => jobs.map((job) => (job.payload as { n?: number }).n);

async function takeOne(now = T0): Promise<Job> {
	const [job, ...others] = await take(now);
	if (job === undefined || others.length > 0) throw new Error("there is not one job");
	return job;
}

describe("a lease", () => {
	test("hides its job until it is over, and then gives it to the next, counted", async () => {
		await add();
		const first = await takeOne();
		expect(first.attempts).toBe(1);
		expect(await take(at(LEASE - 1))).toEqual([]);
		const second = await takeOne(at(LEASE));
		expect(second).toEqual({ ...first, attempts: 2, deaths: 1, leaseToken: String(Number(first.leaseToken) + 1) });
	});

	test("that was lost writes nothing, whatever its worker wanted to say", async () => {
		await add();
		const lost = await takeOne();
		const held = await takeOne(at(LEASE));
		const before = await shelf.db.query("SELECT * FROM job");
		expect(await finish(shelf.db, lost, at(LEASE))).toBe(false);
		expect(await postpone(shelf.db, lost, at(99), "late")).toBe(false);
		expect(await bury(shelf.db, lost, "late", at(LEASE))).toBe(false);
		expect(await shelf.db.query("SELECT * FROM job")).toEqual(before);
		expect(await finish(shelf.db, held, at(LEASE))).toBe(true);
	});

	test("ends once: a second word of its own worker changes nothing", async () => {
		await add();
		const job = await takeOne();
		expect(await finish(shelf.db, job, at(1))).toBe(true);
		expect(await finish(shelf.db, job, at(2))).toBe(false);
		expect(await postpone(shelf.db, job, at(3), null)).toBe(false);
		expect(await bury(shelf.db, job, "no", at(4))).toBe(false);
		expect(await take(at(10 * LEASE))).toEqual([]);
	});
});

describe("two workers at once", () => {
	test("never hold the same job, and one that is being looked at blocks nobody", async () => {
		for (let n = 0; n < 60; n++) await add({ payload: { n } });
		const taken = (await Promise.all(Array.from({ length: 8 }, () => take(T0, 10)))).flat();
		expect(taken.map((job) => job.id).sort()).toEqual([...new Set(taken.map((job) => job.id))].sort());
		// Who came while others looked may have been given fewer; what is left is there for the next.
		expect(taken.length + (await take(T0, 60)).length).toBe(60);
	});

	test("skip a row that another transaction has locked, without waiting", async () => {
		await add({ payload: { n: 1 } });
		await add({ payload: { n: 2 } });
		await shelf.db.transaction(async (tx) => {
			expect(names(await claim(tx, 1, LEASE, T0))).toEqual([1]);
			expect(names(await take())).toEqual([2]);
		});
	});
});

describe("an order key", () => {
	test("lets one job through at a time, in the order in which they were written, and holds no other key", async () => {
		for (const [n, orderKey] of [
			[1, "a"],
			[2, "a"],
			[3, "b"],
			[4, "a"],
		] as const)
			await add({ orderKey, payload: { n } });
		const [one, three] = await take();
		expect(names([one, three] as Job[])).toEqual([1, 3]);
		expect(await take()).toEqual([]);
		await postpone(shelf.db, one as Job, at(500), "not now");
		expect(await take(at(499))).toEqual([]);
		const again = await takeOne(at(500));
		expect(names([again])).toEqual([1]);
		await finish(shelf.db, again, at(500));
		const two = await takeOne(at(500));
		expect(names([two])).toEqual([2]);
		await bury(shelf.db, two, "never", at(500));
		expect(names(await take(at(500)))).toEqual([4]);
	});

	test("holds with many workers that die at any time", async () => {
		const act = fc.record({
			limit: fc.integer({ min: 1, max: 4 }),
			end: fc.constantFrom("finish", "bury", "die", "postpone"),
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 8 }),
				fc.array(act, { maxLength: 12 }),
				async (keys, acts) => {
					await shelf.db.query("TRUNCATE job");
					for (const [n, orderKey] of keys.entries()) await add({ orderKey, payload: { n } });
					const open = new Map(keys.map((key, n) => [n, key]));
					let now = 0;
					for (const { limit, end } of acts) {
						const jobs = await take(at(now), limit);
						for (const job of jobs) {
							const [n] = names([job]) as [number];
							const earlier = [...open].filter(([other, key]) => other < n && key === open.get(n));
							expect(earlier).toEqual([]);
							if (end === "finish") await finish(shelf.db, job, at(now));
							if (end === "bury") await bury(shelf.db, job, "no", at(now));
							if (end === "postpone") await postpone(shelf.db, job, at(now + 5), null);
							if (end === "finish" || end === "bury") open.delete(n);
						}
						now += LEASE;
					}
					for (; open.size > 0; now += LEASE)
						for (const job of await take(at(now))) {
							await finish(shelf.db, job, at(now));
							open.delete(names([job])[0] as number);
						}
				},
			),
			{ numRuns: 25 },
		);
	});
});

describe("a dedupe key", () => {
	test("takes the first of many at once, and knows it still when it is done", async () => {
		const taken = await Promise.all(Array.from({ length: 10 }, () => add({ dedupeKey: "k" })));
		expect(taken.filter(Boolean)).toHaveLength(1);
		await finish(shelf.db, await takeOne(), at(1));
		expect(await add({ dedupeKey: "k" })).toBe(false);
	});

	test("is free again once the job was cleaned up; dead jobs and open ones stay", async () => {
		await add({ dedupeKey: "done" });
		await finish(shelf.db, await takeOne(), at(1));
		await add({ dedupeKey: "dead" });
		await bury(shelf.db, await takeOne(), "no", at(1));
		await add({ dedupeKey: "open" });
		await cleanUp(shelf.db, at(1 + 7 * 86_400_000));
		expect(await add({ dedupeKey: "done" })).toBe(false);
		await cleanUp(shelf.db, at(2 + 7 * 86_400_000));
		expect(await Promise.all(["done", "dead", "open"].map((dedupeKey) => add({ dedupeKey })))).toEqual([
			true,
			false,
			false,
		]);
	});
});

describe("what is left for later", () => {
	test("postponed with a reason it counts the tries; simply not time yet, it counts anew", async () => {
		await add();
		await postpone(shelf.db, await takeOne(), at(10), "the neighbour is away");
		const second = await takeOne(at(10));
		expect(second.attempts).toBe(2);
		await postpone(shelf.db, second, at(20), null);
		expect((await takeOne(at(20))).attempts).toBe(1);
	});

	test("buried it is seen, and taken no more", async () => {
		await add();
		await add();
		await bury(shelf.db, (await take(T0, 1))[0] as Job, "no such channel", at(1));
		expect(await countJobs(shelf.db)).toEqual({ waiting: 1, dead: 1 });
		expect(await shelf.db.query("SELECT last_error, dead_at FROM job WHERE dead_at IS NOT NULL")).toEqual([
			{ last_error: "no such channel", dead_at: at(1) },
		]);
		expect(await take(at(LEASE))).toHaveLength(1);
	});

	test("what a newer version wrote is left to it as it is", async () => {
		await shelf.db.query("INSERT INTO job (kind, run_at) VALUES ('of_tomorrow', $1)", [T0]);
		await add({ payload: { n: 1 } });
		expect(names(await take())).toEqual([1]);
		expect(await shelf.db.query("SELECT attempts, dead_at FROM job WHERE kind = 'of_tomorrow'")).toEqual([
			{ attempts: 0, dead_at: null },
		]);
	});

	test("nothing is taken before its time", async () => {
		await add({ runAt: at(1) });
		expect(await take(T0)).toEqual([]);
		expect(await take(at(1))).toHaveLength(1);
	});
});
