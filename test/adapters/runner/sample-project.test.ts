import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { RunnerPipeline } from "../../../adapters/runner/pipeline.ts";
import { createSampleRepository } from "../../../adapters/runner/sample-project.ts";
import { FakeRunnerServer, type FakeWork } from "../../fakes/runner-server.ts";
import { startRunner, Workshop } from "./workshop.ts";

let workshop: Workshop;
let server: FakeRunnerServer;
let url: string;

beforeAll(async () => {
	workshop = await Workshop.open();
	server = await FakeRunnerServer.start();
	({ url } = await createSampleRepository(join(workshop.folder, "samples"), workshop.env));
});

afterAll(async () => {
	await server.close();
	await workshop.close();
});

let site: string;
let environment: string;
let count = 0;

beforeEach(() => {
	environment = `stage${count++}`;
	site = join(workshop.home, "sites/shop", environment);
});

async function run(type: string, ref: string): Promise<FakeWork> {
	const sha = await workshop.git(url, "rev-parse", `${ref}^0`);
	const jobId = crypto.randomUUID();
	const variables = { JOB_ID: jobId, ENV: environment, REF: ref, SHA: sha, TYPE: type };
	const entry = server.offer({ repository: url, sha, jobId, variables });
	await startRunner(server, workshop).ended;
	return entry;
}

const releases = async () => (await readdir(join(site, "releases"))).map(Number).sort((a, b) => a - b);

describe("the sample repository", () => {
	test("has branches, and tags of both kinds, and is the same everywhere", async () => {
		const env = { ...workshop.env, HOME: "/nowhere", GIT_DIR: "/nowhere", GIT_AUTHOR_NAME: "Somebody" };
		const other = await createSampleRepository(join(workshop.folder, "other"), env);
		const refs = await workshop.git(url, "for-each-ref");
		expect(await workshop.git(other.url, "for-each-ref")).toBe(refs);
		expect(await workshop.git(url, "fsck", "--strict")).toBe("");
		const project = { repository: url, pipeline: "deploy/run.sh", defaultRef: "main" };
		const queue = { offer: neverAsked, state: neverAsked, requestCancel: neverAsked };
		const listed = await new RunnerPipeline({ queue, env: workshop.env }).listRefs(project, "");
		expect(listed.map((each) => each.name)).toEqual(["main", "release/1.2", "v1.3.0", "v1.2.0", "v1.1.0", "v1.0.0"]);
		expect(await workshop.git(url, "cat-file", "-t", "v1.0.0")).toBe("tag");
		expect(await workshop.git(url, "cat-file", "-t", "v1.1.0")).toBe("commit");
	});

	test("two of its commits can be compared: counts, authors, first lines", async () => {
		const project = { repository: url, pipeline: "deploy/run.sh", defaultRef: "main" };
		const queue = { offer: neverAsked, state: neverAsked, requestCancel: neverAsked };
		const pipeline = new RunnerPipeline({ queue, env: workshop.env });
		const [old, tip, side] = await Promise.all(
			["v1.1.0", "v1.3.0", "release/1.2"].map((ref) => workshop.git(url, "rev-parse", `${ref}^{commit}`)),
		);
		const author = { name: "Sample Author", email: "author@shop.example", login: null };
		const compared = await pipeline.compare(project, old ?? "", tip ?? "");
		expect(compared).toMatchObject({ ahead: 2, behind: 0, more: false });
		expect(compared?.commits.map(({ title }) => title)).toEqual(["Tidy up the page", "Show prices"]);
		expect(compared?.commits[0]).toEqual({ sha: tip, title: "Tidy up the page", author });
		expect(await pipeline.compare(project, side ?? "", tip ?? "")).toMatchObject({ ahead: 1, behind: 1 });
		expect(await pipeline.compare(project, "0".repeat(40), tip ?? "")).toBeNull();
	});

	test("is made once, also by several at the same time", async () => {
		const folder = join(workshop.folder, "crowd");
		const made = await Promise.all([1, 2, 3].map(() => createSampleRepository(folder, workshop.env)));
		expect(new Set(made.map((each) => each.url)).size).toBe(1);
		expect(await readdir(folder)).toEqual(["shop.git"]);
		await writeFile(join(folder, "shop.git/kept"), "");
		await createSampleRepository(folder, workshop.env);
		expect(await readdir(join(folder, "shop.git"))).toContain("kept");
	});
});

