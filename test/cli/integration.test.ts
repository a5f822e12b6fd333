import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { workflowProblems } from "../../adapters/github/workflow-problems.ts";
import type { FakeRepository } from "../fakes/github/state.ts";
import { FakeGitHub } from "../fakes/github.ts";
import { shaOf } from "../fakes/sha-of.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven } from "../support/draven.ts";

let github: FakeGitHub;
let shop: FakeRepository;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let variables: Record<string, string>;

const document = (more = "") => `version: 1
integrations:
  - { slug: acme-github, provider: github, baseUrl: "${github.url}", token: "\${GITHUB_TOKEN}"${more} }
  - { slug: own, provider: runner }
policies:
  - { slug: open, extends: stage, rules: { parameters: { migrate: { type: boolean, default: false }, region: { type: choice, options: [eu, us] } } } }
projects:
  - slug: shop
    name: Shop
    integration: acme-github
    repository: acme/shop
    pipeline: release.yml
    defaultRef: main
    environments: [{ slug: stage, policy: open }]
`;
const SIGNED = ", webhookSecret: a-secret-of-the-hook";

beforeEach(async () => {
	github = await FakeGitHub.open();
	github.scopes = "repo, admin:repo_hook";
	shop = github.repository("acme/shop");
	shop.branch("main", shaOf("main"));
	shop.workflow("release.yml", { content: await readFile("manifests/pipelines/github/deploy.yml", "utf8") });
	shop.hooks = [];
	database = await createTestDatabase();
	variables = {
		DATABASE_URL: database.url,
		DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"),
		GITHUB_TOKEN: github.token,
	};
});
afterEach(async () => {
	await github.close();
	await database.drop();
});

async function configure(more = SIGNED): Promise<void> {
	const applied = await draven(["apply", "-f", "-"], variables, document(more));
	expect(applied).toMatchObject({ code: 0, stderr: "" });
}
const check = (...args: string[]) => draven(["integration", "check", ...args], variables);

describe("draven integration check", () => {
	test("looks at one integration, creates its webhook with --fix, once, and then finds nothing to mend", async () => {
		await configure();
		const behind = { ...variables, PUBLIC_URL: "https://deploys.test/draven" };
		expect((await draven(["integration", "check", "acme-github"], behind)).stdout).toContain(
			"there is none that points at https://deploys.test/draven/webhooks/github/acme-github",
		);
		const before = await check("acme-github");
		expect(before).toMatchObject({ code: 0, stdout: expect.stringContaining("warning  Project shop: webhook") });
		expect(shop.hooks).toEqual([]);
		const fixed = await check("acme-github", "--fix", "--json");
		expect(fixed.code).toBe(0);
		const { ok, findings } = JSON.parse(fixed.stdout);
		expect(ok).toBe(true);
		expect(findings).toContainEqual({
			...{ check: "Project shop: fix of the webhook", state: "ok", mend: null },
			found: "it was not there and was created",
		});
		expect(shop.hooks).toMatchObject([
			{
				active: true,
				events: expect.arrayContaining(["workflow_run", "workflow_job", "deployment_status", "deployment_review"]),
				config: {
					...{ url: "http://127.0.0.1:3000/webhooks/github/acme-github", content_type: "json" },
					secret: "a-secret-of-the-hook",
				},
			},
		]);
		const again = await check("acme-github", "--fix");
		expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("it was there already") });
		expect(again.stdout).toContain("ok       Project shop: webhook: there is one for Workflow runs, and it is signed");
		expect(shop.hooks).toHaveLength(1);
		expect(before.stdout + fixed.stdout + again.stdout).not.toMatch(/a-secret-of-the-hook|ghp_/);
	}, 120_000);

	test("ends with 1 and a sentence when the token may not, when there is nothing to sign with, or it is not accepted", async () => {
		await configure();
		shop.hooks = null;
		const refused = await check("acme-github", "--fix");
		expect(refused).toMatchObject({
			code: 1,
			stdout: expect.stringMatching(/WRONG .*fix of the webhook.*admin:repo_hook/),
		});
		await configure("");
		const unsigned = await check("acme-github", "--fix");
		expect(unsigned).toMatchObject({
			code: 1,
			stdout: expect.stringMatching(/WRONG .*acme-github: fix.*no webhookSecret/),
		});
		variables["GITHUB_TOKEN"] = "ghp_revoked";
		await configure(SIGNED);
		const revoked = await check("acme-github");
		expect(revoked).toMatchObject({ code: 1, stdout: expect.stringMatching(/WRONG .*credentials.*\(401\)/) });
	}, 120_000);

	test("ends with 1 and says what there is when the slug is not known, and with 2 without one", async () => {
		await configure();
		expect(await check("acme")).toMatchObject({ code: 1, stderr: expect.stringContaining("acme-github, own") });
		expect((await check()).code).toBe(2);
		expect(await check("own", "--json")).toMatchObject({ code: 1, stdout: expect.stringContaining("no runner") });
	}, 120_000);
});

describe("draven integration init", () => {
	const init = (...args: string[]) => draven(["integration", "init", ...args], variables);

	test("prints the workflow of one project: its file, its name, and its policies' parameters as inputs", async () => {
		await configure();
		const printed = await init("github", "--project", "shop");
		expect(printed).toMatchObject({
			code: 0,
			stderr: expect.stringContaining("This is .github/workflows/release.yml"),
		});
		const workflow = parse(printed.stdout);
		expect(workflow.name).toBe("Deploy shop");
		const names = ["JOB_ID", "ENV", "REF", "SHA", "TYPE", "migrate", "region"];
		const { inputs } = workflow.on.workflow_dispatch;
		expect(Object.keys(inputs)).toEqual(names);
		expect(inputs.region).toEqual({
			description: "The parameter region of the environment's policy",
			...{ type: "string", required: false },
		});
		const [, step] = workflow.jobs.deploy.steps;
		expect(step.env).toEqual(Object.fromEntries(names.map((name) => [name, `\${{ inputs.${name} }}`])));
		expect(workflowProblems(printed.stdout)).toEqual([]);
		const json = JSON.parse((await init("github", "--project", "shop", "--json")).stdout);
		expect(json).toEqual({ path: ".github/workflows/release.yml", content: printed.stdout });
	}, 120_000);

	test("prints the plain file without a project, and needs no database for it", async () => {
		variables = {};
		const ready = await readFile("manifests/pipelines/github/deploy.yml", "utf8");
		expect(await init("github")).toMatchObject({ code: 0, stdout: ready });
		const runner = await init("runner");
		expect(runner).toMatchObject({ code: 0, stdout: await readFile("manifests/pipelines/deploy/run.sh", "utf8") });
	}, 120_000);

	test("says what is off: another provider, no such project, no such provider", async () => {
		await configure();
		expect(await init("runner", "--project", "shop")).toMatchObject({
			...{ code: 1, stdout: "" },
			stderr: expect.stringContaining("integration init github --project shop"),
		});
		expect(await init("github", "--project", "cafe")).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("cafe"),
		});
		expect((await init("jenkins")).code).toBe(2);
	}, 120_000);
});
