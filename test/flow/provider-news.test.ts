import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Run } from "../../src/core/run.ts";
import type { PipelineReport } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { placeById } from "../../src/use-cases/catalog.ts";
import { recordReport } from "../../src/use-cases/record-report.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({ stage: { refs: { tags: ["**"] }, timeouts: { start: "1m", run: "10m" } } });
});
afterEach(() => world.close());

const MINUTE = 60_000;
const again = async (run: Run) => world.run(run.number);
const deploy = async () => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
	await world.work();
	return again(run);
};
const saying = (run: Run, more: Partial<PipelineReport>): PipelineReport => ({
	...{ externalId: "1000", attempt: 1, externalUrl: null, status: "succeeded", reason: null, jobId: run.id },
	...more,
});

describe("news of a run that is over", () => {
	test("changes nothing, is on the trail once however often it comes, and is told", async () => {
		const run = await deploy();
		const end = await world.finish(run, "succeeded");
		expect(await world.hear(saying(run, { status: "running" }))).toBe("nothing_new");
		expect(await world.hear(saying(run, { status: "succeeded" }))).toBe("nothing_new");
		for (let n = 0; n < 3; n++) await world.hear(saying(run, { status: "failed" }));
		await Promise.all([1, 2, 3].map(() => world.hear(saying(run, { status: "failed", attempt: 2 }))));
		await world.work();
		expect(await again(run)).toEqual(end);
		const late = (await world.actions(run.id)).filter((action) => action === "run.late_report");
		expect(late).toHaveLength(2);
		const [root] = world.chat.roots("C_STAGE");
		expect(world.chat.threadOf(root ?? { channel: "", messageId: "" }).slice(-2)).toEqual([
			expect.stringMatching(/failed \(attempt 1\)/),
			expect.stringMatching(/failed \(attempt 2\)/),
		]);
	});

	test("is what ended it, said again, also when a later attempt did; another attempt with the same end is news", async () => {
		const run = await deploy();
		await world.hear(saying(run, { status: "succeeded", attempt: 2 }));
		const end = await again(run);
		expect(end.progress.state).toBe("succeeded");
		for (let n = 0; n < 2; n++) await world.hear(saying(run, { status: "succeeded", attempt: 2 }));
		const late = async () => (await world.actions(run.id)).filter((action) => action === "run.late_report").length;
		expect(await late()).toBe(0);
		await world.hear(saying(run, { status: "succeeded", attempt: 3 }));
		expect(await late()).toBe(1);
		expect(await again(run)).toEqual(end);
	});

	test("in any order, said twice each: the first word of the end counts", async () => {
		const run = await deploy();
		for (const status of ["succeeded", "queued", "running", "running", "succeeded"] as const)
			await world.hear(saying(run, { status }));
		expect((await again(run)).progress.state).toBe("succeeded");
		expect((await world.actions(run.id)).filter((action) => action === "run.succeeded")).toHaveLength(1);
	});

	test("of another pipeline than the one that was started is not ours", async () => {
		const run = await deploy();
		expect(await world.hear(saying(run, { externalId: "4711", status: "failed" }))).toBe("nothing_new");
		expect(await world.hear(saying(run, { externalId: "4711", jobId: null }))).toBe("unknown_run");
		expect((await again(run)).progress.state).toBe("running");
	});
});

