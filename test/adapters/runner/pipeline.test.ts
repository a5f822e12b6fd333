import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RunnerPipeline } from "../../../adapters/runner/pipeline.ts";
import type { TriggerRequest } from "../../../src/ports/pipeline.ts";
import { VendorError } from "../../../src/ports/vendor-error.ts";
import { FakeRunnerQueue } from "../../fakes/runner-queue.ts";
import { Workshop } from "./workshop.ts";

let workshop: Workshop;
let queue: FakeRunnerQueue;
let pipeline: RunnerPipeline;
let project: { repository: string; pipeline: string; defaultRef: string };
let first: string;
let second: string;
let third: string;

beforeEach(async () => {
	workshop = await Workshop.open();
	queue = new FakeRunnerQueue();
	pipeline = new RunnerPipeline({ queue, env: workshop.env });
	const { url, sha } = await workshop.repository({ file: "1" });
	project = { repository: url, pipeline: "deploy/run.sh", defaultRef: "main" };
	first = sha;
	await workshop.git(url, "tag", "--annotate", "v1.0.0", "--message", "First");
	second = await workshop.commit(url, { file: "2" });
	await workshop.git(url, "tag", "v1.1.0");
	await workshop.git(url, "branch", "both");
	third = await workshop.commit(url, { file: "3" });
	await workshop.git(url, "tag", "both");
	await workshop.git(url, "branch", "release/1.2");
});

afterEach(async () => {
	await workshop.close();
});

describe("a ref", () => {
	test("is a branch, a tag, or an annotated tag, which names its commit", async () => {
		expect(await pipeline.resolveRef(project, "main")).toEqual({ name: "main", kind: "branch", sha: third });
		expect(await pipeline.resolveRef(project, "release/1.2")).toEqual({
			name: "release/1.2",
			kind: "branch",
			sha: third,
		});
		expect(await pipeline.resolveRef(project, "v1.1.0")).toEqual({ name: "v1.1.0", kind: "tag", sha: second });
		expect(await pipeline.resolveRef(project, "v1.0.0")).toEqual({ name: "v1.0.0", kind: "tag", sha: first });
	});

	test("that is a tag and a branch is the tag", async () => {
		expect(await pipeline.resolveRef(project, "both")).toEqual({ name: "both", kind: "tag", sha: third });
	});

	test("follows a tag that was moved", async () => {
		await workshop.git(project.repository, "tag", "--force", "v1.1.0", first);
		expect((await pipeline.resolveRef(project, "v1.1.0"))?.sha).toBe(first);
	});

	test("that nobody has, or that is no name, is null", async () => {
		for (const ref of [
			"nope",
			"1.2",
			"v1.*",
			"refs",
			"HEAD",
			"",
			"-x",
			"--upload-pack=id",
			"a b",
			"v1.0.0^{}",
			"main~1",
		])
			expect(await pipeline.resolveRef(project, ref)).toBeNull();
	});

	test("is a commit by its full SHA, advertised or not, but never another object", async () => {
		const { repository } = project;
		expect(await pipeline.resolveRef(project, third)).toEqual({ name: third, kind: "sha", sha: third });
		const old = await workshop.commit(repository, { file: "4" });
		await workshop.commit(repository, { file: "5" });
		expect(await pipeline.resolveRef(project, old.toUpperCase())).toEqual({ name: old, kind: "sha", sha: old });
		expect(await pipeline.resolveRef(project, "1".repeat(40))).toBeNull();
		expect(await pipeline.resolveRef(project, await workshop.git(repository, "rev-parse", "v1.0.0"))).toBeNull();
		expect(await pipeline.resolveRef(project, await workshop.git(repository, "rev-parse", "HEAD:file"))).toBeNull();
	});

	test("is a shortened SHA only of what branches and tags point at", async () => {
		expect(await pipeline.resolveRef(project, second.slice(0, 9))).toEqual({ name: second, kind: "sha", sha: second });
		const old = await workshop.commit(project.repository, { file: "4" });
		await workshop.commit(project.repository, { file: "5" });
		expect(await pipeline.resolveRef(project, old.slice(0, 9))).toBeNull();
	});
});

describe("a repository that does not answer", () => {
	test.each([
		["/nowhere/at/all", "not_found"],
		["http://127.0.0.1:9/web.git", "unavailable"],
		["ext::sh -c id", "rejected"],
		["--upload-pack=id", "rejected"],
	])("%s is a VendorError of kind %s", async (repository, kind) => {
		const error = await pipeline.resolveRef({ ...project, repository }, "main").catch((thrown) => thrown);
		expect(error).toBeInstanceOf(VendorError);
		expect(error.kind).toBe(kind);
	});
});

describe("the picker", () => {
	test("has the default ref first, high versions before low ones, no branch that a tag hides", async () => {
		const names = (await pipeline.listRefs(project, "")).map((each) => `${each.kind} ${each.name}`);
		expect(names).toEqual(["branch main", "branch release/1.2", "tag v1.1.0", "tag v1.0.0", "tag both"]);
	});

	test("finds by a part of the name, the exact one first", async () => {
		await workshop.git(project.repository, "tag", "v1.1.0-rc1");
		expect((await pipeline.listRefs(project, "V1.1")).map((each) => each.name)).toEqual(["v1.1.0-rc1", "v1.1.0"]);
		expect((await pipeline.listRefs(project, "v1.1.0")).map((each) => each.name)[0]).toBe("v1.1.0");
		expect((await pipeline.listRefs(project, "1.2")).map((each) => each.name)).toEqual(["release/1.2"]);
	});
});

describe("the work", () => {
	const request = (): TriggerRequest => ({
		project,
		ref: { name: "main", kind: "branch", sha: third },
		variables: { JOB_ID: "job-1", ENV: "stage", REF: "main", SHA: third, TYPE: "deploy" },
		timeoutSeconds: 60,
		labels: [],
	});
	const report = { externalId: "job-1", attempt: 1, externalUrl: null, reason: null, jobId: "job-1" };

	test("is offered, found, followed and cancelled by its JOB_ID", async () => {
		expect(await pipeline.report(project, "job-1")).toBeNull();
		expect(await pipeline.trigger(request())).toEqual({ ...report, status: "queued" });
		queue.works.set("job-1", { status: "running", reason: null });
		expect(await pipeline.trigger(request())).toEqual({ ...report, status: "running" });
		expect(await pipeline.find(project, "job-1", new Date())).toEqual({ ...report, status: "running" });
		queue.works.set("job-1", { status: "queued", reason: null });
		await pipeline.cancel(project, "job-1");
		expect(await pipeline.report(project, "job-1")).toEqual({
			...report,
			status: "cancelled",
			reason: "Nobody had taken it.",
		});
		expect(await pipeline.checks(project, third)).toEqual([]);
	});

	test("of a repository that no runner would touch is not offered", async () => {
		const hostile = { ...request(), project: { ...project, repository: "ext::id" } };
		await expect(pipeline.trigger(hostile)).rejects.toMatchObject({ kind: "rejected", mayHaveHappened: false });
		expect(queue.offers).toEqual([]);
	});

	test("may have been offered when the queue broke", async () => {
		queue.offer = () => Promise.reject(new Error("connection lost"));
		await expect(pipeline.trigger(request())).rejects.toMatchObject({ kind: "unavailable", mayHaveHappened: true });
	});
});
