import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { pipelineHook } from "../fakes/gitlab/hooks.ts";
import type { FakeProject } from "../fakes/gitlab/project.ts";
import { FakeGitLab } from "../fakes/gitlab.ts";
import { shaOf } from "../fakes/sha-of.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven, startServer } from "../support/draven.ts";
import { runsOf } from "../support/runs-of.ts";
import { until } from "../torture/until.ts";

const HOOK = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const TOKEN = "init-token-of-the-test-0123456789";

let gitlab: FakeGitLab;
let web: FakeProject;
let folder: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let variables: Record<string, string>;

beforeEach(async () => {
	gitlab = await FakeGitLab.open("/gitlab");
	web = gitlab.project("acme/shop/web");
	web.branch("main", shaOf("main"));
	web.status(shaOf("main"), "build", "success");
	web.variablesRole = "no_one_allowed";
	web.inputs = ["JOB_ID", "ENV", "REF", "SHA", "TYPE", "migrate"];
	web.workflowName = ({ TYPE, ENV, JOB_ID }) => `${TYPE} to ${ENV} (${JOB_ID})`;
	folder = await mkdtemp(join(tmpdir(), "draven-gitlab-"));
	database = await createTestDatabase();
	const file = join(folder, "draven.yaml");
	await writeFile(file, document());
	variables = {
		...{ DATABASE_URL: database.url, DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"), DRAVEN_DATA_DIR: folder },
		...{ DRAVEN_CONFIG: file, DRAVEN_INIT_API_TOKEN: TOKEN, DRAVEN_POLL_INTERVAL: "600" },
		...{ GITLAB_TOKEN: gitlab.token, GITLAB_HOOK: HOOK },
	};
});
afterEach(async () => {
	await gitlab.close();
	await database.drop();
	await rm(folder, { recursive: true, force: true });
});

const document = () => `version: 1
integrations:
  - slug: acme
    provider: gitlab
    baseUrl: "${gitlab.url}/api/v4"
    token: \${GITLAB_TOKEN}
    webhookSecret: \${GITLAB_HOOK}
    mode: inputs
policies:
  - { slug: open, extends: stage, rules: { parameters: { migrate: { type: boolean, default: false } } } }
projects:
  - slug: web
    integration: acme
    repository: acme/shop/web
    environments: [{ slug: stage, policy: open }]
`;

test("a deploy through a GitLab of one's own from draven.yaml to its end, followed by its signed hooks alone", async () => {
	const server = await startServer(variables);
	try {
		const runs = runsOf(server.url, TOKEN);
		const { id } = await runs.request("web", "stage");
		const read = () => runs.read(id);
		await until(async () => (await read()).externalUrl !== null);
		const started = web.runOf(id);
		expect(started.inputs).toMatchObject({ ENV: "stage", SHA: shaOf("main"), migrate: "false" });
		const hook = { url: `${server.url}/webhooks/gitlab/acme`, secret: HOOK };
		for (const [status, ours] of [
			["running", "running"],
			["success", "succeeded"],
		] as const) {
			web.set(started, status);
			expect((await gitlab.deliver(hook, "Pipeline Hook", pipelineHook(web, started))).status).toBe(202);
			await until(async () => (await read()).state === ours);
		}
		expect(server.output()).not.toMatch(/glpat-|whsec_/);
	} finally {
		await server.stop();
	}
}, 120_000);

test("the file of one project is printed for its mode with its parameters, and then nothing is to mend", async () => {
	expect(await draven(["apply", "-f", "-"], variables, document())).toMatchObject({ code: 0 });
	const before = await draven(["integration", "check", "acme"], variables);
	expect(before).toMatchObject({ code: 1, stdout: expect.stringContaining("there is no .gitlab-ci.yml at main") });
	const { stdout } = await draven(["integration", "init", "gitlab", "--project", "web"], variables);
	expect(stdout).toContain("    migrate:\n      value: |2-\n        $[[ inputs.migrate ]]\n      expand: false\n");
	web.files.set(".gitlab-ci.yml", stdout);
	const after = await draven(["integration", "check", "acme", "--fix"], variables);
	expect(after).toMatchObject({ code: 0, stdout: expect.not.stringMatching(/glpat-|whsec_/) });
	expect(web.hooks).toMatchObject([
		{ signing_token: HOOK, pipeline_events: true, url: expect.stringMatching(/webhooks\/gitlab\/acme$/) },
	]);
	const plain = await readFile("manifests/pipelines/gitlab/.gitlab-ci.yml", "utf8");
	expect((await draven(["integration", "init", "gitlab"], {})).stdout).toBe(plain);
}, 120_000);
