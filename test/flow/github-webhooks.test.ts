import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { WebhookDefinition } from "@octokit/webhooks-examples";
import { GitHubWorld } from "../support/github-world.ts";

const examples: readonly WebhookDefinition[] = createRequire(import.meta.url)("@octokit/webhooks-examples");
const payloads = examples.flatMap(({ name, examples: list }) =>
	list.map((payload) => ({ name, payload: payload as unknown as Readonly<Record<string, unknown>> })),
);

let at: GitHubWorld;
beforeEach(async () => {
	at = await GitHubWorld.open();
});
afterEach(() => at.close());

describe("every payload that was recorded", () => {
	test("is answered, and changes nothing of a run that it is not about", async () => {
		const run = await at.deploy();
		const answers = new Map<number, Set<string>>();
		for (const { name, payload } of payloads) {
			const status = await at.deliver(name, payload);
			answers.set(status, (answers.get(status) ?? new Set()).add(name));
		}
		expect([...answers.keys()].sort()).toEqual([200, 202]);
		expect([...(answers.get(202) ?? [])].sort()).toEqual([
			...["deployment_review", "deployment_status", "workflow_job", "workflow_run"],
		]);
		await at.world.work();
		await at.world.pass(3_000);
		expect(await at.state(run)).toBe("dispatching");
		const left = await at.world.deps.db.query("SELECT 1 FROM job WHERE kind = 'webhook' AND done_at IS NULL");
		expect(left).toEqual([]);
	}, 120_000);

	const repository = { full_name: "Acme/Shop" };
	const about = (name: string) => payloads.filter((one) => one.name === name && "workflow_run" in one.payload);

	test("of a run says how it stands, whatever its action says", async () => {
		const ends = [];
		for (const { payload } of about("workflow_run")) {
			const run = await at.deploy();
			const { id } = at.shop.runOf(run.id);
			const recorded = payload["workflow_run"] as { status: string; conclusion: string | null };
			const workflow_run = { ...recorded, id, event: "workflow_dispatch", path: ".github/workflows/deploy.yml" };
			expect(await at.deliver("workflow_run", { ...payload, repository, workflow_run })).toBe(202);
			await at.world.workOn("webhook");
			ends.push([recorded.status, recorded.conclusion, await at.state(run)].join(" "));
			at.shop.set(at.shop.runOf(run.id), "completed", "success");
			await at.world.pass(31_000);
		}
		expect(ends).toEqual([
			"queued  dispatching",
			"completed success succeeded",
			"completed success succeeded",
			"queued  dispatching",
			"completed action_required running",
		]);
	});

	test("of a job makes us ask how its run stands, before any poll", async () => {
		const jobs = payloads.filter(({ name }) => name === "workflow_job");
		expect(jobs.length).toBeGreaterThan(5);
		for (const { payload } of jobs) {
			const run = await at.deploy();
			const dispatched = at.shop.runOf(run.id);
			at.shop.set(dispatched, "completed", "failure");
			const workflow_job = { ...(payload["workflow_job"] as object), run_id: dispatched.id };
			expect(await at.deliver("workflow_job", { ...payload, repository, workflow_job })).toBe(202);
			await at.world.workOn("webhook");
			expect(await at.state(run)).toBe("failed");
			await at.world.work();
		}
	});
});

test("what makes us ask waits while little is left of the rate limit, and is asked then", async () => {
	const run = await at.deploy();
	const { id } = at.shop.runOf(run.id);
	at.shop.set(at.shop.runOf(run.id), "in_progress");
	at.github.rate = { limit: 5_000, left: 90, endsAt: new Date(at.world.now().getTime() + 600_000) };
	await at.ask();
	const asked = at.github.requests.length;
	const job = { repository: { full_name: "acme/shop" }, workflow_job: { run_id: id } };
	expect(await at.deliver("workflow_job", job)).toBe(202);
	await at.world.workOn("webhook");
	expect([at.github.requests.length - asked, await at.state(run)]).toEqual([0, "dispatching"]);
	at.github.rate = { limit: 5_000, left: 5_000, endsAt: new Date(at.world.now().getTime() + 4_200_000) };
	at.world.sleep(601_000);
	await at.world.workOn("webhook");
	expect(await at.state(run)).toBe("running");
});

