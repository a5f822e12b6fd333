import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { FakeChat } from "../fakes/chat.ts";
import { SHA, World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({ production: { approvals: { required: 1 } } });
});
afterEach(() => world.close());

const root = (channel: string) => {
	const [message] = world.chat.roots(channel);
	if (message === undefined) throw new Error(`nothing was posted to ${channel}`);
	return message;
};
const inThread = (user: string, text: string) => {
	const { channel, messageId } = root("C_PRODUCTION");
	return world.say(user, text, { channel, thread: messageId });
};

describe("in a run's thread", () => {
	test("the number can be left out of everything that is said of it", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.work();
		expect((await inThread("U_OPS", "show")).card.text).toContain(`#${run.number}`);
		expect(await inThread("U_BOB", "approve good to go")).toMatchObject({ outcome: "done", runId: run.id });
		await world.work();
		expect(await inThread("U_OPS", "cancel stop it")).toMatchObject({ outcome: "done", runId: run.id });
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "cancelled",
			reason: "Cancelled by U_OPS: stop it",
		});
		expect(await world.runOf(await inThread("U_OPS", "retry"))).toMatchObject({ retryOf: run.number });
	});

	test("elsewhere it cannot, and nothing is changed", async () => {
		await world.say("U_OPS", "shop@v1.0.0 to production");
		await world.work();
		expect(await world.say("U_BOB", "approve", { channel: "C_PRODUCTION" })).toMatchObject({ code: "run_needed" });
		expect(await world.say("U_BOB", "approve", { channel: "C_PRODUCTION", thread: "m99" })).toMatchObject({
			code: "run_needed",
		});
		expect(await world.say("U_BOB", "approve #9999999999")).toMatchObject({ code: "unknown_run" });
	});
});

describe("a channel that cannot be written to", () => {
	test("does not stop the run, and its requester hears of it once, on both ways out", async () => {
		world.chat.closed.add("C_STAGE");
		const run = await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		expect(run.progress.state).toBe("succeeded");
		expect(world.chat.messages).toEqual([]);
		expect(world.chat.told).toEqual([
			{ user: "U_OPS", text: expect.stringMatching(/#1 .*C_STAGE.*invite me.*show #1/s) },
		]);
	});

	test("gets the card when the bot is back, as it stands then", async () => {
		world.chat.closed.add("C_STAGE");
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		world.chat.closed.clear();
		await world.finish(run, "succeeded");
		expect(world.chat.roots("C_STAGE")).toHaveLength(1);
		expect(root("C_STAGE").card.text).toContain("Succeeded");
	});
});

test("whom one platform does not reach any more is told on another", async () => {
	const teams = new FakeChat("teams");
	world.chat.closed.add("C_STAGE");
	world.chat.gone.add("U_OPS");
	world.deps = { ...world.deps, chats: { slack: world.chat, teams } };
	await world.say("U_OPS", "whoami");
	await world.deps.db.query(
		"INSERT INTO identity (platform, tenant, external_id, person_id) SELECT 'teams', 'T', 'olga', person_id FROM identity",
	);
	await world.deployed("U_OPS", "shop@v1.0.0 to stage");
	expect(world.chat.told).toEqual([]);
	expect(teams.told).toEqual([{ user: "olga", text: expect.stringContaining("C_STAGE") }]);
});

describe("a post whose answer was lost", () => {
	test("is found instead of posted again, and shows what is true by then", async () => {
		world.chat.faults = ["answer_lost"];
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		expect(root("C_STAGE").card.text).toContain("Starting");
		await world.hear(world.pipeline.set(run.id, "succeeded"));
		await world.pass(31_000);
		expect(world.chat.roots("C_STAGE")).toHaveLength(1);
		expect(root("C_STAGE").card.text).toContain("Succeeded");
		expect(world.chat.threadOf(root("C_STAGE"))).toHaveLength(3);
	});

	test("is posted at most once more where the platform does not let us look", async () => {
		world.chat.canLook = false;
		world.chat.faults = ["answer_lost"];
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		const roots = world.chat.roots("C_STAGE");
		expect(roots).toHaveLength(2);
		expect(roots[1]?.card.text).toContain("Succeeded");
	});

	test("and a chat that is away for an hour delay the story, in order, and not the run", async () => {
		world.chat.faults = Array.from({ length: 12 }, () => "unavailable" as const);
		const run = await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		expect(run.progress.state).toBe("succeeded");
		expect(world.chat.messages).toEqual([]);
		for (let n = 0; n < 12; n++) await world.pass(6 * 60_000);
		expect(world.chat.threadOf(root("C_STAGE"))).toEqual([
			expect.stringContaining("Requested"),
			expect.stringContaining("at work"),
			expect.stringContaining("succeeded"),
		]);
	});
});

describe("a button", () => {
	test("that is stale says so and changes nothing", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.click("U_BOB", "reject", run, "no");
		expect(await world.click("U_ANN", "approve", run)).toMatchObject({ outcome: "refused", code: "not_possible_now" });
		expect(await world.click("U_BOB", "reject", run)).toMatchObject({ outcome: "done" });
		expect((await world.run(run.number)).progress.state).toBe("rejected");
	});

	test("whose value was made up is not known", async () => {
		for (const value of ["", "1:1", `${SHA.a}:1`, "00000000-0000-0000-0000-000000000000:1", "'; drop table run"])
			expect(await world.click("U_ANN", "approve", { id: value, version: 1 })).toMatchObject({ code: "unknown_run" });
	});
});
