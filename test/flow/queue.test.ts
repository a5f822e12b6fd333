import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Run } from "../../src/core/run.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

const reopen = async (setting: Parameters<typeof World.open>[0]) => {
	await world.close();
	world = await World.open(setting);
};
const ask = async (user: string, text: string) => world.runOf(await world.say(user, text));
const statesOf = (...runs: Run[]) => Promise.all(runs.map(async (run) => (await world.run(run.number)).progress.state));

describe("approvals and the queue", () => {
	const twoWait = async (holdsQueue: boolean) => {
		await reopen({ production: { approvals: { required: 1, holdsQueue } } });
		const active = await ask("U_OPS", "shop@v1.0.0 to production");
		await world.say("U_BOB", `approve #${active.number}`);
		await world.work();
		const first = await ask("U_OPS", "shop@v1.1.0 to production");
		const second = await ask("U_OPS", "shop@v1.2.0 to production");
		await world.say("U_BOB", `approve #${second.number}`);
		await world.pass(1_000);
		await world.say("U_BOB", `approve #${first.number}`);
		await world.work();
		await world.finish(active, "succeeded");
		return statesOf(first, second);
	};

	test("without a place of its own, what is approved first goes first", async () => {
		expect(await twoWait(false)).toEqual(["queued", "running"]);
	});

	test("with holdsQueue, what was asked for first goes first", async () => {
		expect(await twoWait(true)).toEqual(["running", "queued"]);
	});

	test("a run that waits for approval holds nobody up, also with holdsQueue", async () => {
		await reopen({ production: { approvals: { required: 1, holdsQueue: true } } });
		const waits = await ask("U_OPS", "shop@v1.1.0 to production");
		const goes = await ask("U_OPS", "plan shop@v1.2.0 production");
		await world.work();
		expect(await statesOf(waits, goes)).toEqual(["waiting_approval", "running"]);
	});
});

describe("retry", () => {
	test("is linked to the first one, and asked for twice it is one run", async () => {
		const first = await ask("U_OPS", "shop@v1.0.0 to stage");
		expect(await world.say("U_OPS", `retry #${first.number}`)).toMatchObject({ code: "not_over_yet" });
		await world.work();
		await world.finish(first, "failed");
		const answers = await Promise.all(
			["U_OPS", "U_OPS", "U_TWO"].map((who) => world.say(who, `retry #${first.number}`)),
		);
		const ids = new Set(answers.map((answer) => answer.runId));
		expect(ids.size).toBe(1);
		const [answer] = answers;
		const second = answer === undefined ? first : await world.runOf(answer);
		expect(second).toMatchObject({ retryOf: first.number, ref: first.ref, type: "deploy" });
		await world.work();
		const hourLater = await world.say("U_TWO", `retry #${first.number}`);
		expect(hourLater).toMatchObject({ outcome: "done", runId: second.id });
		expect(hourLater.card.text).toContain(`No new run was made: #${first.number} is retried by #${second.number}`);
		await world.finish(second, "failed");
		const third = await ask("U_OPS", `retry #${first.number}`);
		expect(third.id).not.toBe(second.id);
	});

	test("asks every rule again", async () => {
		const first = await ask("U_OPS", "shop@v1.0.0 to stage");
		await world.work();
		await world.finish(first, "failed");
		world.pipeline.checksOf = () => [{ name: "build", state: "failure", url: null }];
		expect(await world.say("U_OPS", `retry #${first.number}`)).toMatchObject({ outcome: "refused", code: "ci_failed" });
		world.people.group("S_OPS");
		expect(await world.say("U_OPS", `retry #${first.number}`)).toMatchObject({ outcome: "refused", code: "no_right" });
	});
});

describe("after a rollback", () => {
	test("others wait for whoever rolled back, until they unlock", async () => {
		for (const tag of ["v1.0.0", "v1.1.0"]) await world.deployed("U_OPS", `shop@${tag} to stage`);
		await world.deployed("U_OPS", "rollback shop stage");
		const back = world.chat.roots("C_STAGE").at(-1) ?? { channel: "", messageId: "" };
		expect(world.chat.threadOf(back).slice(-2)).toEqual([
			expect.stringContaining("succeeded"),
			expect.stringMatching(/locked.*only the runs of U_OPS pass/),
		]);
		const theirs = await ask("U_TWO", "shop@v1.1.0 to stage");
		await world.work();
		expect(await statesOf(theirs)).toEqual(["queued"]);
		expect(await world.say("U_TWO", "unlock shop stage")).toMatchObject({ code: "locked" });
		expect(await world.say("U_OPS", "unlock shop stage")).toMatchObject({ outcome: "done" });
		await world.work();
		expect(await statesOf(theirs)).toEqual(["running"]);
	});

	test("nothing is locked where the policy says so, nor when it failed", async () => {
		await reopen({ stage: { refs: { tags: ["**"] }, rollback: { locksAfter: false } } });
		for (const tag of ["v1.0.0", "v1.1.0"]) await world.deployed("U_OPS", `shop@${tag} to stage`);
		await world.deployed("U_OPS", "rollback shop stage");
		expect(await world.deps.db.query("SELECT 1 FROM environment_lock")).toEqual([]);
	});

	test("to a run or a ref of one's choice", async () => {
		const first = await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		await world.deployed("U_OPS", "shop@v1.2.0 to stage");
		const back = await ask("U_OPS", `rollback shop stage to #${first.number}`);
		expect(back).toMatchObject({ ref: first.ref, rollback: { toRun: first.number } });
		await world.work();
		await world.finish(back, "failed");
		expect(await world.deps.db.query("SELECT 1 FROM environment_lock")).toEqual([]);
		expect(await world.say("U_OPS", `rollback shop production to #${first.number}`)).toMatchObject({
			code: "not_a_rollback_target",
		});
		expect(await ask("U_OPS", "rollback shop stage to v1.1.0")).toMatchObject({ ref: { name: "v1.1.0" } });
	});
});

describe("dry-runs", () => {
	test("wait for approval where the policy says so, and never count as what is live", async () => {
		await reopen({ production: { dryRun: { approvals: 1 } } });
		const run = await ask("U_OPS", "plan shop@v1.0.0 production");
		expect(run).toMatchObject({ type: "dry-run", progress: { state: "waiting_approval" } });
		await world.say("U_BOB", `approve #${run.number}`);
		await world.work();
		expect((await world.finish(run, "succeeded")).progress.state).toBe("succeeded");
		expect(await world.say("U_OPS", "rollback shop production")).toMatchObject({ code: "nothing_to_roll_back_to" });
	});

	test("are refused where the policy forbids them", async () => {
		await reopen({ production: { dryRun: { enabled: false } } });
		expect((await world.say("U_OPS", "plan shop@v1.0.0 production")).outcome).toBe("refused");
	});
});

test("the card of one who waits says what it waits for now", async () => {
	const first = await ask("U_OPS", "shop@v1.0.0 to stage");
	await world.work();
	const second = await ask("U_OPS", "shop@v1.1.0 to stage");
	const third = await ask("U_OPS", "shop@v1.2.0 to stage");
	await world.work();
	const shown = (run: Run) =>
		world.chat.roots("C_STAGE").find(({ card }) => card.text.includes(`#${run.number}:`))?.card.text;
	expect(shown(third)).toContain(`behind #${first.number}`);
	await world.finish(first, "succeeded");
	expect(shown(third)).toContain(`behind #${second.number}`);
	await world.say("U_TWO", "lock shop stage incident 7");
	await world.finish(second, "succeeded");
	expect(shown(third)).toContain("Queued behind the lock of U_TWO (incident 7)");
});
