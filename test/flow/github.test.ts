import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitHubPipeline } from "../../adapters/github/pipeline.ts";
import { githubWebhook } from "../../adapters/github/webhook.ts";
import type { Run } from "../../src/core/run.ts";
import type { PipelinePort } from "../../src/ports/pipeline.ts";
import type { WebServer } from "../../src/web/server.ts";
import type { FakeRepository } from "../fakes/github/state.ts";
import { FakeGitHub } from "../fakes/github.ts";
import { openWebFor } from "../support/web-of.ts";
import { SHA, World } from "../support/world.ts";

const SECRET = "the webhook's own secret";
const DISPATCHES = /^POST .*\/dispatches$/;

let world: World;
let github: FakeGitHub;
let shop: FakeRepository;
let server: WebServer;
let hook: { url: string; secret: string };

beforeEach(async () => {
	world = await World.open();
	github = await FakeGitHub.open();
	github.now = () => world.now();
	shop = github.repository("Acme/Shop");
	shop.branch("main", SHA.a);
	shop.tag("v1.0.0", SHA.b);
	shop.workflow("deploy.yml");
	for (const sha of [SHA.a, SHA.b]) shop.check(sha, "build", "success");
	follow(connect());
	({ server, hook } = await openWebFor(world, "github", githubWebhook, SECRET));
});

afterEach(async () => {
	await server.close();
	await github.close();
	await world.close();
});

function connect(): GitHubPipeline {
	return new GitHubPipeline({ baseUrl: github.url, auth: { token: github.token }, now: () => world.now() });
}

function follow(port: PipelinePort): void {
	world.deps = { ...world.deps, pipelineOf: () => port };
}

async function ask(text = "shop@main to stage"): Promise<Run> {
	return world.runOf(await world.say("U_OPS", text));
}

const progress = async (run: Run) => (await world.run(run.number)).progress;

/** What was told in the thread of a run. */
function thread(run: Run): string[] {
	const root = world.chat
		.roots("C_STAGE")
		.find((id) =>
			world.chat.messages.some(
				({ messageId, card }) => messageId === id.messageId && card.text.includes(`#${run.number}:`),
			),
		);
	return root === undefined ? [] : world.chat.threadOf(root);
}

/** A webhook about a run of GitHub as it stands, or as `change` says. */
function say(run: Run, action: string, change: object = {}) {
	return github.deliver(hook, "workflow_run", github.runEvent(shop, shop.runOf(run.id), action, change));
}

const waitingWebhooks = async () => {
	const rows: { n: number }[] = await world.deps.db.query(
		"SELECT count(*)::int AS n FROM job WHERE kind = 'webhook' AND done_at IS NULL",
	);
	return rows[0]?.n;
};

