import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitHubCheckup } from "../../../adapters/github/checkup.ts";
import type { GitHubAuth } from "../../../adapters/github/client.ts";
import { workflowProblems } from "../../../adapters/github/workflow-problems.ts";
import type { ExaminedProject, Finding } from "../../../src/ports/checkup.ts";
import { errorOf, Setting } from "./setting.ts";

const READY = await readFile("manifests/pipelines/github/deploy.yml", "utf8");

const WANTED = { url: "https://draven.test/webhooks/github/acme", secret: "the integration's" };
const OURS = { id: 1, active: true, events: ["workflow_run"], config: { url: WANTED.url, secret: "s" } };
const WEB = { slug: "web", repository: "acme/web", pipeline: "deploy.yml", defaultRef: "main" };

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
	at.repository.workflow("deploy.yml", { content: READY });
	at.repository.hooks = [OURS];
	Object.assign(at.github.appHook, { url: WANTED.url, secret: "s" });
});
afterEach(() => at.close());

async function examineProject(
	project: ExaminedProject,
	auth: GitHubAuth = { token: at.github.token },
): Promise<readonly Finding[]> {
	return new GitHubCheckup({ baseUrl: at.github.url, auth }).examine([project], WANTED);
}

async function examine(auth: GitHubAuth = { token: at.github.token }): Promise<readonly Finding[]> {
	return examineProject(WEB, auth);
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
		const project = { ...WEB, repository: "acme/none" };
		expect((await examineProject(project)).at(-1)).toMatchObject({
			state: "wrong",
			found: expect.stringContaining("acme/none"),
		});
		at.repository.formerNames.push("acme/none");
		const renamed = await examineProject(project);
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

	test("warns when no webhook points here, or none may be seen", async () => {
		at.repository.hooks = [{ ...OURS, events: ["*"], config: { url: "https://ci.test/hook" } }];
		expect(await complaints()).toEqual([
			expect.stringMatching(/^warning: Project web: webhook: there is none that points at .*\/acme\..*check --fix/),
		]);
		at.repository.hooks = [{ ...OURS, config: { url: "https://old.test/webhooks/github/acme" } }];
		expect(await complaints()).toEqual([
			expect.stringMatching(
				/^warning: .*one that points at https:\/\/old\.test.*PUBLIC_URL says https:\/\/draven\.test/,
			),
		]);
		at.repository.hooks = null;
		expect(await complaints()).toEqual([expect.stringMatching(/^warning: .*may not see/)]);
	});

	test.each([
		[{ active: false }, /it is off/],
		[{ events: ["push"] }, /sends no Workflow runs/],
		[{ config: { url: WANTED.url } }, /not signed/],
		[{ last_response: { code: 401 } }, /secret is another one/],
	])("says what is wrong with the webhook that is there (%j)", async (change, why) => {
		at.repository.hooks = [{ ...OURS, ...change }];
		expect(await complaints()).toEqual([expect.stringMatching(/^wrong: Project web: webhook: there is one at/)]);
		expect((await complaints())[0]).toMatch(why);
		at.repository.hooks.push({ ...OURS, id: 2 });
		expect(await complaints()).toEqual([]);
	});

	test("of an App looks at the App's own webhook first, and at the repository's when that leads elsewhere", async () => {
		const auth = { app: at.github.app };
		delete at.github.appHook.secret;
		expect(await complaints(auth)).toEqual([expect.stringMatching(/^wrong: .*webhook of the App: .*has no secret/)]);
		at.github.appHook.url = "https://other.test";
		expect(await complaints(auth)).toEqual([]);
		at.repository.hooks = [];
		expect(await complaints(auth)).toEqual([expect.stringMatching(/^warning: Project web: webhook: there is none/)]);
	});
});

describe("a webhook that is asked for", () => {
	const ensure = (auth: GitHubAuth = { token: at.github.token }) =>
		new GitHubCheckup({ baseUrl: at.github.url, auth }).ensureWebhook(WEB, WANTED);
	const wanted = {
		active: true,
		events: ["workflow_run", "workflow_job", "deployment_status", "deployment_review"],
		config: { url: WANTED.url, content_type: "json", insecure_ssl: "0", secret: WANTED.secret },
	};

	test("is created once, signed, and sends runs; those of others are left alone", async () => {
		const other = { ...OURS, config: { url: "https://ci.test/hook" } };
		at.repository.hooks = [other];
		expect([await ensure(), await ensure()]).toEqual(["created", "present"]);
		expect(at.repository.hooks).toEqual([other, { id: expect.any(Number), ...wanted }]);
		expect(await complaints()).toEqual([]);
	});

	test.each([
		{ active: false },
		{ events: ["push"] },
		{ config: { url: `${WANTED.url}/` } },
		{ last_response: { code: 401 } },
		{ config: { url: WANTED.url, secret: "********", insecure_ssl: "1" } },
		{ config: { url: WANTED.url, secret: "********", insecure_ssl: 1 } },
	])("is mended when it is there and not right, and keeps what else it sends (%j)", async (change) => {
		at.repository.hooks = [{ ...OURS, ...change }];
		expect([await ensure(), await ensure()]).toEqual(["mended", "present"]);
		const events = new Set([...(change.events ?? OURS.events), ...wanted.events]);
		expect(at.repository.hooks).toMatchObject([{ ...wanted, events: [...events] }]);
	});

	test("that somebody else has just created is there", async () => {
		at.repository.hooks = [];
		at.github.fault(/POST .*\/hooks$/, {
			status: 422,
			body: { message: "Validation Failed", errors: [{ message: "Hook already exists on this repository" }] },
		});
		expect(await ensure()).toBe("present");
	});

	test("is not created when the credentials may not, and the sentence says what they lack", async () => {
		for (const hooks of [null, []]) {
			at.repository.hooks = hooks;
			at.repository.mayWriteHooks = false;
			const error = await errorOf(ensure());
			expect(error).toMatchObject({ kind: "unauthorized" });
			expect(error.message).toMatch(/webhooks of acme\/web.*admin:repo_hook.*Webhooks \(read and write\)/);
		}
	});

	test("is the App's own where that leads here, and is signed there", async () => {
		const auth = { app: at.github.app };
		expect(await ensure(auth)).toBe("present");
		delete at.github.appHook.secret;
		expect([await ensure(auth), at.github.appHook.secret]).toEqual(["mended", WANTED.secret]);
		at.github.appHook.url = "https://other.test";
		at.repository.hooks = [];
		expect([await ensure(auth), at.repository.hooks.length]).toEqual(["created", 1]);
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
