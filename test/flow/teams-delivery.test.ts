import { afterEach, describe, expect, test } from "@jest/globals";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { carryOut, startWorker, type Worker } from "../../src/jobs/worker.ts";
import { claim } from "../../src/store/jobs.ts";
import { teamsConversations } from "../../src/store/teams-conversations.ts";
import { textOf } from "../fakes/teams-card.ts";
import { type Obstacles, TALK, TeamsWorld, teamsChannel } from "../support/teams-world.ts";

let there: TeamsWorld;
const workers: Worker[] = [];
afterEach(async () => {
	await Promise.all(workers.splice(0).map((worker) => worker.stop()));
	await there.close();
});

async function open(obstacles: Obstacles = {}): Promise<TeamsWorld> {
	there = await TeamsWorld.open({}, obstacles);
	there.fake.now = () => there.world.now().getTime();
	return there;
}

const told = (user: string) => there.fake.toldTo(user).map(({ card }) => textOf(card));
const handlers = () =>
	makeHandlers(there.world.deps, {
		...{ slackIn: async () => {}, writeCheckpoint: async () => {} },
		...{ teamsIn: there.world.teamsIn, apologise: there.world.apologise },
	});

function startReplica(): Worker {
	const worker = startWorker(there.world.deps, handlers(), { pollMs: 20 });
	workers.push(worker);
	return worker;
}

const runs = async (): Promise<number> => {
	const [row]: { n: number }[] = await there.world.deps.db.query("SELECT count(*)::int AS n FROM run");
	return row?.n ?? 0;
};

test("an activity that was stored before we died is sent again, and is one request", async () => {
	let dies = true;
	await open({
		stored: async () => {
			if (dies) throw new Error("the process is gone");
		},
	});
	const said = { id: "f:same" };
	const first = await there.fake.write("U_OPS", "shop@v1.0.0 to stage", said);
	expect(first.status).toBe(503);
	dies = false;
	await there.world.work();
	const again = await there.fake.write("U_OPS", "shop@v1.0.0 to stage", said);
	expect(again.status).toBe(200);
	await there.world.pass(10_000);
	expect(await runs()).toBe(1);
	expect(told("U_OPS")).toHaveLength(1);
});

describe("two replicas", () => {
	test("carry out each activity once", async () => {
		await open();
		for (let n = 0; n < 12; n++) await there.fake.write("U_OPS", `shop@v1.0.0 to stage --reason "n${n}"`);
		startReplica();
		startReplica();
		await there.fake.until(() => told("U_OPS").length === 12);
		await there.fake.until(() => there.roots("stage").length === 12);
		await Promise.all(workers.splice(0).map((worker) => worker.stop()));
		expect(await runs()).toBe(12);
		expect(told("U_OPS")).toHaveLength(12);
	});

	test("make one run of an activity that one of them was paused at past its lease", async () => {
		await open();
		await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
		const [paused] = await claim(there.world.deps.db, 1, 30_000, there.world.now());
		if (paused === undefined) throw new Error("nothing was stored");
		await there.world.pass(31_000);
		await carryOut(there.world.deps, handlers(), paused);
		await there.world.pass(1_000);
		expect(await runs()).toBe(1);
		expect(there.roots("stage")).toHaveLength(1);
	});
});

test("a channel that is at another server from now on is spoken to there, also in the threads that it has", async () => {
	await open();
	await there.fake.install(teamsChannel("production"));
	await there.say("U_OPS", "shop@v1.0.0 to production");
	there.fake.region = "elsewhere";
	there.world.sleep(1_000);
	await there.mention("U_ANN", "approve #1", there.card("production"));
	there.world.sleep(1_000);
	await there.press("U_BOB", there.card("production"), "Approve");
	await there.world.pass(2_000);
	expect(textOf(there.card("production").card)).toContain("Approved by: U_ANN, U_BOB");
	expect(there.story("production")).toEqual(expect.arrayContaining([expect.stringContaining("at work")]));
});