test("a word that is new to us changes nothing, and the run is followed to its end", async () => {
	const run = await at.deploy();
	const dispatched = at.shop.runOf(run.id);
	const say = (change: object) =>
		at.deliver("workflow_run", at.github.runEvent(at.shop, dispatched, "completed", change));
	await say({ status: "in_progress" });
	for (const change of [{ status: "dreaming" }, { status: "completed", conclusion: "dreamt" }]) {
		expect(await say({ conclusion: null, ...change })).toBe(202);
		await at.world.work();
		expect(await at.state(run)).toBe("running");
	}
	at.shop.set(dispatched, "completed", "dreamt");
	await at.world.pass(31_000);
	expect(await at.state(run)).toBe("running");
	at.shop.set(dispatched, "completed", "success");
	await at.world.pass(31_000);
	expect(await at.state(run)).toBe("succeeded");
});

/** How GitHub ends a run, and what that is here. */
const ENDS = [
	["success", "succeeded"],
	["failure", "failed"],
	["cancelled", "cancelled"],
	["skipped", "failed"],
	["neutral", "failed"],
	["timed_out", "timed_out"],
	["stale", "failed"],
] as const;

function ordersOf<T>(items: readonly T[]): T[][] {
	if (items.length < 2) return [[...items]];
	return items.flatMap((item, index) =>
		ordersOf(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
	);
}

describe("the events of a run", () => {
	const events = ["requested", "job", "in_progress", "completed"] as const;

	test("in every order, some twice and some never, end in what is true at GitHub", async () => {
		const orders = ordersOf(events);
		for (const [index, order] of orders.entries()) {
			const [conclusion, state] = ENDS[index % ENDS.length] ?? ENDS[0];
			// Each subset is dropped at least once, each event said twice in every other order.
			const kept = order.filter((event) => (index & (1 << events.indexOf(event))) === 0);
			const said = index % 2 === 0 ? kept.flatMap((event) => [event, event]) : [...kept, ...kept];
			const run = await at.deploy();
			const dispatched = at.shop.runOf(run.id);
			at.shop.set(dispatched, "completed", conclusion);
			const bodies = {
				requested: at.github.runEvent(at.shop, dispatched, "requested", { status: "queued", conclusion: null }),
				in_progress: at.github.runEvent(at.shop, dispatched, "in_progress", {
					status: "in_progress",
					conclusion: null,
				}),
				completed: at.github.runEvent(at.shop, dispatched, "completed"),
				job: JSON.stringify({
					repository: { full_name: at.shop.name },
					workflow_job: { run_id: dispatched.id, status: "in_progress" },
				}),
			};
			for (const event of said) {
				await at.deliver(event === "job" ? "workflow_job" : "workflow_run", bodies[event]);
				if (index % 3 === 0) await at.world.work();
			}
			await at.world.work();
			const what = `${said.join(", ")} of a run that ended as ${conclusion}`;
			const isTold = kept.includes("completed") || kept.includes("job");
			if (isTold) expect([what, await at.state(run)]).toEqual([what, state]);
			await at.world.pass(31_000);
			expect([what, await at.state(run)]).toEqual([what, state]);
			const ended = (await at.world.actions(run.id)).filter((action) => action === `run.${state}`);
			expect([what, ended.length]).toEqual([what, 1]);
		}
		expect(orders).toHaveLength(24);
	}, 300_000);

	test("of two attempts, in every order: how the first ended is no end once the second was heard of", async () => {
		for (const order of ordersOf(["failed 1", "running 2", "succeeded 2"] as const)) {
			const run = await at.deploy();
			const dispatched = at.shop.runOf(run.id);
			Object.assign(dispatched, { status: "in_progress", conclusion: null, run_attempt: 2 });
			const bodies = {
				"failed 1": { status: "completed", conclusion: "failure", run_attempt: 1 },
				"running 2": { status: "in_progress", conclusion: null, run_attempt: 2 },
				"succeeded 2": { status: "completed", conclusion: "success", run_attempt: 2 },
			};
			const seen: string[] = [];
			for (const said of order) {
				await at.deliver("workflow_run", at.github.runEvent(at.shop, dispatched, "completed", bodies[said]));
				await at.world.work();
				seen.push(said);
				const ended = seen.find((one) => one !== "running 2" && (one !== "failed 1" || seen[0] === "failed 1"));
				const state = ended === undefined ? "running" : ended.split(" ")[0];
				expect([seen, await at.state(run)]).toEqual([seen, state]);
			}
		}
	}, 120_000);
});
