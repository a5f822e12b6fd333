import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { BitbucketPipeline } from "../../adapters/bitbucket/pipeline.ts";
import { bitbucketWebhook } from "../../adapters/bitbucket/webhook.ts";
import type { Run } from "../../src/core/run.ts";
import type { PipelinePort } from "../../src/ports/pipeline.ts";
import { IntegrationTable, ProjectTable } from "../../src/store/entities.ts";
import type { WebServer } from "../../src/web/server.ts";
import type { FakePipelineRun, FakeRepository, FakeState } from "../fakes/bitbucket/state.ts";
import { FakeBitbucket } from "../fakes/bitbucket.ts";
import { openWebFor } from "../support/web-of.ts";
import { SHA, World } from "../support/world.ts";

const SECRET = "the webhook's own secret";
const STARTS = /^POST .*\/pipelines$/;
const RUNNING: FakeState = { name: "IN_PROGRESS", stage: { name: "RUNNING" } };
const PAUSED: FakeState = { name: "IN_PROGRESS", stage: { name: "PAUSED" } };
const over = (name: string): FakeState => ({ name: "COMPLETED", result: { name } });

let world: World;
let bitbucket: FakeBitbucket;
let shop: FakeRepository;
let server: WebServer;
let hook: { url: string; secret: string };

beforeEach(async () => {
	world = await World.open();
	const { db } = world.deps;
	await db.getRepository(IntegrationTable).update({ slug: "fake" }, { provider: "bitbucket" });
	await db.getRepository(ProjectTable).update({ slug: "shop" }, { pipeline: "deploy" });
	bitbucket = await FakeBitbucket.open();
	bitbucket.now = () => world.now();
	shop = bitbucket.repository("Acme/Shop");
	shop.branch("main", SHA.a);
	shop.tag("v1.0.0", SHA.b, "The first");
	for (const sha of [SHA.a, SHA.b]) shop.status(sha, "build", "SUCCESSFUL");
	follow(new BitbucketPipeline({ baseUrl: bitbucket.url, token: bitbucket.token, now: () => world.now() }));
	({ server, hook } = await openWebFor(world, "bitbucket", bitbucketWebhook, SECRET));
});

afterEach(async () => {
	await server.close();
	await bitbucket.close();
	await world.close();
});

function follow(port: PipelinePort): void {
	world.deps = { ...world.deps, pipelineOf: () => port };
}

async function ask(text = "shop@main to stage"): Promise<Run> {
	const run = await world.runOf(await world.say("U_OPS", text));
	await world.work();
	return run;
}

const progress = async (run: Run) => (await world.run(run.number)).progress;
const pipelineOf = (run: Run): FakePipelineRun => shop.runOf(run.id);

/** A webhook about a run's pipeline, as its commit status stands or as `change` says; and what follows from it. */
async function say(run: Run, change: object = {}): Promise<number> {
	const { status } = await bitbucket.deliver(hook, bitbucket.statusEvent(shop, pipelineOf(run), change));
	await world.work();
	return status;
}

const polls = (run: Run) =>
	bitbucket
		.asked(/^GET .*\/pipelines\/[^/]+$/)
		.filter(({ path }) => decodeURIComponent(path).includes(pipelineOf(run).uuid)).length;