test("who removes the app from the channel in the middle of a run stops nothing; who asked for it is told once", async () => {
	await open();
	await there.fake.install(teamsChannel("stage"));
	await there.say("U_OPS", "shop@v1.0.0 to stage");
	await there.world.pass(1_000);
	there.fake.joined.delete(teamsChannel("stage"));
	await there.fake.install(teamsChannel("stage"), "membersRemoved");
	const run = await there.world.finish(await there.world.run(1), "succeeded");
	await there.world.pass(60_000);
	expect(run.progress.state).toBe("succeeded");
	// `draven doctor` says of each channel whether it is known.
	const known = teamsConversations(there.world.deps.db, () => there.world.now());
	expect(await known.find("channel", teamsChannel("stage"))).toBeNull();
	expect(told("U_OPS").slice(1)).toEqual([
		expect.stringMatching(/I could not show #1 .*I am not in this Teams conversation: add the app DRAVEN/),
	]);
});

describe("a Connector that hangs", () => {
	test("holds up neither what people say nor the work for others, and what was to be said is said later", async () => {
		await open({ sendWithinMs: 1_500 });
		there.fake.fail("send", "hangs");
		await there.fake.write("U_OPS", "whoami");
		startReplica();
		await there.fake.until(() => there.fake.hanging > 0);
		const { status, ms } = await there.fake.write("U_ANN", "whoami");
		expect(status).toBe(200);
		expect(ms).toBeLessThan(1_000);
		await there.fake.until(() => told("U_ANN").length === 1);
		expect(told("U_OPS")).toEqual([]);
		await there.fake.until(() => {
			there.world.sleep(1_000);
			return told("U_OPS").length === 1;
		});
	});

	test("or a key server that does: Teams is told in seconds to send it again, and then it is let in", async () => {
		await open();
		there.fake.fail("keys", "hangs");
		const said = { id: "f:same" };
		const first = await there.fake.write("U_OPS", "whoami", said);
		expect(first.status).toBe(503);
		expect(first.ms).toBeLessThan(14_000);
		await there.fake.write("U_OPS", "whoami", said);
		await there.world.work();
		expect(told("U_OPS")).toHaveLength(1);
	}, 30_000);

	test("holds no run up", async () => {
		await open({ sendWithinMs: 300 });
		there.fake.fail("create", "hangs");
		await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
		await there.world.work();
		expect((await there.world.run(1)).progress.state).toBe("running");
		await there.world.pass(10_000);
		expect(there.roots("stage")).toHaveLength(1);
	});
});

test("ten runs at once in one conversation: all that is said of each arrives, in order, and once it was asked to wait Teams is left alone", async () => {
	await open();
	there.fake.limits = [
		{ count: 7, withinMs: 1_000 },
		{ count: 60, withinMs: 30_000 },
	];
	await Promise.all(
		Array.from({ length: 10 }, (_, n) =>
			there.fake.mention("U_OPS", TALK, `shop@v1.0.0 to production --reason "n${n}"`),
		),
	);
	await there.world.work();
	for (let second = 0; second < 20; second++) await there.world.pass(1_100);
	for (let n = 1; n <= 10; n++) await there.fake.write("U_BOB", `reject #${n} not today`);
	await there.world.work();
	for (let second = 0; second < 90; second++) await there.world.pass(1_100);
	const roots = there.roots("production");
	expect(roots).toHaveLength(10);
	for (const root of roots) {
		expect(textOf(root.card)).toContain("Rejected");
		expect(there.fake.repliesTo(root).map(({ card }) => textOf(card))).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("not today"),
		]);
	}
	expect(told("U_BOB")).toHaveLength(10);
	expect(there.fake.refusedForPace).toBeLessThan(20);
});

test("a message whose turn comes late in a crowd is not given up, however often it was asked to wait", async () => {
	await open();
	there.fake.fail("create", ...Array(100).fill({ status: 429, retryAfter: 1 }));
	await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
	for (let second = 0; second <= 100; second++) await there.world.pass(1_300);
	expect(there.card("stage").edits).toBe(0);
	expect(there.story("stage")).toHaveLength(2);
});

test("a channel that asks to wait for hours is given up, and who asked for the run hears of it", async () => {
	await open();
	there.fake.fail("create", ...Array(200).fill({ status: 429, retryAfter: 400 }));
	await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
	for (let n = 0; n < 82; n++) await there.world.pass(401_000);
	expect(told("U_OPS").at(-1)).toContain("I could not show #1 (shop to stage)");
});

test("a post whose answer was lost: everything goes on, with one double at most, and the later one is the one that follows", async () => {
	await open();
	there.fake.fail("create", "answer_lost");
	await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
	await there.world.pass(5_000);
	await there.world.finish(await there.world.run(1), "succeeded");
	const roots = there.roots("stage");
	expect(roots).toHaveLength(2);
	expect(textOf(there.last("stage").card)).toContain("Succeeded");
	expect(there.fake.repliesTo(there.last("stage")).length).toBeGreaterThan(2);
});
