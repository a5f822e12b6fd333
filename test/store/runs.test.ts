import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isEnd, RUN_STATES, type Run } from "../../src/core/run.ts";
import { updateRun } from "../../src/store/change.ts";
import { listRuns, queuedRuns, runByDelivery, runById, verdictOf, waitingRuns } from "../../src/store/runs.ts";
import { ALLOWED, at, entryOf, holding, openShelf, PROGRESSES, put, type Shelf } from "./shelf.ts";

let shelf: Shelf;
beforeAll(async () => {
	shelf = await openShelf();
});
afterAll(() => shelf.close());

const update = (run: Run) =>
	holding(shelf, run.environmentId, (context) => updateRun(context, run, [entryOf(run)], []));

describe("a run comes back as it was written", () => {
	test("in each state, in each form of it", async () => {
		expect(new Set(PROGRESSES.map((progress) => progress.state))).toEqual(new Set(RUN_STATES));
		for (const progress of PROGRESSES) {
			const { run } = await put(shelf, await shelf.environment(`each-${PROGRESSES.indexOf(progress)}`));
			const next = { ...run, version: 2, progress };
			expect(await update(next)).toBe(true);
			expect(await runById(shelf.db, run.id)).toEqual(next);
		}
	});

	test("whatever people wrote", async () => {
		const environmentId = await shelf.environment("words");
		// Postgres holds no NUL in text; the grammar takes none.
		const text = fc.string({ unit: "binary", maxLength: 40 }).map((one) => one.replaceAll("\0", ""));
		const request = fc.record({
			type: fc.constantFrom("deploy", "rollback", "dry-run"),
			ref: fc.record({ name: text, kind: fc.constantFrom("branch", "tag", "sha"), sha: text }),
			parameters: fc.dictionary(text, text, { noNullPrototype: true }),
			note: fc.option(text),
			force: fc.option(fc.record({ reason: text, waived: fc.array(text) })),
			approvalsRequired: fc.nat(5),
			retryOf: fc.option(fc.nat(1_000)),
			rollback: fc.option(fc.record({ toRun: fc.option(fc.nat(1_000)), fromSha: fc.option(text) })),
		});
		await fc.assert(
			fc.asyncProperty(request, async (more) => {
				const { run, taken } = await put(shelf, environmentId, { ...more, queueLimit: 100_000 } as Partial<Run>);
				expect(taken).toBe(true);
				expect(await runById(shelf.db, run.id)).toEqual(run);
			}),
			{ numRuns: 60 },
		);
	});

	test("with its verdict", async () => {
		const { run } = await put(shelf, await shelf.environment("verdict"));
		expect(await verdictOf(shelf.db, run.id)).toEqual(ALLOWED);
	});

	test("a row that somebody's hand emptied is named, not worked with", async () => {
		const { run } = await put(shelf, await shelf.environment("by-hand"));
		await shelf.db.query("ALTER TABLE run DROP CONSTRAINT run_pending_has_deadline");
		await shelf.db.query("UPDATE run SET deadline = NULL WHERE id = $1", [run.id]);
		await expect(runById(shelf.db, run.id)).rejects.toThrow(`run #${run.number} is queued without deadline`);
		await shelf.db.query("UPDATE run SET deadline = now() WHERE id = $1", [run.id]);
		await shelf.db.query(
			`ALTER TABLE run ADD CONSTRAINT run_pending_has_deadline CHECK ((deadline IS NOT NULL) = (finished_at IS NULL))`,
		);
	});
});

