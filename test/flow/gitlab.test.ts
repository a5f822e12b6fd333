import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitLabPipeline } from "../../adapters/gitlab/pipeline.ts";
import { gitlabWebhook } from "../../adapters/gitlab/webhook.ts";
import type { Run } from "../../src/core/run.ts";
import type { WebServer } from "../../src/web/server.ts";
import { deploymentHook, jobHook, pipelineHook } from "../fakes/gitlab/hooks.ts";
import type { FakeProject } from "../fakes/gitlab/project.ts";
import { FakeGitLab } from "../fakes/gitlab.ts";
import { openWebFor } from "../support/web-of.ts";
import { SHA, World } from "../support/world.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const STARTS = /^POST .*\/pipeline$/;

let world: World;
let gitlab: FakeGitLab;
let shop: FakeProject;
let server: WebServer;
let hook: { url: string; secret: string };

beforeEach(async () => {
	world = await World.open();
	await world.deps.db.query("UPDATE integration SET provider = 'gitlab'");
	gitlab = await FakeGitLab.open("/git");
	gitlab.now = () => world.now();
	shop = gitlab.project("Acme/Shop");
	shop.branch("main", SHA.a);
	shop.tag("v1.0.0", SHA.b);
	for (const [sha, ref] of [
		[SHA.a, "main"],
		[SHA.b, "v1.0.0"],
	] as const)
		shop.status(sha, "build", "success", { ref });
	follow("variables");
	({ server, hook } = await openWebFor(world, "gitlab", gitlabWebhook, SECRET));
});

afterEach(async () => {
	await server.close();
	await gitlab.close();
	await world.close();
});

function follow(mode: "variables" | "inputs"): void {
	const port = new GitLabPipeline({ baseUrl: gitlab.url, token: gitlab.token, mode, now: () => world.now() });
	world.deps = { ...world.deps, pipelineOf: () => port };
}

async function ask(text = "shop@main to stage"): Promise<Run> {
	const run = await world.runOf(await world.say("U_OPS", text));
	await world.work();
	return run;
}

const progress = async (run: Run) => (await world.run(run.number)).progress;
const pipelineOf = (run: Run) => shop.runOf(run.id);
const jobOf = (run: Run) => {
	const [job] = pipelineOf(run).jobs;
	if (job === undefined) throw new Error("it has no job");
	return job;
};

/** A signed Pipeline Hook about a run's pipeline as it stands. */
const say = (run: Run) => gitlab.deliver(hook, "Pipeline Hook", pipelineHook(shop, pipelineOf(run)));
const sayJob = (run: Run) => gitlab.deliver(hook, "Job Hook", jobHook(shop, pipelineOf(run), jobOf(run)));

