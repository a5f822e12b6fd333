import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { GitHubAuth } from "../../../adapters/github/client.ts";
import { examineGitHub } from "../../../adapters/github/examine.ts";
import { workflowProblems } from "../../../adapters/github/workflow-problems.ts";
import type { Finding } from "../../../src/ports/checkup.ts";
import { Setting } from "./setting.ts";

const READY = await readFile("manifests/pipelines/github/deploy.yml", "utf8");

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
	at.repository.workflow("deploy.yml", { content: READY });
	at.repository.hooks = [
		{ active: true, events: ["workflow_run"], config: { url: "https://draven.test/webhooks/github/acme" } },
	];
});
afterEach(() => at.close());

async function examine(auth: GitHubAuth = { token: at.github.token }): Promise<Finding[]> {
	const projects = [{ slug: "web", repository: "acme/web", pipeline: "deploy.yml", defaultRef: "main" }];
	return examineGitHub({ baseUrl: at.github.url, auth, projects });
}

/** What is not ok, as a person reads it. */
async function complaints(auth?: GitHubAuth): Promise<string[]> {
	return (await examine(auth))
		.filter(({ state }) => state !== "ok")
		.map(({ check, state, found, mend }) => `${state}: ${check}: ${found}. ${mend}`);
}

describe("a check-up of GitHub", () => {
	test("finds nothing when everything is there, for a token and for an App, and changes nothing", async () => {
		at.github.scopes = "repo, workflow";
		expect(await complaints()).toEqual([]);
		expect(await complaints({ app: at.github.app })).toEqual([]);
		expect((await examine()).map(({ check }) => check)).toEqual([
			expect.stringMatching(/^GitHub at 127\.0\.0\.1:\d+: clock$/),
			expect.stringMatching(/: token$/),
			"Project web: repository acme/web",
			"Project web: workflow deploy.yml",
			"Project web: checks",
			"Project web: webhook",
		]);
		expect(at.github.requests.filter(({ method, path }) => method !== "GET" && !path.startsWith("/app/"))).toEqual([]);
	});

	test("says what is wrong with the credentials, and stops there", async () => {
		expect(await complaints({ token: "ghp_wrong" })).toEqual([expect.stringMatching(/^wrong: .*credentials.*\(401\)/)]);
		const app = { ...at.github.app, privateKey: "none" };
		expect(await complaints({ app })).toEqual([expect.stringMatching(/^wrong: .*whole PEM file/)]);
	});

	test("gets on without a rate limit, which an Enterprise Server may not have, but not with another page", async () => {
		at.github.fault(/rate_limit/, { status: 404, body: { message: "Rate limiting is not enabled." } });
		expect(await complaints()).toEqual([]);
		at.github.fault(/rate_limit/, { status: 404, body: "<html>Nothing here</html>" });
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: .*ends in \/api\/v3/)]);
	});

	test("says when a classic token lacks its scope", async () => {
		at.github.scopes = "read:user";
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: .*: token: .*no scope repo \(read:user\)/)]);
		at.github.scopes = "public_repo";
		expect(await complaints()).toEqual([expect.stringMatching(/^warning: .*public repositories alone/)]);
	});

	test("says what an App was not granted, does not hear, or may no longer", async () => {
		const { installation, app } = at.github;
		installation.permissions["actions"] = "read";
		delete installation.permissions["checks"];
		expect(await complaints({ app })).toEqual([
			expect.stringMatching(/^wrong: .*: App: its installation lacks Actions \(write\), Checks \(read\)/),
		]);
		Object.assign(installation.permissions, { actions: "write", checks: "write" });
		installation.events = [];
		expect(await complaints({ app })).toEqual([expect.stringMatching(/^warning: .*does not subscribe/)]);
		installation.suspended_at = "2026-01-01T00:00:00Z";
		expect(await complaints({ app })).toEqual([expect.stringMatching(/^wrong: .*suspended/)]);
	});

	test("says when the clocks differ", async () => {
		at.github.ahead = 120_000;
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: .*: clock: .* 1(19|20|21) s behind.*NTP/)]);
	});

	test("says when the repository is not there, is called otherwise, is archived, or may only be read", async () => {
		const projects = [{ slug: "web", repository: "acme/none", pipeline: "deploy.yml", defaultRef: "main" }];
		const options = { baseUrl: at.github.url, auth: { token: at.github.token } };
		expect((await examineGitHub({ ...options, projects })).at(-1)).toMatchObject({
			state: "wrong",
			found: expect.stringContaining("acme/none"),
		});
		at.repository.formerNames.push("acme/none");
		const renamed = await examineGitHub({ ...options, projects });
		expect(renamed.find(({ state }) => state === "wrong")).toMatchObject({
			found: expect.stringContaining("called acme/web by now"),
		});
		at.repository.mayPush = false;
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: .*may only read it/)]);
		at.repository.archived = true;
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: .*archived/)]);
	});

	test("says when the workflow is not there, or does not follow the contract", async () => {
		at.repository.workflow("deploy.yml", { content: "on: push\njobs: {}\n" });
		expect(await complaints()).toEqual([
			expect.stringMatching(/^wrong: .*no workflow_dispatch trigger; its run-name.*manifests\/pipelines\/github/),
		]);
		at.repository.workflows.clear();
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: .*workflow deploy\.yml: .*\(404\)/)]);
	});

	test("says which permission is missing where it is used", async () => {
		const message = "Resource not accessible by personal access token";
		at.github.fault(/check-runs/, { status: 403, body: { message } });
		at.github.fault(/deploy\.yml\/runs/, { status: 403, body: { message } });
		expect(await complaints()).toEqual([
			expect.stringMatching(/^wrong: Project web: checks: .*lack Checks \(read\), Actions \(read and write\)/),
		]);
	});

	test("warns when no webhook points here, sends what we need, or may be seen", async () => {
		at.repository.hooks = [{ active: true, events: ["*"], config: { url: "https://ci.test/hook" } }];
		expect(await complaints()).toEqual([expect.stringMatching(/^warning: Project web: webhook: there is none/)]);
		const config = { url: "https://draven.test/webhooks/github/acme" };
		at.repository.hooks = [
			{ active: false, events: ["workflow_run"], config },
			{ active: true, events: ["push"], config },
		];
		expect(await complaints()).toEqual([expect.stringMatching(/^warning: .*off or sends no/)]);
		at.repository.hooks = null;
		expect(await complaints()).toEqual([expect.stringMatching(/^warning: .*may not see/)]);
	});
});

