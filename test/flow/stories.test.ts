import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SHA, World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
	world = await World.open();
});
afterAll(() => world.close());

describe("a deploy to stage", () => {
	test("goes from the command to the end of the pipeline, and is told in one thread", async () => {
		const answer = await world.say("U_OPS", "shop@v1.0.0 to stage");
		expect(answer.outcome).toBe("done");
		const run = await world.runOf(answer);
		expect(run.progress.state).toBe("queued");
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
		expect(world.pipeline.runOf(run.id).request.variables).toEqual({
			JOB_ID: run.id,
			ENV: "stage",
			REF: "v1.0.0",
			SHA: SHA.a,
			TYPE: "deploy",
		});
		const end = await world.finish(run, "succeeded");
		expect(end.progress).toMatchObject({
			state: "succeeded",
			external: { externalUrl: expect.stringContaining("https://") },
		});
		const [root, ...others] = world.chat.roots("C_STAGE");
		expect(others).toEqual([]);
		expect(root?.card.text).toContain("Succeeded");
		expect(world.chat.threadOf(root ?? { channel: "", messageId: "" })).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("at work"),
			expect.stringContaining("succeeded"),
		]);
		expect(await world.actions(run.id)).toEqual([
			"run.requested",
			"run.dispatching",
			"run.trigger_attempted",
			"run.accepted",
			"run.running",
			"run.succeeded",
		]);
	});
});
