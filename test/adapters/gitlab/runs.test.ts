import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitLabPipeline } from "../../../adapters/gitlab/pipeline.ts";
import { statusOf } from "../../../adapters/gitlab/status.ts";
import { errorOf } from "../contract/contract-setting.ts";
import { Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

describe("a status", () => {
	test.each([
		...["created", "waiting_for_resource", "preparing", "pending", "waiting_for_callback"].map((word) => [
			word,
			"queued",
		]),
		...["running", "canceling"].map((word) => [word, "running"]),
		...["manual", "scheduled", "blocked"].map((word) => [word, "waiting"]),
		...[
			["success", "succeeded"],
			["failed", "failed"],
			["canceled", "cancelled"],
			["skipped", "failed"],
		],
	])("%s is %s", (word, ours) => {
		expect(statusOf(word ?? null)).toBe(ours);
	});

	test("that we do not know leaves the state as it is", () => {
		for (const word of ["dreaming", "constructor", "__proto__", "cancelled", null]) expect(statusOf(word)).toBeNull();
	});
});

describe("looking for a pipeline by its JOB_ID", () => {
	const find = (jobId: string, since = new Date()) => at.pipeline.find(at.project, jobId, since);
	const JOB_ID = "0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b";

	test("reads the name first, and the variables of those whose name tells nothing, once each", async () => {
		for (let number = 0; number < 3; number++) await at.started();
		const named = at.shop.start("main", { name: `deploy main to stage (${JOB_ID})` });
		expect(await find(JOB_ID)).toMatchObject({ externalId: String(named.id), jobId: JOB_ID });
		await find(JOB_ID);
		expect(at.gitlab.asked(/\/variables$/)).toHaveLength(3);
	});

	test("takes nothing for ours that was not started by the API, whose variables are another person's, or that is old", async () => {
		const variables = { JOB_ID };
		at.shop.start("main", { source: "web", variables });
		at.shop.start("main", { variables, foreign: true });
		at.gitlab.now = () => new Date(Date.now() - 3_600_000);
		at.shop.start("main", { variables });
		at.gitlab.now = () => new Date();
		expect(await find(JOB_ID)).toBeNull();
	});

	test("finds it although our clock is ahead, and not what was there before it was called", async () => {
		at.gitlab.now = () => new Date(Date.now() - 300_000);
		const first = at.shop.start("main", { variables: { JOB_ID } });
		expect(await find(JOB_ID.toUpperCase())).toMatchObject({ externalId: String(first.id) });
		at.gitlab.now = () => new Date(Date.now() - 270_000);
		expect(await find(JOB_ID)).toBeNull();
	});

	test("of several takes the one at its ref and commit, and none when nothing tells them apart", async () => {
		at.shop.branch("evil", SHA.one);
		const sha = at.shop.branches.get("main") ?? "";
		const asked = { ref: { name: "main", kind: "branch", sha }, type: "deploy" } as const;
		const search = () => at.pipeline.find(at.project, JOB_ID, new Date(), asked);
		at.shop.start("evil", { variables: { JOB_ID } });
		expect(await search()).toBeNull();
		const ours = at.shop.start("main", { variables: { JOB_ID } });
		at.shop.branch("main", SHA.one);
		at.shop.start("main", { variables: { JOB_ID } });
		expect(await search()).toMatchObject({ externalId: String(ours.id) });
		at.shop.branch("main", sha);
		at.shop.start("main", { variables: { JOB_ID } });
		expect(await errorOf(search())).toMatchObject({
			kind: "rejected",
			message: expect.stringMatching(/^3 pipelines at GitLab carry the JOB_ID .* None is followed/),
		});
	});

	test("tells a timeout from a failure at once, because the first word of the end counts", async () => {
		const { report, run } = await at.started();
		at.shop.set(run, "failed", "job_execution_timeout");
		expect(await find(report.jobId ?? "")).toMatchObject({ status: "timed_out" });
	});
});

describe("the report of a pipeline", () => {
	const report = (externalId: string) => at.pipeline.report(at.project, externalId);

	test("asks only whether it changed, and sees when it did", async () => {
		const { report: first, run } = await at.started();
		await report(first.externalId);
		await report(first.externalId);
		const [one, two] = at.gitlab.asked(/GET .*\/pipelines\/\d+$/);
		expect(one?.headers["if-none-match"]).toBeUndefined();
		expect(two?.headers["if-none-match"]).toMatch(/^W\/"/);
		at.shop.set(run, "success");
		expect(await report(first.externalId)).toMatchObject({ status: "succeeded" });
	});

	test("names the job that failed and why, and none that was allowed to", async () => {
		const { report: first, run } = await at.started();
		at.shop.set(run, "failed");
		at.shop.job(run, "lint", "failed", { allow_failure: true, failure_reason: "job_execution_timeout" });
		expect(await report(first.externalId)).toMatchObject({ status: "failed", reason: 'The job "deploy" failed.' });
		at.shop.set(run, "failed", "runner_system_failure");
		expect((await report(first.externalId))?.reason).toBe('The job "deploy" failed (runner system failure).');
	});

	test.each(["job_execution_timeout", "job_execution_server_timeout", "stuck_or_timeout_failure"])(
		"is timed_out when a job failed by %s",
		async (reason) => {
			const { report: first, run } = await at.started();
			at.shop.set(run, "failed", reason);
			expect(await report(first.externalId)).toMatchObject({
				status: "timed_out",
				reason: 'The job "deploy" ran out of time.',
			});
		},
	);

	test("that failed is not made without its jobs: a timeout would be called a failure for good", async () => {
		const { report: first, run } = await at.started();
		at.shop.set(run, "failed", "job_execution_timeout");
		at.gitlab.fault(/\/jobs$/, { status: 502 });
		expect(await errorOf(report(first.externalId))).toMatchObject({ kind: "unavailable" });
		at.shop.set(run, "success");
		at.gitlab.fault(/\/jobs$/, { status: 502 });
		expect(await report(first.externalId)).toMatchObject({ status: "succeeded" });
	});

	test("says what it waits for, and where", async () => {
		const { report: first, run } = await at.started();
		for (const [word, why] of [
			["manual", /somebody to start a manual job/],
			["scheduled", /delayed job/],
			["blocked", /approval at GitLab/],
		] as const) {
			at.shop.set(run, word);
			expect(await report(first.externalId)).toMatchObject({
				status: "waiting",
				reason: expect.stringMatching(why),
				externalUrl: expect.stringContaining(`/-/pipelines/${run.id}`),
			});
		}
	});

	test("says why nothing was carried out", async () => {
		const { report: first, run } = await at.started();
		at.shop.set(run, "skipped");
		expect((await report(first.externalId))?.reason).toContain("skipped every job");
		run.yaml_errors = "jobs:deploy script can't be blank";
		at.shop.set(run, "failed");
		expect((await report(first.externalId))?.reason).toContain("could not make jobs of the pipeline file: jobs:deploy");
	});

	test("is of a later attempt once something of it was started again: GitLab keeps the id", async () => {
		const { report: first, run } = await at.started();
		at.shop.set(run, "failed");
		expect(await report(first.externalId)).toMatchObject({ attempt: 1, status: "failed" });
		at.gitlab.now = () => new Date(Date.now() + 60_000);
		at.shop.retry(run);
		expect(await report(first.externalId)).toMatchObject({ status: "running" });
		at.shop.set(run, "success");
		expect(await report(first.externalId)).toMatchObject({ attempt: 2, status: "succeeded" });
	});
});

describe("a cancel", () => {
	test("of a pipeline that is not there is told", async () => {
		expect(await errorOf(at.pipeline.cancel(at.project, "1"))).toMatchObject({ kind: "not_found" });
	});
});

describe("jobs", () => {
	test("come with bridges, in the order in which they were made, without what was skipped", async () => {
		const { report, run } = await at.started();
		at.shop.set(run, "running");
		at.shop.job(run, "only on Sundays", "skipped");
		at.shop.job(run, "start the other one", "running", { downstream: { id: 77, status: "running" } });
		at.shop.job(run, "slow", "failed", { failure_reason: "job_execution_timeout" });
		at.shop.job(run, "odd", "dreaming");
		expect(await at.pipeline.steps(at.project, report.externalId)).toMatchObject([
			{ name: "deploy", status: "running", url: expect.stringContaining("/-/jobs/") },
			{ name: "start the other one", status: "running", url: "https://gitlab.test/acme/web/-/pipelines/77" },
			{ name: "slow", status: "timed_out" },
			{ name: "odd", status: null },
		]);
	});

	test("are a hundred at most", async () => {
		const { report, run } = await at.started();
		for (let number = 0; number < 150; number++) at.shop.job(run, `job ${number}`);
		expect(await at.pipeline.steps(at.project, report.externalId)).toHaveLength(100);
	});
});

describe("a log", () => {
	test("is job after job, without colours, markers of sections and what was overwritten", async () => {
		const { report, run } = await at.started();
		const [job] = run.jobs;
		if (job === undefined) throw new Error("no job");
		job.trace =
			"\u001b[0KRunning with gitlab-runner 18.5.0\u001b[0;m\n" +
			"section_start:1560896352:step_script[collapsed=true]\r\u001b[0K\u001b[36;1mDeploying\u001b[0;m\n" +
			"2026-01-02T10:00:00.123456Z 00O stamped\n" +
			" 10%\r 55%\r100%\r\n" +
			"section_end:1560896353:step_script\r\u001b[0K\u001b[32;1mJob succeeded\u001b[0;m\n";
		at.shop.job(run, "after", "success", { trace: "done" });
		expect(await at.pipeline.log(at.project, report.externalId)).toEqual([
			"── deploy",
			...["Running with gitlab-runner 18.5.0", "Deploying", "stamped", "100%", "Job succeeded"],
			"── after",
			"done",
		]);
	});

	test("that is larger than what may be read at once is read to its end", async () => {
		const { report, run } = await at.started();
		const [job] = run.jobs;
		if (job !== undefined) job.trace = `${"x".repeat(25_000_000)}\nthe end\n`;
		expect((await at.pipeline.log(at.project, report.externalId))?.at(-1)).toBe("the end");
	});
});

describe("what lies between two commits", () => {
	const history = (length: number): string => {
		let before: string = SHA.one;
		for (let number = 0; number < length; number++) {
			const sha = `${String(number).padStart(6, "0")}${"e".repeat(34)}`;
			at.shop.push(sha, before, { message: `Change ${number}\n\nMore.`, name: "Ada", email: "ada@acme.test" });
			before = sha;
		}
		return before;
	};
	const told = (sha: string, title: string) => ({
		sha,
		title,
		author: { name: "Ada", email: "ada@acme.test", login: null },
	});

	test("is all counted, the newest hundred are told, and there is a page of it", async () => {
		const head = history(520);
		const compared = await at.pipeline.compare(at.project, SHA.one, head);
		expect(compared).toMatchObject({ ahead: 520, behind: 0, more: false });
		expect(compared?.commits).toHaveLength(100);
		expect(compared?.commits[0]).toEqual(told(head, "Change 519"));
		expect(compared?.url).toBe(`${at.gitlab.url}/acme/web/-/compare/${SHA.one}...${head}`);
	});

	test("everybody who had a hand in a commit is told, programs as such, and GitLab's own hand is nobody", async () => {
		const ada = { author_name: "Ada", author_email: "ada@acme.test" };
		const by = (name: string, email: string) => ({ committer_name: name, committer_email: email });
		const commit = (hands: object, message = "Sell tea") => ({ id: SHA.two, title: "Sell tea", message, ...hands });
		const bots = [
			"project_7_bot_4ffca233d8298ea1@noreply.gitlab.com",
			"project7_bot@noreply.gitlab.com",
			"group_12_bot1@noreply.gitlab.acme.test",
			"service_account_group_12_4ffca233@noreply.gitlab.com",
			"29139614+renovate[bot]@users.noreply.github.com",
		];
		const commits = [
			commit(
				{ ...ada, ...by("Ada", "ada@acme.test") },
				"Sell tea\n\nCo-authored-by: Bob <bob@acme.test>\nco-authored-by: Robot <5+ci[bot]@users.noreply.github.com>\n",
			),
			commit({ ...ada, ...by("Eve", "eve@acme.test") }),
			commit({ ...ada, ...by("GitLab", "noreply@gitlab.com") }),
			commit({ ...ada, ...by("Ada", "7-ada@users.noreply.gitlab.com") }),
			...bots.map((email) => commit({ author_name: "robot", author_email: email, ...by("robot", email) })),
		];
		at.gitlab.fault(/compare$/, { status: 200, body: { commits } }, 2);
		const compared = await at.pipeline.compare(at.project, SHA.one, SHA.two);
		const author = { name: "Ada", email: "ada@acme.test", login: null };
		expect(compared?.commits.map(({ sha: _, title: __, ...hands }) => hands)).toEqual(
			[
				{
					author,
					coAuthors: [
						{ name: "Bob", email: "bob@acme.test", login: null },
						{ name: "Robot", email: "5+ci[bot]@users.noreply.github.com", login: null, bot: true },
					],
				},
				{ author, committer: { name: "Eve", email: "eve@acme.test", login: null } },
				{ author },
				{ author, committer: { name: "Ada", email: "7-ada@users.noreply.gitlab.com", login: null } },
				...bots.map((email) => ({ author: { name: "robot", email, login: null, bot: true } })),
			].reverse(),
		);
	});

	test.each([{ status: 200, body: "x".repeat(20_000_001) }, { status: 504 }, "hang"] as const)(
		"is listed where GitLab's comparison, which brings every line along, is too much: 500 are counted",
		async (fault) => {
			const head = history(520);
			at.gitlab.fault(/compare$/, fault, 2);
			const pipeline = new GitLabPipeline({
				...{ baseUrl: at.gitlab.url, token: at.gitlab.token, mode: "variables" },
				withinMs: fault === "hang" ? 500 : 10_000,
			});
			const compared = await pipeline.compare(at.project, SHA.one, head);
			expect(compared).toMatchObject({ ahead: 500, behind: 0, more: true });
			expect(compared?.commits[0]).toEqual(told(head, "Change 519"));
			at.gitlab.fault(/compare$/, { status: 504 }, 2);
			expect(await at.pipeline.compare(at.project, "0".repeat(40), head)).toBeNull();
		},
	);
});
