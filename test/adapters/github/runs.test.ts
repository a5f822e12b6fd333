import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitHubPipeline } from "../../../adapters/github/pipeline.ts";
import { statusOf } from "../../../adapters/github/status.ts";
import { errorOf, Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

describe("status and conclusion", () => {
	test.each([
		["requested", null, "queued"],
		["queued", null, "queued"],
		["pending", null, "queued"],
		["in_progress", null, "running"],
		["waiting", null, "waiting"],
		["completed", "action_required", "waiting"],
		["completed", "success", "succeeded"],
		["completed", "failure", "failed"],
		["completed", "startup_failure", "failed"],
		["completed", "stale", "failed"],
		["completed", "cancelled", "cancelled"],
		["completed", "timed_out", "timed_out"],
	] as const)("%s/%s is %s", (status, conclusion, ours) => {
		expect(statusOf(status, conclusion)).toBe(ours);
	});

	test.each(["skipped", "neutral"])("%s means that nothing ran: never a success", (conclusion) => {
		expect(statusOf("completed", conclusion)).toBe("failed");
	});

	test("are over only together: completed without a conclusion, and a conclusion without completed, are not", () => {
		expect(statusOf("completed", null)).toBeNull();
		expect(statusOf("in_progress", "success")).toBe("running");
		expect(statusOf("queued", "failure")).toBe("queued");
	});

	test("that we do not know leave the state as it is", () => {
		expect(statusOf("dreaming", null)).toBeNull();
		expect(statusOf("completed", "dreamt")).toBeNull();
		expect(statusOf(null, null)).toBeNull();
		expect(statusOf("constructor", null)).toBeNull();
		expect(statusOf("completed", "__proto__")).toBeNull();
	});
});

describe("looking for a run by its JOB_ID", () => {
	test("finds it by its run-name, on whatever page it is", async () => {
		const request = at.request();
		await at.pipeline.trigger(request);
		for (let number = 0; number < 130; number++) await at.pipeline.trigger(at.request());
		const found = await at.pipeline.find(at.project, request.variables.JOB_ID, new Date());
		expect(found).toMatchObject({
			externalId: String(at.repository.runOf(request.variables.JOB_ID).id),
			jobId: request.variables.JOB_ID,
			status: "queued",
		});
		expect(at.github.asked(/workflows\/deploy\.yml\/runs/)).toHaveLength(2);
	});

	test("does not take the newest run for it, nor one that began long before, nor one that was not dispatched", async () => {
		const jobId = randomUUID();
		await at.dispatched();
		at.github.now = () => new Date(Date.now() - 3_600_000);
		const old = { sha: SHA.two, branch: "main", title: `deploy (${jobId})` };
		at.repository.start("deploy.yml", old);
		at.github.now = () => new Date();
		at.repository.start("deploy.yml", { ...old, event: "pull_request" });
		expect(await at.pipeline.find(at.project, jobId, new Date())).toBeNull();
	});

	test("finds it although our clock is some minutes ahead", async () => {
		const request = at.request();
		at.github.now = () => new Date(Date.now() - 5 * 60_000);
		await at.pipeline.trigger(request);
		expect(await at.pipeline.find(at.project, request.variables.JOB_ID, new Date(Date.now() - 1_000))).not.toBeNull();
	});

	test("does not take what somebody dispatched with the same JOB_ID before, nor of another branch", async () => {
		const request = at.request();
		const asked = { ref: request.ref, type: "deploy" } as const;
		const title = `mine (${request.variables.JOB_ID})`;
		const find = () => at.pipeline.find(at.project, request.variables.JOB_ID, new Date(), asked);
		at.github.now = () => new Date(Date.now() - 30_000);
		at.repository.start("deploy.yml", { sha: SHA.two, branch: "main", title });
		at.github.now = () => new Date();
		at.repository.start("deploy.yml", { sha: SHA.one, branch: "evil", title });
		expect(await find()).toBeNull();
		const ours = await at.pipeline.trigger(request);
		expect(await find()).toMatchObject({ externalId: ours?.externalId });
	});

	test("takes none of several that nothing tells apart, and names them", async () => {
		const request = at.request();
		const ours = await at.pipeline.trigger(request);
		const title = `again (${request.variables.JOB_ID})`;
		const twin = at.repository.start("deploy.yml", { sha: SHA.two, branch: "main", title });
		const asked = { ref: request.ref, type: "deploy" } as const;
		const error = await errorOf(at.pipeline.find(at.project, request.variables.JOB_ID, new Date(), asked));
		expect(error.kind).toBe("rejected");
		for (const id of [ours?.externalId, twin.id])
			expect(error.message).toContain(`https://github.test/acme/web/actions/runs/${id}`);
	});

	test("of a commit, or of a ref that a rollback goes back to and that is gone, is at the default branch", async () => {
		const commit = { name: SHA.one, kind: "sha", sha: SHA.one } as const;
		const gone = { name: "v0.9.0", kind: "tag", sha: SHA.one } as const;
		const jobId = randomUUID();
		at.repository.start("deploy.yml", { sha: SHA.two, branch: "main", title: `back (${jobId})` });
		const find = (ref: typeof commit | typeof gone, type: "deploy" | "rollback") =>
			at.pipeline.find(at.project, jobId, new Date(), { ref, type });
		expect(await find(commit, "deploy")).not.toBeNull();
		expect(await find(gone, "rollback")).not.toBeNull();
		expect(await find(gone, "deploy")).toBeNull();
	});

	test("does not believe a list that leaves out what was asked for", async () => {
		const jobId = randomUUID();
		const now = new Date();
		const ours = {
			...{
				id: 5,
				display_title: `deploy (${jobId})`,
				event: "workflow_dispatch",
				status: "in_progress",
				conclusion: null,
			},
			...{ path: ".github/workflows/deploy.yml@main", created_at: now.toISOString(), run_attempt: 1 },
		};
		const others = [
			{ ...ours, id: 1, path: ".github/workflows/nightly.yml" },
			{ ...ours, id: 2, event: "push" },
			{ ...ours, id: 3, created_at: new Date(now.getTime() - 3_600_000).toISOString() },
			{ ...ours, id: 4, display_title: `deploy ${jobId}-again, 0${jobId}`, name: `${jobId}0` },
		];
		at.github.fault(/deploy\.yml\/runs/, { status: 200, body: { workflow_runs: [ours, ...others] } });
		expect(await at.pipeline.find(at.project, jobId, now)).toMatchObject({ externalId: "5", reason: null });
		at.github.fault(/deploy\.yml\/runs/, { status: 200, body: { workflow_runs: others } });
		expect(await at.pipeline.find(at.project, jobId, now)).toBeNull();
	});

	test("takes a run for ours that does not say when and how it began", async () => {
		const jobId = randomUUID();
		const bare = { id: 5, display_title: `deploy (${jobId.toUpperCase()})`, status: "queued" };
		at.github.fault(/deploy\.yml\/runs/, { status: 200, body: { workflow_runs: [bare] } });
		expect(await at.pipeline.find(at.project, jobId, new Date())).toMatchObject({ externalId: "5" });
	});

	test("finds nothing when there is nothing, or no such workflow", async () => {
		expect(await at.pipeline.find(at.project, randomUUID(), new Date())).toBeNull();
		expect(await at.pipeline.find({ ...at.project, pipeline: "absent.yml" }, randomUUID(), new Date())).toBeNull();
	});
});

describe("the report of a run", () => {
	test("says how it stands, which attempt it is and whose it is", async () => {
		const started = await at.dispatched();
		const run = at.runOf(started);
		at.repository.set(run, "in_progress");
		run.run_attempt = 2;
		expect(await at.pipeline.report(at.project, started.externalId)).toEqual({
			externalId: started.externalId,
			attempt: 2,
			externalUrl: started.externalUrl,
			status: "running",
			reason: null,
			jobId: started.jobId,
		});
	});

	test("asks only whether it changed, which is free, and sees when it did", async () => {
		const started = await at.dispatched();
		const first = await at.pipeline.report(at.project, started.externalId);
		const again = await at.pipeline.report(at.project, started.externalId);
		expect(again).toEqual(first);
		const [one, two] = at.github.asked(/GET .*\/actions\/runs\//);
		expect(one?.headers["if-none-match"]).toBeUndefined();
		expect(two?.headers["if-none-match"]).toMatch(/^W\/"/);
		at.repository.set(at.runOf(started), "completed", "success");
		expect(await at.pipeline.report(at.project, started.externalId)).toMatchObject({ status: "succeeded" });
	});

	test("asks for its jobs in the same way, and keeps those of one run from another's", async () => {
		const [one, two] = [await at.dispatched(), await at.dispatched()];
		const first = await at.pipeline.steps(at.project, one.externalId);
		expect(await at.pipeline.steps(at.project, two.externalId)).not.toEqual(first);
		at.github.rate = { limit: 5_000, left: 4_000, endsAt: new Date(Date.now() + 60_000) };
		expect(await at.pipeline.steps(at.project, one.externalId)).toEqual(first);
		expect(at.github.rate.left).toBe(4_000);
		at.repository.set(at.runOf(one), "completed", "success");
		expect(await at.pipeline.steps(at.project, one.externalId)).toMatchObject([{ status: "succeeded" }]);
	});

	test("is null for a run that GitHub does not know", async () => {
		expect(await at.pipeline.report(at.project, "123")).toBeNull();
		expect(await at.pipeline.report(at.project, "../../user")).toBeNull();
	});

	test("names the job and the step that failed", async () => {
		const started = await at.dispatched();
		const run = at.runOf(started);
		at.repository.set(run, "completed", "failure");
		run.jobs = [
			{ id: 1, name: "prepare", conclusion: "success", steps: [], annotations: [] },
			{
				...{ id: 2, name: "deploy", conclusion: "failure", annotations: [] },
				steps: [
					{ name: "Checkout", conclusion: "success" },
					{ name: "Run deploy/run.sh", conclusion: "failure" },
				],
			},
		];
		expect(await at.pipeline.report(at.project, started.externalId)).toMatchObject({
			status: "failed",
			reason: 'The job "deploy" failed at the step "Run deploy/run.sh".',
		});
	});

	test("says that a newer run of the group took its place, where a person's cancel looks the same", async () => {
		const started = await at.dispatched();
		const run = at.runOf(started);
		at.repository.set(run, "completed", "cancelled");
		expect((await at.pipeline.report(at.project, started.externalId))?.reason).toBeNull();
		run.jobs[0]?.annotations.push("Canceling since a higher priority waiting request for 'deploy-stage' exists");
		expect(await at.pipeline.report(at.project, started.externalId)).toMatchObject({
			status: "cancelled",
			reason: expect.stringContaining("Superseded by GitHub's concurrency"),
		});
		run.jobs = [];
		expect((await at.pipeline.report(at.project, started.externalId))?.reason).toMatch(
			/before any job began: by a newer run .*, or by a person/,
		);
	});

	test("says why nothing was carried out", async () => {
		const started = await at.dispatched();
		at.repository.set(at.runOf(started), "completed", "skipped");
		expect(await at.pipeline.report(at.project, started.externalId)).toMatchObject({
			status: "failed",
			reason: expect.stringContaining("skipped every job"),
		});
		at.repository.set(at.runOf(started), "completed", "startup_failure");
		expect((await at.pipeline.report(at.project, started.externalId))?.reason).toContain("its file has an error");
	});

	test("comes without its reason when that cannot be read: the end matters more", async () => {
		const started = await at.dispatched();
		at.repository.set(at.runOf(started), "completed", "failure");
		for (const fault of [{ status: 500 }, "hang"] as const) {
			at.github.fault(/\/jobs$/, fault);
			const report = await at.connect({ withinMs: 150 }).report(at.project, started.externalId);
			expect(report).toMatchObject({ status: "failed", reason: null });
		}
	});
});

describe("a cancel", () => {
	test("asks GitHub, and changes nothing by itself", async () => {
		const started = await at.dispatched();
		await at.pipeline.cancel(at.project, started.externalId);
		expect(at.runOf(started).cancelRequested).toBe(true);
		expect(await at.pipeline.report(at.project, started.externalId)).toMatchObject({ status: "queued" });
	});

	test("that GitHub does not carry out in six minutes is asked for by force", async () => {
		let now = Date.now();
		const pipeline = new GitHubPipeline({
			...{ baseUrl: at.github.url, auth: { token: at.github.token } },
			now: () => new Date(now),
		});
		const started = await at.dispatched();
		const status = async () => (await pipeline.report(at.project, started.externalId))?.status;
		for (let n = 0; n < 3; n++) {
			await pipeline.cancel(at.project, started.externalId);
			now += 119_000;
		}
		expect([await status(), at.github.asked(/force/)]).toEqual(["queued", []]);
		now += 3_000;
		at.github.fault(/force/, { status: 404, body: { message: "Not Found" } });
		await pipeline.cancel(at.project, started.externalId);
		expect(await status()).toBe("queued");
		await pipeline.cancel(at.project, started.externalId);
		expect(await status()).toBe("cancelled");
	});

	test("of a run that is over is no error; of one that is not there it is", async () => {
		const started = await at.dispatched();
		at.repository.set(at.runOf(started), "completed", "success");
		await at.pipeline.cancel(at.project, started.externalId);
		expect(await errorOf(at.pipeline.cancel(at.project, "1"))).toMatchObject({ kind: "not_found" });
	});
});