describe("a workflow file", () => {
	const all = "JOB_ID: {}\n      ENV: {}\n      REF: {}\n      SHA: {}\n      TYPE: {}";
	const named = `run-name: x ${"$"}{{ github.event.inputs.JOB_ID }}\n`;

	test("that is ours has no problems", () => {
		expect(workflowProblems(READY)).toEqual([]);
		expect(workflowProblems(`${named}on:\n  workflow_dispatch:\n    inputs:\n      ${all}\n`)).toEqual([]);
	});

	test.each([
		["", /no workflow that can be read/],
		["{", /no workflow that can be read/],
		["- a\n- b", /no workflow that can be read/],
		[`${named}on: workflow_dispatch`, /does not declare the inputs JOB_ID, ENV, REF, SHA, TYPE$/],
		[`${named}on: [push, workflow_dispatch]`, /does not declare/],
		[`${named}on:\n  workflow_dispatch:\n`, /does not declare/],
		[`${named}on:\n  push:\n`, /no workflow_dispatch trigger/],
		[`on:\n  workflow_dispatch:\n    inputs:\n      ${all}\n`, /its run-name does not carry inputs\.JOB_ID/],
		[`run-name: JOB_ID\non:\n  workflow_dispatch:\n    inputs:\n      ${all}\n`, /its run-name/],
	])("that is not tells why (%j)", (source, why) => {
		expect(workflowProblems(source).join("; ")).toMatch(why);
	});
});