describe("when the answer to the trigger was lost", () => {
	test("the pipeline is found by its JOB_ID, and called no second time", async () => {
		world.pipeline.faults = ["answer_lost"];
		const run = await deploy();
		expect(run.progress.state).toBe("dispatching");
		await world.pass(3_000);
		expect((await again(run)).progress.state).toBe("running");
		expect(world.pipeline.startsOf(run.id)).toBe(1);
	});

	test("and nothing is to be found, it fails and says to look before a retry", async () => {
		world.pipeline.faults = ["lost"];
		const run = await deploy();
		await world.pass(MINUTE);
		expect((await again(run)).progress).toMatchObject({
			state: "failed",
			reason: expect.stringContaining("Look there before you retry"),
		});
		expect(world.pipeline.startsOf(run.id)).toBe(0);
	});

	test("what shows up at work after it was given up is stopped: the lock is another's by then", async () => {
		world.pipeline.faults = ["answer_lost"];
		const { find } = world.pipeline;
		world.pipeline.find = async () => null;
		const run = await deploy();
		await world.pass(MINUTE);
		expect((await again(run)).progress.state).toBe("failed");
		world.pipeline.find = find;
		expect(await world.hear(saying(run, { status: "running" }))).toBe("nothing_new");
		await world.work();
		expect(world.pipeline.runOf(run.id)).toMatchObject({ cancelRequested: true, status: "cancelled" });
		expect((await again(run)).progress.state).toBe("failed");
		expect((await world.actions(run.id)).filter((action) => action === "run.late_report")).toHaveLength(2);
	});

	test("people read so in its thread and on its card, with where and until when it is looked for", async () => {
		world.pipeline.faults = ["lost"];
		const run = await deploy();
		const told = `The provider did not answer. Whether the pipeline was started is not known: it is looked for by its JOB_ID (${run.id}) until 2026-03-04 10:01 UTC, and never sent twice.`;
		const [root] = world.chat.roots("C_STAGE");
		expect(root?.card.text).toContain(`⚠️ ${told}`);
		expect(root && world.chat.threadOf(root)).toContain(told);
		await world.pass(MINUTE);
		expect(root?.card.text).not.toContain("⚠️");
	});

	test("a cancel says that it is looked for, and gives the environment back after a minute", async () => {
		await world.close();
		world = await World.open({ stage: { refs: { tags: ["**"] }, timeouts: { start: "30m" } } });
		world.pipeline.faults = ["lost"];
		const run = await deploy();
		const next = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.say("U_OPS", `cancel #${run.number} wrong one`);
		await world.work();
		const [root] = world.chat.roots("C_STAGE");
		expect(root && world.chat.threadOf(root)).toContain(
			"Cancelled by U_OPS: wrong one. Whether the pipeline was started is not known yet: it is looked for, and stopped when it is found.",
		);
		for (let second = 0; second < 60; second += 5) await world.pass(5_000);
		expect((await again(run)).progress).toMatchObject({
			state: "timed_out",
			reason: expect.stringMatching(/^Cancelled by U_OPS: wrong one\. Whether .* nothing is found by its JOB_ID/),
		});
		expect((await again(next)).progress.state).toBe("running");
		expect(world.pipeline.startsOf(run.id)).toBe(0);
	});

	test("and it turns up minutes after it was given up: it is stopped without any word of the provider", async () => {
		world.pipeline.faults = ["answer_lost"];
		const { find } = world.pipeline;
		world.pipeline.find = async () => null;
		const run = await deploy();
		await world.say("U_OPS", `cancel #${run.number}`);
		await world.pass(MINUTE);
		expect((await again(run)).progress.state).toBe("timed_out");
		world.pipeline.find = find.bind(world.pipeline);
		await world.pass(5 * MINUTE);
		expect(world.pipeline.runOf(run.id)).toMatchObject({ cancelRequested: true, status: "cancelled" });
		expect((await again(run)).progress.state).toBe("timed_out");
		expect(world.pipeline.startsOf(run.id)).toBe(1);
	});

	test("and it is found after a cancel: it has the whole time that a stop may take", async () => {
		world.pipeline.faults = ["answer_lost"];
		world.pipeline.obeysCancel = false;
		const { find } = world.pipeline;
		world.pipeline.find = async () => null;
		const run = await deploy();
		await world.say("U_OPS", `cancel #${run.number}`);
		await world.pass(30_000);
		world.pipeline.find = find.bind(world.pipeline);
		for (let minute = 0; minute < 5; minute++) await world.pass(MINUTE);
		expect((await again(run)).progress.state).toBe("cancelling");
		await world.finish(run, "cancelled");
		expect((await again(run)).progress.state).toBe("cancelled");
	});

	test("and we were away until after its deadline: the provider is asked before it is given up", async () => {
		world.pipeline.faults = ["answer_lost"];
		const run = await deploy();
		world.sleep(2 * MINUTE);
		await world.workOn("deadline");
		expect((await again(run)).progress.state).toBe("running");
	});
});

