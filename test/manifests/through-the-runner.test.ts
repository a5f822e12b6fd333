import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startRunner, Workshop } from "../adapters/runner/workshop.ts";
import { FakeRunnerServer } from "../fakes/runner-server.ts";

const FOLDER = "manifests/pipelines";

let server: FakeRunnerServer;
let workshop: Workshop;
beforeEach(async () => {
	server = await FakeRunnerServer.start();
	workshop = await Workshop.open();
});
afterEach(async () => {
	await server.close();
	await workshop.close();
});

/** Lets the real runner do one piece of work, with the variables that DRAVEN gives. */
async function work(repository: string, sha: string, more: Record<string, string>) {
	const variables = { JOB_ID: "0b8f7a5e-0000-4000-8000-000000000000", ENV: "stage", REF: "main", SHA: sha, ...more };
	const entry = server.offer({ repository, sha, variables });
	await startRunner(server, workshop).ended;
	return { outcome: entry.finish?.outcome, lines: entry.lines };
}

describe("the shipped entrypoints, through the runner", () => {
	test("deploy/run.sh releases, goes back to a kept release, and plans", async () => {
		const script = await readFile(join(FOLDER, "deploy/run.sh"), "utf8");
		const { url, sha: first } = await workshop.repository({ "deploy/run.sh": script, page: "one" });
		const second = await workshop.commit(url, { page: "two" });
		const site = join(workshop.home, "sites/shop/stage");
		const live = async () => [
			await readlink(join(site, "current")),
			await readFile(join(site, "current/page"), "utf8"),
		];

		expect(await work(url, first, { TYPE: "deploy" })).toMatchObject({ outcome: "succeeded" });
		expect(await live()).toEqual(["releases/1", "one"]);
		expect(await work(url, second, { TYPE: "deploy" })).toMatchObject({ outcome: "succeeded" });
		expect(await live()).toEqual(["releases/2", "two"]);
		const planned = await work(url, first, { TYPE: "dry-run" });
		expect(planned.lines).toContain("Would move current: releases/2 -> releases/3");
		expect(await live()).toEqual(["releases/2", "two"]);
		const back = await work(url, first, { TYPE: "rollback" });
		expect(back.lines).toContain("current: releases/2 -> releases/1");
		expect(await live()).toEqual(["releases/1", "one"]);
	}, 30_000);

	test("the Deployer entrypoint calls Deployer with the commit, and fails when it does", async () => {
		const { url, sha } = await workshop.repository({
			"deploy/run.sh": await readFile(join(FOLDER, "deployer/deploy/run.sh"), "utf8"),
			// Stands for Deployer: says how it is called, and fails a rollback.
			"vendor/bin/dep": '#!/bin/sh\necho "dep $*"\n[ "$1" != rollback ]\n',
		});
		const deployed = await work(url, sha, { TYPE: "deploy" });
		expect(deployed).toMatchObject({ outcome: "succeeded" });
		expect(deployed.lines).toContain(`dep deploy env=stage --no-interaction --revision=${sha}`);
		expect(await work(url, sha, { TYPE: "rollback" })).toMatchObject({ outcome: "failed" });
	}, 30_000);
});