describe("a deploy through Bitbucket", () => {
	test("starts the custom pipeline once, at the tag and its commit, with the five variables in the clear", async () => {
		const run = await ask("shop@v1.0.0 to stage");
		const started = pipelineOf(run);
		expect(shop.sentWith(started)).toEqual({ JOB_ID: run.id, ENV: "stage", REF: "v1.0.0", SHA: SHA.b, TYPE: "deploy" });
		expect(started.variables.every(({ secured }) => !secured)).toBe(true);
		expect(started.target).toEqual({
			...{ type: "pipeline_ref_target", ref_type: "tag", ref_name: "v1.0.0" },
			commit: { type: "commit", hash: SHA.b },
			selector: { type: "custom", pattern: "deploy" },
		});
		expect(await progress(run)).toMatchObject({
			state: "dispatching",
			external: {
				externalId: started.uuid,
				externalUrl: `https://bitbucket.org/acme/shop/pipelines/results/${started.build_number}`,
			},
		});
	});

	test("is followed by its webhooks to its end, without waiting for a poll", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), RUNNING);
		expect(await say(run)).toBe(202);
		expect((await progress(run)).state).toBe("running");
		shop.set(pipelineOf(run), over("SUCCESSFUL"));
		expect(await say(run)).toBe(202);
		expect((await progress(run)).state).toBe("succeeded");
		await world.pass(120_000);
		expect(bitbucket.asked(STARTS)).toHaveLength(1);
		// Of a thousand in an hour: what the manual says of a deploy holds.
		expect(bitbucket.requests.length).toBeLessThanOrEqual(20);
	});

	test("of a commit runs that very commit, which no branch has to be at", async () => {
		await world.close();
		world = await World.open({ stage: { refs: { shas: true }, ci: { mode: "off" } } });
		await world.deps.db.getRepository(IntegrationTable).update({ slug: "fake" }, { provider: "bitbucket" });
		await world.deps.db.getRepository(ProjectTable).update({ slug: "shop" }, { pipeline: "deploy" });
		follow(new BitbucketPipeline({ baseUrl: bitbucket.url, token: bitbucket.token }));
		shop.push(SHA.c, SHA.a);
		const run = await ask(`shop@${SHA.c} to stage`);
		expect(pipelineOf(run).target).toEqual({
			type: "pipeline_commit_target",
			commit: { type: "commit", hash: SHA.c },
			selector: { type: "custom", pattern: "deploy" },
		});
	});

	test("is polled to its end when no webhook comes", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), RUNNING);
		await world.pass(31_000);
		expect((await progress(run)).state).toBe("running");
		shop.set(pipelineOf(run), over("EXPIRED"));
		await world.pass(31_000);
		expect(await progress(run)).toMatchObject({
			state: "timed_out",
			reason: expect.stringContaining("Bitbucket allows"),
		});
	});

	test("whose trigger's answer is lost is found by its JOB_ID, and started once", async () => {
		const commit = { type: "commit", hash: SHA.a } as const;
		const selector = { type: "custom", pattern: "deploy" };
		for (let other = 0; other < 3; other++) shop.start({ type: "pipeline_commit_target", commit, selector });
		bitbucket.fault(STARTS, "drop_answer");
		const run = await ask();
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
		shop.set(pipelineOf(run), RUNNING);
		await world.pass(3_000);
		expect(await progress(run)).toMatchObject({ state: "running", external: { externalId: pipelineOf(run).uuid } });
		expect(bitbucket.asked(STARTS)).toHaveLength(1);
	});

	test("whose webhook overtakes the trigger's answer is asked after when its id is known", async () => {
		bitbucket.fault(STARTS, "drop_answer");
		const run = await ask();
		shop.set(pipelineOf(run), over("SUCCESSFUL"));
		expect(await say(run)).toBe(202);
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
		await world.pass(4_000);
		expect((await progress(run)).state).toBe("succeeded");
	});

	test("that surely was not taken is tried again when Bitbucket has room, and started once", async () => {
		bitbucket.fault(STARTS, {
			status: 429,
			body: { error: { message: "Rate limit for this resource has been exceeded" } },
		});
		const run = await ask();
		expect(await progress(run)).toMatchObject({ state: "dispatching", triggerAttempted: false });
		await world.pass(59_000);
		expect(shop.runsOf(run.id)).toHaveLength(0);
		await world.pass(2_000);
		expect(shop.runsOf(run.id)).toHaveLength(1);
	});

	test("fails at once, and says what to do, when there is no such custom pipeline", async () => {
		shop.custom.clear();
		const run = await ask();
		expect(await progress(run)).toMatchObject({
			state: "failed",
			reason: expect.stringMatching(/no custom pipeline "deploy" in bitbucket-pipelines\.yml at main/),
		});
	});

	test("is cancelled when Bitbucket says that it stopped, not before", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), RUNNING);
		await say(run);
		await world.say("U_OPS", `cancel #${run.number} wrong version`);
		await world.work();
		expect(pipelineOf(run).stopAsked).toBe(true);
		expect((await progress(run)).state).toBe("cancelling");
		shop.set(pipelineOf(run), over("STOPPED"));
		await say(run);
		expect(await progress(run)).toMatchObject({ state: "cancelled", reason: "Cancelled by U_OPS: wrong version" });
	});

	test("that waits for a manual step is said to wait, with the page where it is let on", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), PAUSED);
		await say(run);
		expect((await progress(run)).state).toBe("running");
		const [root] = world.chat.roots("C_STAGE");
		const thread = world.chat.threadOf(root ?? { channel: "", messageId: "" }).join("\n");
		expect(thread).toContain("It waits at Bitbucket for somebody to start its next step.");
	});

	test("names the step that failed", async () => {
		const run = await ask();
		const started = pipelineOf(run);
		started.steps = [shop.step("Check out", over("SUCCESSFUL")), shop.step("deploy/run.sh", over("FAILED"))];
		shop.set(started, over("FAILED"));
		await say(run);
		expect(await progress(run)).toMatchObject({ state: "failed", reason: 'The step "deploy/run.sh" failed.' });
	});

	test("goes by CI itself: a deploy that failed neither covers up what the tests said, nor counts as one", async () => {
		shop.statuses.splice(0);
		shop.build(SHA.a, over("SUCCESSFUL"));
		const run = await ask();
		// It took the place of the tests in the commit statuses: they have the same key.
		expect(shop.statuses.filter(({ sha }) => sha === SHA.a)).toHaveLength(1);
		shop.set(pipelineOf(run), over("FAILED"));
		await say(run);
		expect((await progress(run)).state).toBe("failed");
		const again = await world.runOf(await world.say("U_OPS", `retry #${run.number}`));
		await world.work();
		expect((await progress(again)).state).toBe("dispatching");
		shop.set(pipelineOf(again), over("SUCCESSFUL"));
		await say(again);
		shop.build(SHA.a, over("FAILED"));
		expect(await world.say("U_OPS", "shop@main to stage")).toMatchObject({ outcome: "refused" });
	});
});