describe("a deploy through GitHub", () => {
	test("is dispatched once with the five variables, and followed by its webhooks to its end", async () => {
		const run = await ask("shop@v1.0.0 to stage");
		await world.work();
		const dispatched = shop.runOf(run.id);
		expect(dispatched.inputs).toEqual({ JOB_ID: run.id, ENV: "stage", REF: "v1.0.0", SHA: SHA.b, TYPE: "deploy" });
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: { externalId: `${dispatched.id}` } });
		shop.set(dispatched, "in_progress");
		expect((await say(run, "in_progress")).status).toBe(202);
		await world.work();
		expect((await progress(run)).state).toBe("running");
		shop.set(dispatched, "completed", "success");
		expect((await say(run, "completed")).status).toBe(202);
		await world.work();
		expect(await progress(run)).toMatchObject({
			state: "succeeded",
			external: { externalUrl: `https://github.test/Acme/Shop/actions/runs/${dispatched.id}` },
		});
		await world.pass(120_000);
		expect(github.asked(DISPATCHES)).toHaveLength(1);
	});

	test("has one end, however often and in whatever order its webhooks come", async () => {
		const run = await ask();
		await world.work();
		shop.set(shop.runOf(run.id), "completed", "success");
		const news = [
			["completed", { status: "completed", conclusion: "success" }],
			["in_progress", { status: "in_progress", conclusion: null }],
			["completed", { status: "completed", conclusion: "success" }],
			["requested", { status: "queued", conclusion: null }],
			["in_progress", { status: "in_progress", conclusion: null }],
		] as const;
		const answers = [];
		for (const [action, change] of news) answers.push((await say(run, action, change)).status);
		expect(answers).toEqual([202, 202, 200, 202, 200]);
		await world.work();
		expect((await progress(run)).state).toBe("succeeded");
		const actions = await world.actions(run.id);
		expect(actions.filter((action) => action === "run.succeeded")).toHaveLength(1);
		expect(actions.at(-1)).toBe("run.succeeded");
	});

	test("is polled to its end when no webhook comes", async () => {
		const run = await ask();
		await world.work();
		shop.set(shop.runOf(run.id), "in_progress");
		await world.pass(31_000);
		expect((await progress(run)).state).toBe("running");
		shop.set(shop.runOf(run.id), "completed", "timed_out");
		await world.pass(31_000);
		expect(await progress(run)).toMatchObject({
			state: "timed_out",
			reason: expect.stringContaining("workflow allows"),
		});
	});

	test("whose trigger's answer is lost is found by its JOB_ID, and started once", async () => {
		for (let other = 0; other < 3; other++)
			shop.start("deploy.yml", { sha: SHA.a, branch: "main", title: "by hand, without a JOB_ID" });
		github.fault(DISPATCHES, "drop_answer");
		const run = await ask();
		await world.work();
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
		shop.set(shop.runOf(run.id), "in_progress");
		await world.pass(3_000);
		expect(await progress(run)).toMatchObject({
			state: "running",
			external: { externalId: `${shop.runOf(run.id).id}` },
		});
		expect(github.asked(DISPATCHES)).toHaveLength(1);
	});

	test("whose trigger's answer is lost is known by the first webhook, which carries its JOB_ID", async () => {
		github.fault(DISPATCHES, "drop_answer");
		const run = await ask();
		await world.work();
		shop.set(shop.runOf(run.id), "in_progress");
		await say(run, "in_progress");
		await world.work();
		expect((await progress(run)).state).toBe("running");
		expect(github.asked(DISPATCHES)).toHaveLength(1);
	});

	test("whose trigger surely was not taken is tried again when GitHub says so, and started once", async () => {
		github.fault(DISPATCHES, {
			status: 403,
			headers: { "retry-after": "20" },
			body: { message: "secondary rate limit" },
		});
		const run = await ask();
		await world.work();
		expect(await progress(run)).toMatchObject({ state: "dispatching", triggerAttempted: false });
		await world.pass(19_000);
		expect(shop.runsOf(run.id)).toHaveLength(0);
		await world.pass(2_000);
		expect(shop.runsOf(run.id)).toHaveLength(1);
	});

	test("goes to an Enterprise Server too, which gives no id", async () => {
		github.enterprise = true;
		const run = await ask();
		await world.work();
		await world.pass(3_000);
		expect(await progress(run)).toMatchObject({ external: { externalId: `${shop.runOf(run.id).id}` } });
		expect(shop.runsOf(run.id)).toHaveLength(1);
	});

	test("is cancelled when GitHub says that it stopped, not before", async () => {
		const run = await ask();
		await world.work();
		shop.set(shop.runOf(run.id), "in_progress");
		await say(run, "in_progress");
		await world.work();
		await world.say("U_OPS", `cancel #${run.number} wrong version`);
		await world.work();
		expect(shop.runOf(run.id).cancelRequested).toBe(true);
		expect((await progress(run)).state).toBe("cancelling");
		shop.set(shop.runOf(run.id), "completed", "cancelled");
		await say(run, "completed");
		await world.work();
		expect(await progress(run)).toMatchObject({ state: "cancelled", reason: "Cancelled by U_OPS: wrong version" });
	});

	test("fails at once, and says why, when GitHub does not start it", async () => {
		shop.workflow("deploy.yml", { inputs: ["JOB_ID"] });
		const run = await ask();
		await world.work();
		expect(await progress(run)).toMatchObject({
			state: "failed",
			reason: expect.stringMatching(
				/^The pipeline was not started: .*Unexpected inputs.* Declare in deploy\.yml at main/,
			),
		});
	});

	test("names the step that failed, although the webhook does not", async () => {
		const run = await ask();
		await world.work();
		const dispatched = shop.runOf(run.id);
		shop.set(dispatched, "completed", "failure");
		dispatched.jobs[0]?.steps.push({ name: "Run deploy/run.sh", conclusion: "failure" });
		await say(run, "completed");
		await world.work();
		expect(await progress(run)).toMatchObject({
			state: "failed",
			reason: 'The job "deploy" failed at the step "Run deploy/run.sh".',
		});
	});

	test("that GitHub's concurrency put out is not called a person's cancel", async () => {
		const run = await ask();
		await world.work();
		const dispatched = shop.runOf(run.id);
		shop.set(dispatched, "completed", "cancelled");
		dispatched.jobs[0]?.annotations.push("Canceling since a higher priority waiting request for 'Deploy-stage' exists");
		await say(run, "completed");
		await world.work();
		expect(await progress(run)).toMatchObject({
			state: "cancelled",
			reason: expect.stringContaining("Superseded by GitHub"),
		});
	});

	test("of a rollback goes on when the tag that it goes back to was removed meanwhile, and its thread says how", async () => {
		const deployed = async (ref: string) => {
			const run = await ask(`shop@${ref} to stage`);
			await world.work();
			shop.set(shop.runOf(run.id), "completed", "success");
			await say(run, "completed");
			await world.work();
		};
		await deployed("v1.0.0");
		await deployed("main");
		shop.refs.delete("tags/v1.0.0");
		const rollback = await world.runOf(await world.say("U_OPS", "rollback shop stage"));
		await world.work();
		expect(shop.runOf(rollback.id)).toMatchObject({
			head_branch: "main",
			inputs: { REF: "v1.0.0", SHA: SHA.b, TYPE: "rollback" },
		});
		expect(thread(rollback)).toContainEqual(expect.stringMatching(/^The tag v1\.0\.0 is gone at GitHub: .* from main/));
	});

	test("that waits for an approval at GitHub says so on its card and once in its thread, with the link, and when it goes on", async () => {
		const run = await ask();
		await world.work();
		const dispatched = shop.runOf(run.id);
		const link = `https://github.test/Acme/Shop/actions/runs/${dispatched.id}`;
		const card = () => world.chat.roots("C_STAGE").find((one) => one.card.text.includes(`#${run.number}:`))?.card;
		const waits = () => thread(run).filter((line) => /approval at|goes on/.test(line) && !line.startsWith("Progress"));
		shop.set(dispatched, "waiting");
		for (let n = 0; n < 2; n++) {
			await say(run, "waiting", { status: "waiting" });
			await world.work();
			await world.pass(31_000);
		}
		expect(waits()).toEqual([`It waits for an approval at GitHub. Open the run (${link})`]);
		expect(card()?.text).toContain("⏸️ It waits for an approval at GitHub.");
		expect(JSON.stringify(card()?.blocks)).toContain(link);
		expect(thread(run)).toContainEqual(
			`Progress of #1\n⏸️ deploy (${link}/job/${dispatched.jobs[0]?.id}): waits for an approval at the provider`,
		);
		expect((await progress(run)).state).toBe("running");
		shop.set(dispatched, "in_progress");
		await world.pass(62_000);
		expect(waits().slice(1)).toEqual([`It goes on at GitHub. Open the run (${link})`]);
		expect(card()?.text).not.toContain("⏸️");
		shop.set(dispatched, "waiting");
		await world.pass(62_000);
		expect(waits()).toHaveLength(3);
	});

	test("is refused while its checks are red, and its own failed run does not count as one", async () => {
		shop.check(SHA.b, "test", "failure");
		const refused = await world.say("U_OPS", "shop@v1.0.0 to stage");
		expect(refused).toMatchObject({ outcome: "refused", card: { text: expect.stringContaining("test") } });
		const run = await ask();
		await world.work();
		shop.set(shop.runOf(run.id), "completed", "failure");
		await say(run, "completed");
		await world.work();
		expect((await progress(run)).state).toBe("failed");
		const again = await world.runOf(await world.say("U_OPS", `retry #${run.number}`));
		await world.work();
		expect((await progress(again)).state).toBe("dispatching");
	});
});