describe("a deploy through GitLab", () => {
	test("is started once with the five variables, and followed by its signed hooks to its end", async () => {
		const run = await ask("shop@v1.0.0 to stage");
		const pipeline = pipelineOf(run);
		expect(pipeline).toMatchObject({
			ref: "v1.0.0",
			variables: { JOB_ID: run.id, ENV: "stage", REF: "v1.0.0", SHA: SHA.b, TYPE: "deploy" },
		});
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: { externalId: `${pipeline.id}` } });
		shop.set(pipeline, "running");
		expect((await say(run)).status).toBe(202);
		await world.work();
		expect((await progress(run)).state).toBe("running");
		shop.set(pipeline, "success");
		expect((await say(run)).status).toBe(202);
		await world.work();
		expect(await progress(run)).toMatchObject({
			state: "succeeded",
			external: { externalUrl: `https://gitlab.test/Acme/Shop/-/pipelines/${pipeline.id}` },
		});
		await world.pass(120_000);
		expect(gitlab.asked(STARTS)).toHaveLength(1);
	});

	test("is started with inputs where the project wants that, and known by its name", async () => {
		follow("inputs");
		shop.inputs = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];
		shop.variablesRole = "no_one_allowed";
		shop.workflowName = ({ JOB_ID }) => `deploy (${JOB_ID})`;
		gitlab.fault(STARTS, "drop_answer");
		const run = await ask();
		shop.set(pipelineOf(run), "running");
		await say(run);
		await world.work();
		expect(await progress(run)).toMatchObject({
			state: "running",
			external: { externalId: `${pipelineOf(run).id}` },
		});
		expect(gitlab.asked(STARTS)).toHaveLength(1);
	});

	test("whose trigger's answer is lost is found by its JOB_ID, and started once", async () => {
		for (let other = 0; other < 3; other++) shop.start("other", { sha: SHA.c, variables: { COLOR: "red" } });
		gitlab.fault(STARTS, "drop_answer");
		const run = await ask();
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
		shop.set(pipelineOf(run), "running");
		await world.pass(3_000);
		expect(await progress(run)).toMatchObject({ state: "running", external: { externalId: `${pipelineOf(run).id}` } });
		expect(gitlab.asked(STARTS)).toHaveLength(1);
	});

	test("whose trigger was refused for a rate limit is tried again when GitLab says so, and started once", async () => {
		gitlab.fault(STARTS, { status: 429, headers: { "retry-after": "20" }, body: "Retry later\n" });
		const run = await ask();
		expect(await progress(run)).toMatchObject({ state: "dispatching", triggerAttempted: false });
		await world.pass(19_000);
		expect(shop.runsOf(run.id)).toHaveLength(0);
		await world.pass(2_000);
		expect(shop.runsOf(run.id)).toHaveLength(1);
	});

	test("says that the project forbids variables, and what to do", async () => {
		shop.variablesRole = "no_one_allowed";
		const run = await ask();
		expect(await progress(run)).toMatchObject({
			state: "failed",
			reason: expect.stringMatching(/^The pipeline was not started: .*mode: inputs/),
		});
	});

	test("is asked after when a job of it says something, and told what is waited for", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), "manual");
		expect((await sayJob(run)).status).toBe(202);
		await world.work();
		expect((await progress(run)).state).toBe("running");
		expect(await world.actions(run.id)).toContain("run.noted");
		shop.set(pipelineOf(run), "failed", "job_execution_timeout");
		await sayJob(run);
		await world.work();
		expect(await progress(run)).toMatchObject({ state: "timed_out", reason: 'The job "deploy" ran out of time.' });
	});

	test("is cancelled when GitLab says that it stopped, not before", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), "running");
		await say(run);
		await world.work();
		await world.say("U_OPS", `cancel #${run.number} wrong version`);
		await world.work();
		expect(pipelineOf(run).cancelRequested).toBe(true);
		shop.set(pipelineOf(run), "canceling");
		await say(run);
		await world.work();
		expect((await progress(run)).state).toBe("cancelling");
		shop.set(pipelineOf(run), "canceled");
		await say(run);
		await world.work();
		expect(await progress(run)).toMatchObject({ state: "cancelled", reason: "Cancelled by U_OPS: wrong version" });
	});

	test("that is started again at GitLab stays as it ended, and its second end is on the trail once", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), "success");
		await say(run);
		await world.pass(60_000);
		shop.retry(pipelineOf(run));
		await say(run);
		shop.set(pipelineOf(run), "success");
		for (let n = 0; n < 3; n++) await say(run);
		await world.work();
		expect((await progress(run)).state).toBe("succeeded");
		expect((await world.actions(run.id)).filter((action) => action === "run.late_report")).toHaveLength(1);
	});

	test("is refused while its checks are red, and its own failed run does not count as one", async () => {
		shop.status(SHA.b, "test", "failed", { ref: "v1.0.0" });
		const refused = await world.say("U_OPS", "shop@v1.0.0 to stage");
		expect(refused).toMatchObject({ outcome: "refused", card: { text: expect.stringContaining("test") } });
		const run = await ask();
		shop.set(pipelineOf(run), "failed");
		await say(run);
		await world.work();
		expect((await progress(run)).state).toBe("failed");
		const again = await world.runOf(await world.say("U_OPS", `retry #${run.number}`));
		await world.work();
		expect((await progress(again)).state).toBe("dispatching");
	});
});