describe("at the deadlines", () => {
	test("what had succeeded while we were away succeeded, and is not stopped as too slow", async () => {
		const run = await deploy();
		world.pipeline.set(run.id, "succeeded");
		world.sleep(11 * MINUTE);
		await world.workOn("deadline");
		expect((await again(run)).progress.state).toBe("succeeded");
		expect(world.pipeline.runOf(run.id).cancelRequested).toBe(false);
	});

	test("what was not begun in time is stopped there, also when that takes a second try", async () => {
		world.pipeline.onTrigger = async ({ variables }) => void world.pipeline.set(variables.JOB_ID, "queued");
		const run = await deploy();
		world.pipeline.down = new VendorError("unauthorized", "The token of GitHub was refused.");
		await world.pass(MINUTE);
		expect((await again(run)).progress.state).toBe("failed");
		world.pipeline.down = null;
		await world.pass(MINUTE);
		expect(world.pipeline.runOf(run.id).cancelRequested).toBe(true);
	});

	test("polling outlives a token that was refused for a while", async () => {
		const run = await deploy();
		world.pipeline.down = new VendorError("unauthorized", "The token of GitHub was refused.");
		for (let n = 0; n < 5; n++) await world.pass(MINUTE);
		world.pipeline.down = null;
		world.pipeline.set(run.id, "succeeded");
		await world.pass(2 * MINUTE);
		expect((await again(run)).progress.state).toBe("succeeded");
	});
});

describe("a cancel that meets a trigger", () => {
	test("that surely never arrived: it is cancelled, and not looked for until it times out", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		world.pipeline.faults = ["unreachable"];
		world.pipeline.beforeTrigger = async () => void (await world.say("U_OPS", `cancel #${run.number} wrong one`));
		await world.pass(0);
		await world.pass(10_000);
		expect((await again(run)).progress).toMatchObject({
			state: "cancelled",
			reason: "Cancelled by U_OPS: wrong one",
		});
		expect(world.pipeline.startsOf(run.id)).toBe(0);
	});

	test("whose answer was lost: it is found, stopped, and cancelled when the provider says so", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		world.pipeline.faults = ["answer_lost"];
		world.pipeline.onTrigger = async () => void (await world.say("U_OPS", `cancel #${run.number}`));
		await world.pass(0);
		expect((await again(run)).progress.state).toBe("cancelling");
		await world.pass(3_000);
		expect((await again(run)).progress.state).toBe("cancelled");
		expect(world.pipeline.runOf(run.id).cancelRequested).toBe(true);
	});

	test("said twice is one cancel, with one answer", async () => {
		const run = await deploy();
		world.pipeline.obeysCancel = false;
		const answers = await Promise.all([1, 2, 3].map(() => world.say("U_OPS", `cancel #${run.number}`)));
		expect(answers.map((answer) => answer.outcome)).toEqual(["done", "done", "done"]);
		expect((await world.actions(run.id)).filter((action) => action === "run.cancelling")).toHaveLength(1);
	});
});

describe("a run is polled", () => {
	const looks = () => {
		let count = 0;
		const { report } = world.pipeline;
		world.pipeline.report = (...of) => {
			count += 1;
			return report.apply(world.pipeline, of);
		};
		return () => count;
	};
	/** As a webhook says it. */
	const hook = async (run: Run) => {
		const { integration } = await placeById(world.deps.db.manager, run.environmentId);
		return recordReport(world.deps, integration.id, saying(run, { status: "running" }), {
			...{ repository: "acme/shop", pipeline: "deploy.yml" },
		});
	};

	test("after a silence of its provider, not by the clock: each webhook puts it off", async () => {
		const run = await deploy();
		const looked = looks();
		for (let n = 0; n < 4; n++) {
			await world.pass(20_000);
			await hook(run);
		}
		expect(looked()).toBe(0);
		await world.pass(29_000);
		expect(looked()).toBe(0);
		await world.pass(2_000);
		expect(looked()).toBe(1);
	});

	test("not more often because of a webhook, and never sooner", async () => {
		const run = await deploy();
		await world.pass(31_000);
		const looked = looks();
		await hook(run);
		await world.pass(29_000);
		expect(looked()).toBe(0);
		world.pipeline.set(run.id, "succeeded");
		await world.pass(2_000);
		expect((await again(run)).progress.state).toBe("succeeded");
	});
});
