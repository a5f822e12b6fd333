import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { World } from "../support/world.ts";
import { type Crowd, openCrowd } from "./crowd.ts";
import { until } from "./until.ts";
import { installWitness, unlawful } from "./witness.ts";

let crowd: Crowd;
let world: World;
beforeEach(async () => {
	crowd = await openCrowd();
	world = crowd.world;
});
afterEach(() => crowd.close());

describe("promise 1: at most one run at work on an environment", () => {
	test("with three replicas, thirty requests at once, cancels in between, and without the index that would refuse it", async () => {
		const witness = await installWitness(world.deps.db);
		world.hasten(60);
		const { next, trouble } = await crowd.start();
		// The provider's answers come by polling; some fail, all in their own time.
		world.pipeline.onTrigger = async ({ variables }) => {
			const status = world.pipeline.runs.length % 3 === 0 ? "failed" : "succeeded";
			world.pipeline.set(variables.JOB_ID, status);
		};
		const answers = await Promise.all(
			Array.from({ length: 30 }, (_, n) =>
				world.say(n % 2 === 0 ? "U_OPS" : "U_TWO", `shop@v1.${n % 3}.0 to stage`, { deps: next() }),
			),
		);
		expect(answers.map((answer) => answer.code).filter((code) => code !== null)).toEqual([]);
		await Promise.all([5, 11, 17].map((number) => world.say("U_ADA", `cancel #${number}`, { deps: next() })));
		await until(crowd.allOver);
		expect(unlawful(await witness.seen())).toEqual([]);
		const runs = await crowd.allRuns();
		expect(runs.map((run) => run.number)).toEqual(Array.from({ length: 30 }, (_, n) => 30 - n));
		for (const run of runs) {
			const starts = world.pipeline.startsOf(run.id);
			expect({ run: run.number, starts }).toEqual({
				run: run.number,
				starts: run.progress.state === "cancelled" && run.progress.startedAt === null ? 0 : 1,
			});
		}
		// First in, first out: they were started in the order of their places.
		const places: { number: number }[] = await world.deps.db.query(
			"SELECT number FROM run WHERE started_at IS NOT NULL ORDER BY queue_position",
		);
		const started = (await witness.seen()).filter((one) => one.to === "dispatching" && one.from === "queued");
		expect(started.map((one) => one.number)).toEqual(places.map((one) => one.number));
		expect(trouble).toEqual([]);
	});

	test("and the database itself refuses a second one", async () => {
		const first = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.say("U_OPS", "shop@v1.1.0 to stage");
		for (const state of ["dispatching", "running", "cancelling"])
			await expect(
				world.deps.db.query(
					`UPDATE run SET state = $1, started_at = now(), external_id = 'x', stop = CASE WHEN $1 = 'cancelling' THEN '{}'::jsonb END
				 WHERE number <> $2`,
					[state, first.number],
				),
			).rejects.toThrow(/run_one_active/);
	});
});

describe("promise 2: no pipeline without a verdict and the approvals, by distinct people with the right, for this very commit", () => {
	test("many clicks at once by the wrong people, and by one right person, are one approval", async () => {
		const { next, trouble } = await crowd.start();
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		world.people.emails.set("U_ANN", "ann@acme.test").set("U_ANN2", "ann@acme.test");
		world.people.groups.get("S_LEADS")?.add("U_ANN2");
		const clicks = ["U_ANN", "U_ANN2", "U_OPS", "U_TWO", "U_NOBODY"].flatMap((user) =>
			Array.from({ length: 4 }, () => world.click(user, "approve", run, null, next())),
		);
		await Promise.all(clicks);
		expect(await crowd.count("approval WHERE run_id = $1", [run.id])).toBe(1);
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
		expect(world.pipeline.runs).toEqual([]);
		await Promise.all(Array.from({ length: 5 }, () => world.click("U_BOB", "approve", run, null, next())));
		await until(async () => (await world.run(run.number)).progress.state === "running");
		expect(world.pipeline.startsOf(run.id)).toBe(1);
		expect(trouble).toEqual([]);
	});

	test("an approve and a reject at the same moment: one of them counts, never both", async () => {
		const { next, trouble } = await crowd.start(3, { workers: false });
		for (let n = 0; n < 8; n++) {
			const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
			await world.click("U_ANN", "approve", run);
			await Promise.all([
				world.click("U_BOB", "approve", run, null, next()),
				world.click("U_EVA", "approve", run, null, next()),
				world.click("U_BOB", "reject", run, "no", next()),
			]);
			const { state } = (await world.run(run.number)).progress;
			const said = (await world.actions(run.id)).filter((one) => one !== "run.decision_refused");
			expect(said).toEqual(
				state === "rejected"
					? ["run.requested", "run.approved", "run.rejected"]
					: ["run.requested", "run.approved", "run.approved", "run.queued"],
			);
		}
		expect(trouble).toEqual([]);
	});

	test("approvals that were written behind its back, for another commit, start nothing", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.click("U_ANN", "approve", run);
		await world.deps.db.query("UPDATE approval SET fingerprint = 'other'");
		await world.click("U_BOB", "approve", run);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
		await world.deps.db.query("UPDATE run SET state = 'queued', queue_position = 1, version = version + 1");
		await world.say("U_OPS", "lock shop production");
		await world.say("U_OPS", "unlock shop production");
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "superseded",
			reason: expect.stringContaining("1 more approval"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});
});

describe("promise 3: a run starts its pipeline once at most", () => {
	test("with answers lost, calls that never arrived and three replicas that race for the work", async () => {
		const witness = await installWitness(world.deps.db);
		world.hasten(120);
		const { next, trouble } = await crowd.start();
		world.pipeline.faults = Array.from({ length: 12 }, (_, n) =>
			n % 3 === 0 ? ("answer_lost" as const) : n % 3 === 1 ? ("unreachable" as const) : ("rejected" as const),
		);
		world.pipeline.onTrigger = async ({ variables }) => void world.pipeline.set(variables.JOB_ID, "succeeded");
		await Promise.all(Array.from({ length: 12 }, () => world.say("U_OPS", "shop@v1.0.0 to stage", { deps: next() })));
		await until(crowd.allOver);
		const runs = await crowd.allRuns();
		for (const run of runs) expect(world.pipeline.startsOf(run.id)).toBe(run.progress.state === "succeeded" ? 1 : 0);
		expect(runs.filter((run) => run.progress.state === "failed")).toHaveLength(4);
		expect(unlawful(await witness.seen())).toEqual([]);
		expect(trouble).toEqual([]);
	});

	test("a worker that was paused in the middle of the call, past its lease, comes back and starts nothing anew", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.workOn("dispatch");
		let goOn: () => void = () => {};
		const paused = new Promise<void>((resolve) => {
			goOn = resolve;
		});
		world.pipeline.onTrigger = () => paused;
		const slow = world.workOn("trigger");
		await until(async () => world.pipeline.startsOf(run.id) === 1);
		world.sleep(31_000);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
		goOn();
		await slow;
		await world.work();
		expect(world.pipeline.startsOf(run.id)).toBe(1);
		expect((await world.actions(run.id)).filter((action) => action === "run.running")).toHaveLength(1);
	});
});