describe("a webhook", () => {
	test("that is not signed, or not well, is refused and changes nothing", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), over("SUCCESSFUL"));
		const body = bitbucket.statusEvent(shop, pipelineOf(run));
		expect((await bitbucket.deliver(hook, body, { signature: null })).status).toBe(401);
		expect((await bitbucket.deliver({ ...hook, secret: "guessed" }, body)).status).toBe(401);
		await world.work();
		expect((await progress(run)).state).toBe("dispatching");
	});

	test("has one effect, in however many attempts and under whatever request id it comes", async () => {
		const run = await ask();
		const body = bitbucket.statusEvent(shop, pipelineOf(run));
		const before = polls(run);
		const first = { requestId: "11111111-1111-1111-1111-111111111111" };
		expect((await bitbucket.deliver(hook, body, first)).status).toBe(202);
		expect((await bitbucket.deliver(hook, body, { ...first, attempt: 2 })).status).toBe(200);
		expect((await bitbucket.deliver(hook, body, { attempt: 3 })).status).toBe(200);
		await world.work();
		expect(polls(run) - before).toBe(1);
		shop.set(pipelineOf(run), RUNNING);
		// A new one is not kept out by an old one's request id.
		expect((await bitbucket.deliver(hook, bitbucket.statusEvent(shop, pipelineOf(run)), first)).status).toBe(202);
	});

	test("of another event or another CI is told why nothing follows", async () => {
		const run = await ask();
		const ping = await bitbucket.deliver(hook, "{}", { event: "diagnostics:ping" });
		expect(ping).toMatchObject({ status: 200, body: { status: "ignored" } });
		expect((await bitbucket.deliver(hook, "{}", { event: "repo:push" })).status).toBe(200);
		const ofOther = bitbucket.statusEvent(shop, pipelineOf(run), { url: "https://ci.test/build/7" });
		expect(await bitbucket.deliver(hook, ofOther)).toMatchObject({ status: 200, body: { status: "ignored" } });
	});

	test("is not believed: what the pipeline itself says counts", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), RUNNING);
		await say(run, { state: "SUCCESSFUL" });
		expect((await progress(run)).state).toBe("running");
		await say(run, { state: "FAILED", key: "-1" });
		expect((await progress(run)).state).toBe("running");
	});

	test("of another repository or another pipeline of the same commit and branch asks nothing of this run", async () => {
		const run = await ask();
		const before = polls(run);
		const forged = JSON.parse(bitbucket.statusEvent(shop, pipelineOf(run)));
		forged.repository.full_name = "acme/other";
		await bitbucket.deliver(hook, JSON.stringify(forged));
		const tests = shop.build(SHA.a, over("FAILED"));
		await bitbucket.deliver(hook, bitbucket.statusEvent(shop, tests));
		await world.work();
		expect(polls(run)).toBe(before);
		expect((await progress(run)).state).toBe("dispatching");
	});
});