describe("a webhook", () => {
	test("with a bad signature, of no interest, or seen before changes nothing", async () => {
		const run = await ask();
		await world.work();
		const body = github.runEvent(shop, shop.runOf(run.id), "completed", { status: "completed", conclusion: "success" });
		expect((await github.deliver({ ...hook, secret: "guessed" }, "workflow_run", body)).status).toBe(401);
		expect(await github.deliver(hook, "ping", '{"zen":"Keep it logically awesome."}')).toMatchObject({
			status: 200,
			body: { status: "ignored" },
		});
		expect((await github.deliver(hook, "workflow_job", "{}")).status).toBe(200);
		expect((await github.deliver(hook, "push", "{}")).status).toBe(200);
		await world.work();
		expect((await progress(run)).state).toBe("dispatching");
	});

	test("cannot be kept out by another one that came under its delivery id", async () => {
		const run = await ask();
		await world.work();
		const dispatched = shop.runOf(run.id);
		const first = github.runEvent(shop, dispatched, "in_progress", { status: "in_progress" });
		const second = github.runEvent(shop, dispatched, "completed", { status: "completed", conclusion: "success" });
		expect((await github.deliver(hook, "workflow_run", first, "the-same-id")).status).toBe(202);
		expect((await github.deliver(hook, "workflow_run", second, "the-same-id")).status).toBe(202);
		expect((await github.deliver(hook, "workflow_run", second, "another-id")).status).toBe(200);
		await world.work();
		expect((await progress(run)).state).toBe("succeeded");
	});

	test("of another repository, or of another workflow, does not speak of this one's runs", async () => {
		github.fault(DISPATCHES, "drop_answer");
		const run = await ask();
		await world.work();
		const dispatched = shop.runOf(run.id);
		const done = { status: "completed", conclusion: "success" };
		const forged = JSON.parse(github.runEvent(shop, dispatched, "completed", done));
		forged.repository.full_name = "acme/other";
		await github.deliver(hook, "workflow_run", JSON.stringify(forged));
		await say(run, "completed", { ...done, id: 77, path: ".github/workflows/ci.yml" });
		await say(run, "completed", { ...done, id: 78, event: "pull_request" });
		await world.workOn("webhook");
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
		await world.pass(3_000);
		expect(await progress(run)).toMatchObject({ external: { externalId: `${dispatched.id}` } });
		forged.workflow_run.run_attempt = 2;
		await github.deliver(hook, "workflow_run", JSON.stringify(forged));
		await world.work();
		expect((await progress(run)).state).toBe("dispatching");
	});

	test("that overtakes the trigger's answer waits for it, also without a JOB_ID", async () => {
		shop.workflow("deploy.yml", { runName: null });
		const port = connect();
		const trigger = port.trigger;
		follow(
			Object.assign(port, {
				trigger: async (request: Parameters<typeof trigger>[0]) => {
					const report = await trigger(request);
					const dispatched = shop.runOf(request.variables.JOB_ID);
					shop.set(dispatched, "completed", "success");
					await github.deliver(hook, "workflow_run", github.runEvent(shop, dispatched, "completed"));
					await world.workOn("webhook");
					return report;
				},
			}),
		);
		const run = await ask();
		await world.work();
		expect((await progress(run)).state).toBe("dispatching");
		expect(await waitingWebhooks()).toBe(1);
		await world.pass(2_000);
		expect((await progress(run)).state).toBe("succeeded");
		expect(await waitingWebhooks()).toBe(0);
	});

	test("of a run that is nobody's is dropped: at once, or after a while when one could still become known", async () => {
		const stranger = shop.start("deploy.yml", { sha: SHA.a, branch: "main", title: "by hand" });
		await github.deliver(hook, "workflow_run", github.runEvent(shop, stranger, "requested"));
		await world.work();
		expect(await waitingWebhooks()).toBe(0);
		shop.workflow("deploy.yml", { runName: null });
		github.fault(DISPATCHES, "drop_answer");
		const run = await ask();
		await world.work();
		await github.deliver(hook, "workflow_run", github.runEvent(shop, stranger, "completed"));
		await world.pass(60_000);
		expect(await waitingWebhooks()).toBe(1);
		await world.pass(61_000);
		expect(await waitingWebhooks()).toBe(0);
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
	});
});