describe("a hook", () => {
	test("with a bad signature, an old one, none, of no interest or seen before changes nothing", async () => {
		const run = await ask();
		shop.set(pipelineOf(run), "success");
		const body = pipelineHook(shop, pipelineOf(run));
		const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
		expect((await gitlab.deliver({ ...hook, secret: other }, "Pipeline Hook", body)).status).toBe(401);
		expect((await gitlab.deliver({ ...hook, secret: SECRET.slice(6) }, "Pipeline Hook", body)).status).toBe(401);
		const old = { at: new Date(world.now().getTime() - 301_000) };
		expect((await gitlab.deliver(hook, "Pipeline Hook", body, old)).status).toBe(401);
		expect(await gitlab.deliver(hook, "Push Hook", "{}")).toMatchObject({ status: 200, body: { status: "ignored" } });
		const deployment = deploymentHook(shop, jobOf(run), "success", world.now());
		expect(await gitlab.deliver(hook, "Deployment Hook", deployment)).toMatchObject({ body: { status: "ignored" } });
		await world.work();
		expect((await progress(run)).state).toBe("dispatching");
		const same = { id: "f5e5f430-f57b-4e6e-9fac-d9128cd7232f" };
		expect((await gitlab.deliver(hook, "Pipeline Hook", body, same)).status).toBe(202);
		expect(await gitlab.deliver(hook, "Pipeline Hook", body, same)).toMatchObject({
			status: 200,
			body: { status: "seen_before" },
		});
	});

	test("of another project, or of what the API did not start, does not speak of this one's runs", async () => {
		gitlab.fault(STARTS, "drop_answer");
		const run = await ask();
		shop.set(pipelineOf(run), "success");
		const forged = JSON.parse(pipelineHook(shop, pipelineOf(run)));
		forged.project.path_with_namespace = "acme/other";
		await gitlab.deliver(hook, "Pipeline Hook", JSON.stringify(forged));
		await gitlab.deliver(hook, "Pipeline Hook", pipelineHook(shop, pipelineOf(run), { id: 77, source: "push" }));
		await world.workOn("webhook");
		expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
		await world.pass(3_000);
		expect(await progress(run)).toMatchObject({ external: { externalId: `${pipelineOf(run).id}` } });
	});
});

describe("whatever becomes of its hooks, a run ends in what is true at GitLab:", () => {
	/** Forty runs, one after the other. */
	const PATIENCE = 120_000;
	const ENDS = [
		["success", null, "succeeded"],
		["failed", null, "failed"],
		["failed", "job_execution_timeout", "timed_out"],
		["canceled", null, "cancelled"],
	] as const;

	/** What GitLab says of a pipeline on its way to an end, each as it was when it was said. */
	async function lived(run: Run, status: string, reason: string | null): Promise<[event: string, body: string][]> {
		const pipeline = pipelineOf(run);
		const said: [string, string][] = [];
		for (const [at, why] of [
			["pending", null],
			["running", null],
			[status, reason],
		] as const) {
			shop.set(pipeline, at, why);
			said.push(["Pipeline Hook", pipelineHook(shop, pipeline)]);
		}
		said.push(["Job Hook", jobHook(shop, pipeline, jobOf(run))]);
		return said;
	}

	async function end(run: Run, hooks: readonly (readonly [event: string, body: string])[]): Promise<string> {
		for (const [event, body] of hooks) await gitlab.deliver(hook, event, body, { id: null });
		await world.work();
		await world.pass(31_000);
		return (await progress(run)).state;
	}

	test(
		"in every order, each said twice",
		async () => {
			for (const [n, order] of orders([0, 1, 2, 3]).entries()) {
				const [status, reason, ours] = ENDS[n % ENDS.length] ?? ENDS[0];
				const run = await ask();
				const said = await lived(run, status, reason);
				const hooks = order.flatMap((one) => said.slice(one, one + 1));
				expect([order, await end(run, [...hooks, ...hooks])]).toEqual([order, ours]);
			}
		},
		PATIENCE,
	);

	test("of a pipeline that was started again: how it ended before, told late, is no end", async () => {
		for (const late of [false, true]) {
			const run = await ask();
			const pipeline = pipelineOf(run);
			shop.set(pipeline, "failed", "script_failure");
			const failed = pipelineHook(shop, pipeline);
			world.sleep(60_000);
			shop.retry(pipeline);
			const again = pipelineHook(shop, pipeline);
			for (const body of late ? [again, failed] : [failed, again]) {
				await gitlab.deliver(hook, "Pipeline Hook", body, { id: null });
				await world.work();
			}
			expect([late, (await progress(run)).state]).toEqual([late, late ? "running" : "failed"]);
			shop.set(pipeline, "success");
			await gitlab.deliver(hook, "Pipeline Hook", pipelineHook(shop, pipeline), { id: null });
			await world.work();
			expect([late, (await progress(run)).state]).toEqual([late, late ? "succeeded" : "failed"]);
		}
	});

	test(
		"whichever of them are lost",
		async () => {
			for (let kept = 0; kept < 16; kept++) {
				const [status, reason, ours] = ENDS[(kept + (kept >> 2)) % ENDS.length] ?? ENDS[0];
				const run = await ask();
				const said = (await lived(run, status, reason)).filter((_, n) => ((kept >> n) & 1) === 1);
				expect([kept, await end(run, said.reverse())]).toEqual([kept, ours]);
			}
		},
		PATIENCE,
	);
});

function orders(of: readonly number[]): number[][] {
	if (of.length === 0) return [[]];
	return of.flatMap((first) => orders(of.filter((one) => one !== first)).map((rest) => [first, ...rest]));
}