describe("whatever becomes of its webhooks, a run ends as its pipeline did", () => {
	const ENDS = { SUCCESSFUL: "succeeded", FAILED: "failed", STOPPED: "cancelled", EXPIRED: "timed_out" } as const;
	const orders = <T>(all: readonly T[]): T[][] =>
		all.length < 2
			? [[...all]]
			: all.flatMap((one, at) => orders([...all.slice(0, at), ...all.slice(at + 1)]).map((rest) => [one, ...rest]));
	/** Every order of the three; each of them twice; and some left out. */
	const SEQUENCES = [
		...orders([0, 1, 2]),
		...[
			[0, 0, 1, 1, 2, 2],
			[2, 1, 0, 2, 1, 0],
		],
		...[[], [0], [2], [2, 0], [1, 2]],
	];

	test("in every order, doubled and dropped", async () => {
		bitbucket.limit = 100_000;
		for (const [n, sequence] of SEQUENCES.entries()) {
			const [result, state] = Object.entries(ENDS)[n % 4] ?? [];
			const run = await ask();
			const started = pipelineOf(run);
			const bodies = [bitbucket.statusEvent(shop, started)];
			for (const next of [RUNNING, over(String(result))]) {
				shop.set(started, next);
				bodies.push(bitbucket.statusEvent(shop, started));
			}
			for (const which of sequence) await bitbucket.deliver(hook, bodies[which] ?? "");
			await world.work();
			expect((await progress(run)).state).toBe(sequence.length > 0 ? state : "dispatching");
			await world.pass(31_000);
			expect((await progress(run)).state).toBe(state);
			expect((await world.actions(run.id)).filter((action) => action === `run.${state}`)).toHaveLength(1);
		}
	}, 120_000);

	test("also when they come while it goes on, each one late", async () => {
		const run = await ask();
		const started = pipelineOf(run);
		const created = bitbucket.statusEvent(shop, started);
		shop.set(started, RUNNING);
		await bitbucket.deliver(hook, created);
		await world.work();
		expect((await progress(run)).state).toBe("running");
		const running = bitbucket.statusEvent(shop, started);
		shop.set(started, over("SUCCESSFUL"));
		await bitbucket.deliver(hook, running);
		await world.work();
		expect((await progress(run)).state).toBe("succeeded");
		const end = await world.run(run.number);
		await say(run);
		expect(await world.run(run.number)).toEqual(end);
	});
});

describe("the rate limit", () => {
	test("is kept by twelve runs at work for hours, and has room for one that is started meanwhile", async () => {
		await world.deps.db.query('UPDATE policy SET rules = rules || \'{"timeouts": {"run": "9h", "start": "1h"}}\'');
		const runs: Run[] = [];
		for (let n = 0; n < 12; n++) {
			await world.addProject(`shop-${n}`);
			await world.deps.db.getRepository(ProjectTable).update({ slug: `shop-${n}` }, { pipeline: "deploy" });
			const run = await ask(`shop-${n}@main to stage`);
			shop.set(pipelineOf(run), RUNNING);
			runs.push(run);
		}
		for (let minutes = 0; minutes < 120; minutes++) await world.pass(60_000);
		const before = bitbucket.requests.length;
		for (let minutes = 0; minutes < 60; minutes++) await world.pass(60_000);
		const anHour = bitbucket.requests.length - before;
		expect(anHour).toBeLessThanOrEqual(500);
		expect(anHour).toBeGreaterThan(100);
		const late = await ask("shop@main to stage");
		expect((await progress(late)).state).toBe("dispatching");
		for (const run of runs) shop.set(pipelineOf(run), over("SUCCESSFUL"));
		for (let minutes = 0; minutes < 10; minutes++) await world.pass(60_000);
		for (const run of runs) expect((await progress(run)).state).toBe("succeeded");
	}, 120_000);
});
