import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { externalOf, type Run } from "../../src/core/run.ts";
import type { PipelineStatus } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

async function running(): Promise<Run> {
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
	await world.work();
	return world.run(run.number);
}

function steps(run: Run, ...statuses: (readonly [string, PipelineStatus | null])[]): void {
	const id = externalOf(run)?.externalId ?? "";
	world.pipeline.stepsOf.set(
		id,
		statuses.map(([name, status], n) => ({ id: String(n), name, status, url: null })),
	);
}

const messages = () => world.chat.messages.filter(({ card }) => card.text.startsWith("Progress of"));
const text = () => messages().at(-1)?.card.text ?? "";

async function hear(run: Run, status: PipelineStatus = "running"): Promise<void> {
	await world.hear(world.pipeline.set(run.id, status));
	await world.work();
}

test("jobs and steps are one message in the run's thread, edited to the end", async () => {
	const run = await running();
	expect(messages()).toEqual([]);
	steps(run, ["build", "running"]);
	await hear(run);
	expect(text()).toBe("Progress of #1\n🔄 build: running");
	expect(messages()[0]?.thread).toBe(world.chat.roots("C_STAGE")[0]?.messageId);

	steps(run, ["build", "succeeded"], ["release", "running"], ["new kind", null]);
	await world.pass(3_000);
	await hear(run);
	expect(text()).toContain("✅ build: succeeded\n🔄 release: running\n❔ new kind: not known");

	steps(run, ["build", "succeeded"], ["release", "failed"]);
	await world.pass(3_000);
	await world.finish(run, "failed");
	expect(text()).toContain("❌ release: failed");
	expect(messages()).toHaveLength(1);
});

test("it is edited once in 3 seconds at most, and the last word is never lost", async () => {
	const run = await running();
	steps(run, ["build", "queued"]);
	await hear(run);
	const edits = () => messages()[0]?.edits;
	for (const status of ["running", "waiting", "running", "succeeded"] as const) {
		steps(run, ["build", status]);
		await hear(run);
		await world.pass(500);
	}
	expect(edits()).toBe(0);
	await world.pass(1_000);
	expect(edits()).toBe(1);
	expect(text()).toContain("✅ build: succeeded");
});

test("webhooks may stay away: polls are enough", async () => {
	const run = await running();
	steps(run, ["build", "running"]);
	await world.pass(31_000);
	expect(text()).toContain("🔄 build: running");
	steps(run, ["build", "succeeded"]);
	await world.pass(31_000);
	expect(text()).toContain("✅ build: succeeded");
});

test("a provider that is slow to say how the last step ended is asked again after the end", async () => {
	const run = await running();
	steps(run, ["build", "running"]);
	await hear(run, "succeeded");
	expect((await world.run(run.number)).progress.state).toBe("succeeded");
	await world.pass(6_000);
	expect(text()).toContain("🔄 build: running");
	steps(run, ["build", "succeeded"]);
	await world.pass(6_000);
	expect(text()).toContain("✅ build: succeeded");
	const open = await world.deps.db.query("SELECT 1 FROM job WHERE kind = 'progress' AND done_at IS NULL");
	expect(open).toEqual([]);
});

test("a message that was removed gets a replacement; a lost answer makes no second one", async () => {
	const run = await running();
	steps(run, ["build", "running"]);
	world.chat.faults = ["answer_lost"];
	await hear(run);
	await world.pass(120_000);
	expect(messages()).toHaveLength(1);
	world.chat.messages.splice(
		0,
		world.chat.messages.length,
		...world.chat.messages.filter((one) => !messages().includes(one)),
	);
	steps(run, ["build", "succeeded"]);
	await world.pass(31_000);
	expect(messages()).toHaveLength(1);
	expect(text()).toContain("✅ build: succeeded");
});

test("it never stands in the thread before what happened earlier, also when that has to wait", async () => {
	const { post } = world.chat;
	let busy = true;
	world.chat.post = async (to, card, clientId) => {
		if (busy && card.text.includes("at work"))
			throw new VendorError("rate_limited", "The chat asks to wait.", { retryAfter: 20 });
		return post.call(world.chat, to, card, clientId);
	};
	const run = await running();
	steps(run, ["build", "running"]);
	await hear(run);
	await world.pass(10_000);
	expect(messages()).toEqual([]);
	busy = false;
	await world.pass(15_000);
	const [root] = world.chat.roots("C_STAGE");
	expect(root && world.chat.threadOf(root)).toEqual([
		expect.stringContaining("Requested by"),
		expect.stringContaining("at work"),
		"Progress of #1\n🔄 build: running",
	]);
});

test("of many steps those that are not done well are shown", async () => {
	const run = await running();
	const many = Array.from({ length: 40 }, (_, n) => [`step ${n}`, "succeeded"] as const);
	steps(run, ["first", "failed"], ...many, ["last", "running"]);
	await hear(run);
	expect(text()).toContain("17 earlier ones are done");
	expect(text()).toContain("❌ first: failed");
	expect(text()).toContain("🔄 last: running");
	expect(text()).not.toContain("step 16:");
	expect(text()).toContain("step 17:");
});
