import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { carryOut } from "../../src/jobs/worker.ts";
import { claim, type JobKind } from "../../src/store/jobs.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({ stage: { refs: { tags: ["**"] }, timeouts: { start: "5m", run: "10m" } } });
});
afterEach(() => world.close());

const ask = async () => world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
const stateOf = async (number: number) => (await world.run(number)).progress.state;

describe("a run that may be offered to runners once more", () => {
	test("is not, when what it would do was changed since it was approved", async () => {
		world.pipeline.triggerIsIdempotent = true;
		world.pipeline.faults = ["lost"];
		const run = await ask();
		await world.work();
		await world.deps.db.query("UPDATE project SET pipeline = 'other.yml'");
		await world.pass(3_000);
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "failed",
			reason: expect.stringContaining("changed since it was approved. Nothing was started"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("goes on when it had been taken before that change", async () => {
		world.pipeline.triggerIsIdempotent = true;
		world.pipeline.faults = ["answer_lost"];
		const run = await ask();
		await world.work();
		await world.deps.db.query("UPDATE project SET pipeline = 'other.yml'");
		await world.pass(3_000);
		expect(await stateOf(run.number)).toBe("running");
		expect(world.pipeline.startsOf(run.id)).toBe(1);
	});
});

describe("a clock that is set back between the taking of work and its doing", () => {
	async function takenAndSetBack(kind: JobKind): Promise<void> {
		const jobs = (await claim(world.deps.db, 100, 0, world.now())).filter((job) => job.kind === kind);
		expect(jobs).not.toEqual([]);
		world.sleep(-60_000);
		const handlers = makeHandlers(world.deps, {
			slackIn: async () => {},
			teamsIn: async () => {},
			apologise: async () => {},
			writeCheckpoint: async () => {},
		});
		for (const job of jobs) await carryOut(world.deps, handlers, job);
	}

	test("loses no deadline of a run", async () => {
		const run = await ask();
		await world.work();
		world.sleep(600_000);
		await takenAndSetBack("deadline");
		expect(await stateOf(run.number)).toBe("running");
		await world.pass(60_000);
		expect(await stateOf(run.number)).toBe("timed_out");
	});

	test("loses no end of a lock: the queue goes on", async () => {
		await world.say("U_ANN", "lock shop stage for 1h");
		const run = await ask();
		await world.work();
		expect(await stateOf(run.number)).toBe("queued");
		world.sleep(3_600_000);
		await takenAndSetBack("lock_expiry");
		await world.pass(60_000);
		expect(await stateOf(run.number)).toBe("running");
	});
});

describe("a person's cancel", () => {
	test("is what ended a run, also when its time is over before the provider has stopped it", async () => {
		world.pipeline.obeysCancel = false;
		const run = await ask();
		await world.work();
		world.sleep(590_000);
		await world.say("U_OPS", `cancel #${run.number} wrong one`);
		await world.pass(60_000);
		expect(await stateOf(run.number)).toBe("cancelling");
		await world.finish(run, "cancelled");
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "cancelled",
			reason: "Cancelled by U_OPS: wrong one",
		});
	});
});