describe("a change of a run", () => {
	test("by a writer who read an old version writes nothing at all", async () => {
		const environmentId = await shelf.environment("stale");
		const { run } = await put(shelf, environmentId);
		const next: Run = { ...run, version: 2, progress: { state: "queued", deadline: at(9) } };
		expect(await update(next)).toBe(true);
		const before = await shelf.db.query("SELECT * FROM chain_head WHERE chain = $1", [environmentId]);
		const stale: Run = { ...run, version: 2, progress: { state: "queued", deadline: at(99) } };
		const written = await holding(shelf, environmentId, (context) =>
			updateRun(context, stale, [entryOf(stale)], [{ kind: "dispatch", dedupeKey: "stale" }]),
		);
		expect(written).toBe(false);
		expect(await runById(shelf.db, run.id)).toEqual(next);
		expect(await shelf.db.query("SELECT * FROM chain_head WHERE chain = $1", [environmentId])).toEqual(before);
		expect(await shelf.db.query("SELECT FROM job WHERE dedupe_key = 'stale'")).toEqual([]);
	});

	test("the second request of one delivery writes nothing", async () => {
		const environmentId = await shelf.environment("twice");
		const both = await Promise.all([1, 2].map(() => put(shelf, environmentId, { deliveryKey: "d1" })));
		expect(both.map(({ taken }) => taken).sort()).toEqual([false, true]);
		expect(await listRuns(shelf.db, { environmentId, limit: 10 })).toHaveLength(1);
		expect((await runByDelivery(shelf.db, "d1"))?.id).toBe(both.find(({ taken }) => taken)?.run.id);
	});

	test("a full queue takes no more, however many come at once", async () => {
		const environmentId = await shelf.environment("full");
		const all = await Promise.all(Array.from({ length: 8 }, () => put(shelf, environmentId, { queueLimit: 3 })));
		expect(all.filter(({ taken }) => taken)).toHaveLength(3);
		const [trail] = await shelf.db.query("SELECT count(*)::int AS n FROM audit_entry WHERE chain = $1", [
			environmentId,
		]);
		expect(trail).toEqual({ n: 3 });
	});

	test("who waits for approval keeps a place in the queue only where the policy says so", async () => {
		const environmentId = await shelf.environment("place");
		const waiting = { progress: { state: "waiting_approval", deadline: at(9) } } as const;
		const free = (await put(shelf, environmentId, waiting)).run;
		const kept = (await put(shelf, environmentId, { ...waiting, holdsPlace: true })).run;
		const third = (await put(shelf, environmentId)).run;
		for (const run of [free, kept])
			await update({ ...run, version: 2, progress: { state: "queued", deadline: at(9) } });
		const order = (await queuedRuns(shelf.db, environmentId)).map((run) => run.number);
		expect(order).toEqual([kept.number, third.number, free.number]);
		expect((await waitingRuns(shelf.db, environmentId)).map((run) => run.number)).toEqual(order);
	});
});

describe("what the database itself refuses", () => {
	test("two active runs on one environment, in any two active states", async () => {
		const active = PROGRESSES.filter(({ state }) => ["dispatching", "running", "cancelling"].includes(state));
		const environmentId = await shelf.environment("one-active");
		const [first, second] = [(await put(shelf, environmentId)).run, (await put(shelf, environmentId)).run];
		let version = 1;
		for (const progress of active) {
			version += 1;
			await update({ ...first, version, progress });
			for (const other of active)
				await expect(update({ ...second, version: 2, progress: other })).rejects.toThrow("run_one_active");
		}
	});

	const BROKEN: readonly (readonly [string, string])[] = [
		["run_end_has_time", "state = 'failed', deadline = NULL, finished_at = NULL"],
		["run_end_has_time", "finished_at = now()"],
		["run_pending_has_deadline", "deadline = NULL"],
		["run_pending_has_deadline", "state = 'failed', finished_at = now()"],
		["run_active_has_start", "state = 'dispatching', started_at = NULL"],
		["run_running_is_known", "state = 'running', started_at = now(), external_id = NULL"],
		["run_cancelling_has_stop", "state = 'cancelling', started_at = now(), stop = NULL"],
		["run_queued_has_place", "queue_position = NULL"],
		["run_state_known", "state = 'lost'"],
		["run_type_known", "type = 'destroy'"],
		["run_ref_kind_known", "ref_kind = 'guess'"],
		["run_number_once", "number = (SELECT min(number) FROM run WHERE id <> $1)"],
	];
	test.each(BROKEN)("%s: %s", async (constraint, change) => {
		const { run } = await put(shelf, await shelf.environment(`broken-${BROKEN.findIndex(([, c]) => c === change)}`));
		const broken = shelf.db.query(`UPDATE run SET ${change} WHERE id = $1`, [run.id]);
		await expect(broken).rejects.toThrow(constraint);
	});

	test("a run does not begin at its end", async () => {
		const end = PROGRESSES.find(({ state }) => isEnd(state));
		if (end === undefined) throw new Error("there is no end");
		await expect(put(shelf, await shelf.environment("ended"), { progress: end })).rejects.toThrow("begin at its end");
	});
});