async function neverAsked(): Promise<never> {
	throw new Error("Nobody asks the queue here.");
}

describe("the entrypoint", () => {
	test("deploys, and rolls back to the release that is kept", async () => {
		const first = await run("deploy", "v1.0.0");
		expect(first.finish).toEqual({ lease: 1, outcome: "succeeded", reason: null });
		expect(await readlink(join(site, "current"))).toBe("releases/1");
		expect(await readFile(join(site, "current/REVISION"), "utf8")).toBe(
			`SHA=${first.work.sha}\nREF=v1.0.0\nJOB_ID=${first.work.jobId}\n`,
		);
		await writeFile(join(site, "current/shared/upload"), "kept");
		expect((await run("deploy", "v1.1.0")).finish?.outcome).toBe("succeeded");
		expect(await readlink(join(site, "current"))).toBe("releases/2");
		expect(await readFile(join(site, "current/public/index.html"), "utf8")).toContain("Coffee");
		expect(await readFile(join(site, "current/shared/upload"), "utf8")).toBe("kept");

		const back = await run("rollback", "v1.0.0");
		expect(back.lines).toContain("current: releases/2 -> releases/1");
		expect(await readlink(join(site, "current"))).toBe("releases/1");
		expect(await releases()).toEqual([1, 2]);
		expect((await readdir(site)).sort()).toEqual(["current", "releases", "shared"]);
	});

	test("rolls back to a release that is not kept by making it anew", async () => {
		await run("deploy", "v1.1.0");
		const back = await run("rollback", "v1.0.0");
		expect(back.lines).toContain("No release of it is kept: releasing it anew.");
		expect(await readlink(join(site, "current"))).toBe("releases/2");
		expect(await readFile(join(site, "current/REVISION"), "utf8")).toContain("REF=v1.0.0");
	});

	test("leaves the live release alone when the new one is broken", async () => {
		await run("deploy", "v1.2.0");
		const broken = await run("deploy", "v1.3.0");
		expect(broken.finish?.outcome).toBe("failed");
		expect(broken.finish?.reason).toBe(
			"deploy/run.sh ended with exit code 1. Its last line: The health check of v1.3.0 failed: current stays at releases/1.",
		);
		expect(await readlink(join(site, "current"))).toBe("releases/1");
		expect(await readdir(join(site, "releases"))).toEqual(["1"]);
	});

	test("dry-run says what would be done and does nothing", async () => {
		const before = await run("dry-run", "v1.2.0");
		expect(before.finish?.outcome).toBe("succeeded");
		expect(before.lines).toContain("Would move current: nothing -> releases/1");
		await expect(readdir(site)).rejects.toThrow("ENOENT");
		await run("deploy", "v1.0.0");
		const after = await run("dry-run", "v1.2.0");
		expect(after.lines).toContain("Would move current: releases/1 -> releases/2");
		expect(await releases()).toEqual([1]);
	});

	test("keeps five releases and the live one", async () => {
		for (const number of ["1", "2", "3", "9", "10"]) await mkdir(join(site, "releases", number), { recursive: true });
		await symlink("releases/1", join(site, "current"));
		expect((await run("dry-run", "main")).lines).toContain("Would move current: releases/1 -> releases/11");
		expect((await run("deploy", "main")).lines).toContain("Removed releases/1.");
		expect(await releases()).toEqual([2, 3, 9, 10, 11]);
		await rm(join(site, "current"));
		await symlink("releases/2", join(site, "current"));
		expect((await run("rollback", "v1.3.0")).finish?.outcome).toBe("failed");
		expect(await readlink(join(site, "current"))).toBe("releases/2");
	});

	test("refuses an environment that is no name of a folder, and a type that it does not know", async () => {
		expect((await run("destroy", "main")).finish?.reason).toContain(
			'TYPE "destroy" is none of deploy, rollback, dry-run.',
		);
		environment = "../../elsewhere";
		expect((await run("deploy", "main")).finish?.reason).toContain("cannot be the name of a folder");
	});
});
