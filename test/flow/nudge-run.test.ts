import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({ production: { approvals: { required: 2 } } });
});
afterEach(() => world.close());

const MINUTE = 60_000;
const nudgesOf = async (runId: string) => (await world.actions(runId)).filter((action) => action === "run.nudged");

describe("nudge", () => {
	test("calls on who can still approve, once in ten minutes", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.pass(35 * MINUTE);
		const answer = await world.say("U_OPS", `nudge #${run.number} please`);
		expect(answer).toMatchObject({ outcome: "done", runId: run.id });
		expect(answer.card.text).toBe(
			"#1 waits for approval. Who can: the Slack group S_LEADS. They are called on in its thread.",
		);
		await world.pass(2 * MINUTE);
		const early = await world.say("U_TWO", `nudge #${run.number}`);
		expect(early).toMatchObject({ outcome: "refused", code: "nudged_lately" });
		expect(early.card.text).toContain(
			"U_OPS called on those who can approve it for #1 at 2026-03-04 10:35 UTC already",
		);
		expect(early.card.text).toContain("possible from 2026-03-04 10:45 UTC");
		await world.pass(8 * MINUTE);
		expect(await world.say("U_TWO", `nudge #${run.number}`)).toMatchObject({ outcome: "done" });
		expect(await nudgesOf(run.id)).toHaveLength(2);
	});

	test("said twice by one person at once calls once", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		const answers = await Promise.all(["nudge #1", "nudge #1", "nudge #1"].map((text) => world.say("U_OPS", text)));
		expect(answers.map(({ outcome }) => outcome)).toEqual(["done", "done", "done"]);
		expect(await nudgesOf(run.id)).toHaveLength(1);
	});

	test("is for operators and the requester, not for those who may only look; a refusal is on the trail", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		const no = await world.say("U_ZED", "nudge #1");
		expect(no).toMatchObject({ outcome: "refused", code: "no_right" });
		expect(no.card.text).toContain("You may not nudge somebody else's run on shop/production");
		world.people.group("S_OPS");
		expect(await world.say("U_OPS", "nudge #1")).toMatchObject({ outcome: "done" });
		expect(await world.actions(run.id)).toEqual(["run.requested", "run.nudge_refused", "run.nudged"]);
	});

	test("tells the holder of the lock that a run waits for, and only them", async () => {
		await world.say("U_TWO", "lock shop stage migration");
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.pass(20 * MINUTE);
		const own = await world.say("U_TWO", "nudge #1");
		expect(own).toMatchObject({ outcome: "refused", code: "own_lock" });
		expect(own.card.text).toContain("unlock shop stage");
		const answer = await world.say("U_OPS", "nudge #1 the fix is urgent");
		expect(answer.card.text).toBe("#1 waits for the lock of U_TWO on shop/stage, who is told so now.");
		await world.work();
		expect(world.chat.told.map(({ user, text }) => [user, text])).toEqual([
			[
				"U_TWO",
				"🔔 U_OPS asks after your lock on shop/stage: Deploy #1: shop v1.0.0 → stage has waited for 20m. They say: the fix is urgent. To give it free: deploy unlock shop stage",
			],
		]);
		expect((await world.say("U_ANN", "nudge #1")).card.text).toContain("U_OPS called on U_TWO for #1");
		expect(await nudgesOf(run.id)).toHaveLength(1);
	});

	test("says what happens where nobody has to do anything", async () => {
		const first = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.say("U_OPS", "shop@v1.1.0 to stage");
		await world.work();
		expect((await world.say("U_OPS", "nudge #1")).card.text).toContain("#1 is running since 2026-03-04 10:00 UTC");
		const queued = await world.say("U_OPS", "nudge #2");
		expect(queued).toMatchObject({ outcome: "refused", code: "nothing_to_nudge" });
		expect(queued.card.text).toContain("#2 is queued behind #1, which is at work there");
		await world.finish(first, "failed");
		expect((await world.say("U_OPS", "nudge #1")).card.text).toContain("#1 has failed: it is over");
		await world.say("U_OPS", "shop@v1.0.0 to production");
		world.sleep(25 * 60 * MINUTE);
		expect((await world.say("U_OPS", "nudge #3")).card.text).toContain("has waited too long");
		expect(await world.say("U_OPS", "nudge #77")).toMatchObject({ code: "unknown_run" });
		expect(await world.say("U_OPS", "nudge")).toMatchObject({ code: "run_needed" });
	});
});
