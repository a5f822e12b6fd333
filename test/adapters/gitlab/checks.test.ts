import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { errorOf } from "../contract/contract-setting.ts";
import { Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

const checks = () => at.pipeline.checks(at.project, SHA.two);
const states = async () => Object.fromEntries((await checks()).map(({ name, state }) => [name, state]));
/** A pipeline of a push whose jobs stand as told. */
const pushed = (jobs: Readonly<Record<string, string>>, ref = "main") => {
	const pipeline = at.shop.start(ref, { source: "push", jobs: [] });
	for (const [name, status] of Object.entries(jobs)) at.shop.job(pipeline, name, status);
	pipeline.status = Object.values(jobs).includes("failed") ? "failed" : "success";
	return pipeline;
};

describe("the checks of a commit", () => {
	test("are the jobs of its pipelines, and what was reported from outside, each with its page", async () => {
		pushed({ build: "success", test: "failed" });
		at.shop.status(SHA.two, "ci/sonar", "success");
		expect(await checks()).toEqual([
			{ name: "build", state: "success", url: expect.stringContaining("/-/jobs/") },
			{ name: "test", state: "failure", url: expect.stringContaining("/-/jobs/") },
			{ name: "ci/sonar", state: "success", url: "https://ci.test/ci%2Fsonar" },
		]);
	});

	test("are judged by GitLab's own meaning: skipped, or allowed to fail, does not stand in the way", async () => {
		const pipeline = pushed({ skipped: "skipped", canceled: "canceled", new: "dreaming", manual: "manual" });
		at.shop.job(pipeline, "may fail", "failed", { allow_failure: true });
		at.shop.job(pipeline, "may be left alone", "manual", { allow_failure: true });
		at.shop.status(SHA.two, "outside, may fail", "failed", { allow_failure: true });
		expect(await states()).toEqual({
			...{ skipped: "left_out", canceled: "failure", new: "pending", manual: "pending" },
			...{ "may fail": "left_out", "may be left alone": "left_out", "outside, may fail": "left_out" },
		});
	});

	test("are of the newest of each name on a ref: what was run again and is green now is green", async () => {
		const first = pushed({ build: "success", test: "failed" });
		pushed({ build: "success", test: "success" });
		expect(await states()).toEqual({ build: "success", test: "success" });
		first.status = "failed";
		expect(Object.keys(await states())).toHaveLength(2);
		at.shop.branch("other", SHA.two);
		pushed({ test: "failed" }, "other");
		expect((await checks()).map(({ state }) => state).sort()).toEqual(["failure", "success", "success"]);
	});

	test("tell of a pipeline that is red or under way for another reason than its jobs", async () => {
		const pipeline = pushed({ build: "success" });
		pipeline.status = "failed";
		expect(await states()).toEqual({ build: "success", "pipeline (push)": "failure" });
		pipeline.status = "running";
		expect(await states()).toEqual({ build: "success", "pipeline (push)": "pending" });
	});

	test("leave our own out by their variables, their name, or on servers that do not say of which pipeline a status is", async () => {
		pushed({ build: "success" });
		await at.started();
		at.shop.start("main", { name: "deploy main to stage (0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b)" });
		expect(await states()).toEqual({ build: "success" });
		at.shop.statusesNamePipelines = false;
		expect(await states()).toEqual({ build: "success" });
	});

	test("keep what was reported from outside while ours was the newest pipeline: GitLab hangs it there", async () => {
		await at.started();
		at.shop.status(SHA.two, "ci/sonar", "failed");
		expect(await states()).toEqual({ "ci/sonar": "failure" });
	});

	test("keep what calls itself like ours and was not started by the API", async () => {
		const name = "deploy to stage (0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b)";
		at.shop.start("main", { source: "push", name, jobs: ["test"] });
		expect(await states()).toEqual({ test: "pending" });
	});

	test("keep what others started by the API", async () => {
		at.shop.start("main", { jobs: ["nightly"], foreign: true });
		at.shop.start("main", { jobs: ["by hand"], variables: { COLOR: "red" } });
		expect(await states()).toEqual({ nightly: "pending", "by hand": "pending" });
	});

	test("are read to the last page, and are not called green when there are more than can be read", async () => {
		for (let number = 0; number < 230; number++) at.shop.status(SHA.two, `s ${number}`, "success");
		at.shop.status(SHA.two, "the last", "failed");
		expect((await checks()).filter(({ state }) => state === "failure")).toMatchObject([{ name: "the last" }]);
		const page = Array.from({ length: 100 }, (_, id) => ({ id: id + 1, name: `s ${id}`, status: "success" }));
		at.gitlab.fault(/statuses$/, { status: 200, body: page, headers: { "x-next-page": "2" } }, 20);
		expect(await errorOf(checks())).toMatchObject({
			kind: "rejected",
			message: expect.stringContaining("more checks"),
		});
	});

	test.each([/statuses$/, /pipelines$/, /variables$/])(
		"are not made up when an answer is missing (%s)",
		async (route) => {
			await at.started();
			pushed({ build: "success" });
			at.gitlab.fault(route, { status: 502, body: "<html>" });
			expect(await errorOf(checks())).toMatchObject({ kind: "unavailable" });
		},
	);
});

describe("a ref", () => {
	test("may be named in full, be a short SHA, or a tag of no commit, which is null", async () => {
		at.shop.branch("both", SHA.one);
		at.shop.tag("both", SHA.two);
		at.shop.annotatedTag("tree", null);
		const resolve = (ref: string) => at.pipeline.resolveRef(at.project, ref);
		expect(await resolve("refs/heads/both")).toEqual({ name: "both", kind: "branch", sha: SHA.one });
		expect(await resolve("refs/tags/both")).toEqual({ name: "both", kind: "tag", sha: SHA.two });
		expect(await resolve("refs/tags/main")).toBeNull();
		expect(await resolve(SHA.one.slice(0, 7))).toEqual({ name: SHA.one, kind: "sha", sha: SHA.one });
		expect(await resolve(SHA.one.slice(0, 6))).toBeNull();
		expect(await resolve("tree")).toBeNull();
	});

	test("of a project that is not there is an error, and not a ref that is not there", async () => {
		const project = { ...at.project, repository: "acme/none" };
		expect(await errorOf(at.pipeline.resolveRef(project, "main"))).toMatchObject({ kind: "not_found" });
	});

	test("that is a full SHA is that commit, also when somebody called a tag so", async () => {
		at.shop.tag(SHA.one, SHA.two);
		expect((await at.pipeline.resolveRef(at.project, SHA.one))?.sha).not.toBe(SHA.two);
	});
});
