import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitLabCheckup } from "../../../adapters/gitlab/checkup.ts";
import type { ExaminedProject } from "../../../src/ports/checkup.ts";
import type { FakeProject } from "../../fakes/gitlab/project.ts";
import { FakeGitLab } from "../../fakes/gitlab.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { errorOf } from "../contract/contract-setting.ts";

const WEB: ExaminedProject = { slug: "web", repository: "acme/web", pipeline: "", defaultRef: "main" };
const PLAIN = { url: "https://draven.test/webhooks/gitlab/acme", secret: "the webhook's own secret" };
const SIGNED = { ...PLAIN, secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}` };

let gitlab: FakeGitLab;
let shop: FakeProject;
beforeEach(async () => {
	gitlab = await FakeGitLab.open();
	shop = gitlab.project("acme/web");
	shop.branch("main", shaOf("one"));
	shop.files.set(".gitlab-ci.yml", await readFile("manifests/pipelines/gitlab/.gitlab-ci.yml", "utf8"));
});
afterEach(() => gitlab.close());

const checkup = (more: { token?: string; mode?: "variables" | "inputs" } = {}) =>
	new GitLabCheckup({ baseUrl: gitlab.url, token: gitlab.token, mode: "variables", ...more });
/** What is not ok, by the last words of what was looked at. */
async function troubles(more: Parameters<typeof checkup>[0] = {}, project = WEB): Promise<Record<string, string>> {
	const found = (await checkup(more).examine([project], PLAIN)).filter(({ state }) => state !== "ok");
	for (const { mend } of found) expect(mend).toMatch(/\.$/);
	return Object.fromEntries(
		found.map(({ check, state, found: what }) => [check.replace(/^.*: /, ""), `${state}: ${what}`]),
	);
}

describe("a check-up", () => {
	test("of everything as it should be finds nothing to mend, and changes nothing", async () => {
		await checkup().ensureWebhook(WEB, PLAIN);
		const before = gitlab.requests.length;
		const findings = await checkup().examine([WEB], PLAIN);
		expect(findings.map(({ state }) => state)).toEqual(Array(6).fill("ok"));
		expect(gitlab.requests.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
		expect(JSON.stringify(findings)).not.toContain(gitlab.token);
	});

	test("says what is wrong with the token, and stops there", async () => {
		expect(await troubles({ token: "glpat-guessed" })).toEqual({ token: expect.stringMatching(/^wrong: .*\(401\)/) });
		gitlab.scopes = ["read_api"];
		expect(await troubles()).toMatchObject({ token: "wrong: it is accepted, and has no scope api (read_api)" });
		gitlab.scopes = ["api"];
		gitlab.expires = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
		expect((await troubles())["token"]).toMatch(/^warning: it ends on \d{4}-/);
	});

	test("says when the clocks differ: signed hooks would be refused", async () => {
		gitlab.ahead = 120_000;
		expect((await troubles())["clock"]).toMatch(/^wrong: this machine is 1(19|20|21) s behind/);
	});

	test("says when the project is not there, is called otherwise, is archived, or may not be worked with", async () => {
		const gone = { ...WEB, repository: "acme/none" };
		expect(await troubles({}, gone)).toEqual({ "project acme/none": expect.stringMatching(/^wrong: .*\(404\)/) });
		shop.formerPaths.push("acme/none");
		expect((await troubles({}, gone))["project acme/none"]).toMatch(/called acme\/web by now/);
		shop.accessLevel = 20;
		expect(await troubles()).toMatchObject({
			"project acme/web": expect.stringContaining("role may not start pipelines"),
			webhook: "warning: the token may not see whether there is one",
		});
		shop.archived = true;
		expect((await troubles())["project acme/web"]).toContain("archived");
	});

	test("says when the project forbids variables, unless values go as inputs", async () => {
		shop.variablesRole = "no_one_allowed";
		expect((await troubles())["mode"]).toMatch(/^wrong: .*ci_pipeline_variables_minimum_override_role/);
		shop.files.set(".gitlab-ci.yml", await readFile("manifests/pipelines/gitlab/.gitlab-ci-inputs.yml", "utf8"));
		expect(await troubles({ mode: "inputs" })).toEqual({ webhook: expect.stringMatching(/^warning: there is none/) });
		gitlab.version = "17.11.0";
		expect((await troubles({ mode: "inputs" }))["inputs"]).toMatch(/^wrong: This GitLab is 17\.11/);
	});

	test("says when the pipeline file is not there, or does not take what is sent", async () => {
		expect((await troubles({ mode: "inputs" }))["pipeline file"]).toMatch(/^wrong: .*spec does not declare the inputs/);
		shop.files.clear();
		expect((await troubles())["pipeline file"]).toBe("wrong: there is no .gitlab-ci.yml at main");
	});
});

describe("a webhook", () => {
	test("is created once, with a plain token or a signing token", async () => {
		expect(await checkup().ensureWebhook(WEB, PLAIN)).toBe("created");
		expect(await checkup().ensureWebhook(WEB, PLAIN)).toBe("present");
		expect(shop.hooks).toMatchObject([
			{
				...{ url: PLAIN.url, token: PLAIN.secret, pipeline_events: true, job_events: true, deployment_events: true },
				...{ push_events: false, enable_ssl_verification: true },
			},
		]);
		expect(shop.hooks[0]).not.toHaveProperty("signing_token");
		shop.hooks.length = 0;
		await checkup().ensureWebhook(WEB, SIGNED);
		expect(shop.hooks[0]).toMatchObject({ signing_token: SIGNED.secret });
		expect(shop.hooks[0]).not.toHaveProperty("token");
	});

	test("that sends too little, or has another kind of secret, is mended, and others are left alone", async () => {
		shop.hooks.push(
			{ id: 1, url: "https://ci.test/hook", pipeline_events: true },
			{ id: 2, url: `${PLAIN.url}/`, pipeline_events: false, push_events: true, token: "x" },
		);
		expect((await troubles())["webhook"]).toMatch(/^wrong: there is one .* it sends no Pipeline events/);
		expect(await checkup().ensureWebhook(WEB, PLAIN)).toBe("mended");
		expect(shop.hooks[1]).toMatchObject({ pipeline_events: true, job_events: true, push_events: true });
		expect(shop.hooks[0]).toEqual({ id: 1, url: "https://ci.test/hook", pipeline_events: true });
		expect(await checkup().ensureWebhook(WEB, SIGNED)).toBe("mended");
		expect(shop.hooks[1]).toMatchObject({ signing_token: SIGNED.secret });
	});

	test("that GitLab has switched off is told: only a test from its page switches it on", async () => {
		await checkup().ensureWebhook(WEB, PLAIN);
		Object.assign(shop.hooks[0] ?? {}, { alert_status: "disabled" });
		expect((await troubles())["webhook"]).toMatch(/^wrong: GitLab has switched it off/);
		expect((await errorOf(checkup().ensureWebhook(WEB, PLAIN))).message).toContain("send a test");
	});

	test("needs a role, which is said", async () => {
		shop.accessLevel = 30;
		expect(await errorOf(checkup().ensureWebhook(WEB, PLAIN))).toMatchObject({
			kind: "unauthorized",
			message: expect.stringContaining("role Maintainer"),
		});
	});

	test("at another address than PUBLIC_URL's is told", async () => {
		shop.hooks.push({ id: 1, url: "https://old.test/webhooks/gitlab/acme", pipeline_events: true });
		expect((await troubles())["webhook"]).toContain("points at https://old.test/webhooks/gitlab/acme");
	});
});
