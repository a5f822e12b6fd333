import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { errorOf, Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

const checks = () => at.pipeline.checks(at.project, SHA.two);
const states = async () => Object.fromEntries((await checks()).map(({ name, state }) => [name, state]));

describe("the checks of a commit", () => {
	test("are its check runs and its statuses", async () => {
		at.repository.check(SHA.two, "build", "success");
		at.repository.statuses.push({ sha: SHA.two, context: "ci/lint", state: "success" });
		at.repository.check(SHA.one, "of another commit", "failure");
		expect(await checks()).toEqual([
			{ name: "build", state: "success", url: expect.stringContaining("https://") },
			{ name: "ci/lint", state: "success", url: "https://ci.test/ci/lint" },
		]);
	});

	test("are none when there are none, although GitHub calls that pending", async () => {
		expect(await checks()).toEqual([]);
	});

	test("are judged by GitHub's own meaning: left out and neutral do not stand in the way, all else does", async () => {
		const conclusions = ["success", "neutral", "skipped", "failure", "cancelled", "timed_out"];
		for (const conclusion of [...conclusions, "action_required", "stale", "startup_failure", "something_new"])
			at.repository.check(SHA.two, conclusion, conclusion);
		expect(await states()).toEqual({
			...{ success: "success", neutral: "left_out", skipped: "left_out" },
			...{ failure: "failure", cancelled: "failure", timed_out: "failure", action_required: "failure" },
			...{ stale: "failure", startup_failure: "failure", something_new: "failure" },
		});
	});

	test("are not finished as long as GitHub does not say so", async () => {
		for (const status of ["queued", "in_progress", "waiting", "requested", "pending", "something_new"])
			at.repository.check(SHA.two, status, null, { status });
		at.repository.check(SHA.two, "completed without a conclusion", null, { status: "completed" });
		at.repository.statuses.push({ sha: SHA.two, context: "slow", state: "pending" });
		expect(new Set(Object.values(await states()))).toEqual(new Set(["pending"]));
	});

	test("are failed by a status of failure, error or a word that we do not know", async () => {
		for (const state of ["failure", "error", "odd"])
			at.repository.statuses.push({ sha: SHA.two, context: state, state });
		expect(await states()).toEqual({ failure: "failure", error: "failure", odd: "failure" });
	});

	test("are read to the last page: the red one is on it", async () => {
		for (let number = 0; number < 230; number++) at.repository.check(SHA.two, `job ${number}`, "success");
		at.repository.check(SHA.two, "the last", "failure");
		for (let number = 0; number < 130; number++)
			at.repository.statuses.push({ sha: SHA.two, context: `s ${number}`, state: "success" });
		at.repository.statuses.push({ sha: SHA.two, context: "the last status", state: "failure" });
		const found = await checks();
		expect(found).toHaveLength(362);
		expect(found.filter(({ state }) => state === "failure")).toHaveLength(2);
	});

	test("are not called green when there are more than can be read", async () => {
		for (let number = 0; number < 2_050; number++)
			at.repository.check(SHA.two, `job ${number}`, "success", { app: "x" });
		expect(await errorOf(checks())).toMatchObject({
			kind: "rejected",
			message: expect.stringContaining("more checks"),
		});
	});

	test("leave out the runs of the deploy workflow, failed or under way: a retry must not stand in its own way", async () => {
		at.repository.check(SHA.two, "build", "success");
		const first = await at.dispatched();
		at.repository.set(at.runOf(first), "completed", "failure");
		await at.dispatched();
		expect(at.repository.checks).toHaveLength(3);
		expect(await states()).toEqual({ build: "success" });
	});

	test("keep what the same workflow file does on a push, and other workflows that were dispatched", async () => {
		at.repository.workflow("nightly.yml");
		const from = { sha: SHA.two, branch: "main", title: "x" };
		at.repository.start("deploy.yml", { ...from, event: "push" });
		at.repository.start("nightly.yml", from);
		expect(await states()).toEqual({ deploy: "pending", nightly: "pending" });
	});

	test("leave out deploys of other projects in the same repository, which carry a JOB_ID as well", async () => {
		const title = "deploy main to stage (0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b)";
		at.repository.start("deploy-api.yml", { sha: SHA.two, branch: "main", title });
		at.repository.start("deploy-api.yml", { event: "push", sha: SHA.two, branch: "main", title });
		expect(await checks()).toHaveLength(1);
	});

	test("keep what another app reports under the name, or even with the page, of the deploy job", async () => {
		const { externalUrl } = await at.dispatched();
		const detailsUrl = `${externalUrl}/job/1`;
		at.repository.check(SHA.two, "deploy", "failure", { app: "circleci" });
		at.repository.check(SHA.two, "sly", "failure", { app: "circleci", suite: null, detailsUrl });
		at.repository.check(SHA.two, "own", "failure", { suite: null, detailsUrl });
		expect(await states()).toEqual({ deploy: "failure", sly: "failure" });
	});

	test("are read without the workflow runs when none is of GitHub Actions", async () => {
		at.repository.check(SHA.two, "build", "success", { app: "circleci" });
		expect(await states()).toEqual({ build: "success" });
		expect(at.github.asked(/actions/)).toEqual([]);
	});

	test.each([/check-runs$/, /\/status$/, /actions\/runs$/])(
		"are not made up when an answer is missing (%s)",
		async (route) => {
			at.repository.check(SHA.two, "build", "success");
			at.github.fault(route, { status: 502, body: "<html>" });
			expect(await errorOf(checks())).toMatchObject({ kind: "unavailable" });
		},
	);
});
