import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { fileProblems } from "../../adapters/bitbucket/pipelines-file.ts";
import type { FakeRepository, FakeState } from "../fakes/bitbucket/state.ts";
import { FakeBitbucket } from "../fakes/bitbucket.ts";
import { shaOf } from "../fakes/sha-of.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven, startServer } from "../support/draven.ts";
import { runsOf } from "../support/runs-of.ts";
import { until } from "../torture/until.ts";

const HOOK = "a-secret-of-the-hook";
const TOKEN = "init-token-of-the-test-0123456789";
const FILE = "manifests/pipelines/bitbucket/bitbucket-pipelines.yml";
const over = (name: string): FakeState => ({ name: "COMPLETED", result: { name } });

let bitbucket: FakeBitbucket;
let web: FakeRepository;
let folder: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let variables: Record<string, string>;

beforeEach(async () => {
	bitbucket = await FakeBitbucket.open();
	web = bitbucket.repository("acme/web");
	web.branch("main", shaOf("main"));
	web.build(shaOf("main"), over("SUCCESSFUL"));
	web.file = await readFile(FILE, "utf8");
	web.custom.clear();
	web.custom.add("ship-it");
	folder = await mkdtemp(join(tmpdir(), "draven-bitbucket-"));
	database = await createTestDatabase();
	const file = join(folder, "draven.yaml");
	await writeFile(file, document());
	variables = {
		...{ DATABASE_URL: database.url, DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"), DRAVEN_DATA_DIR: folder },
		...{ DRAVEN_CONFIG: file, DRAVEN_INIT_API_TOKEN: TOKEN, DRAVEN_POLL_INTERVAL: "600" },
		BITBUCKET_TOKEN: bitbucket.apiToken,
	};
});
afterEach(async () => {
	await bitbucket.close();
	await database.drop();
	await rm(folder, { recursive: true, force: true });
});

const document = () => `version: 1
integrations:
  - { slug: acme, provider: bitbucket, baseUrl: "${bitbucket.url}", token: "\${BITBUCKET_TOKEN}", webhookSecret: ${HOOK} }
policies:
  - { slug: open, extends: stage, rules: { parameters: { migrate: { type: boolean, default: false } } } }
projects:
  - slug: web
    name: Web
    integration: acme
    repository: acme/web
    pipeline: ship-it
    defaultRef: main
    environments: [{ slug: stage, policy: open }]
`;

test("a deploy through Bitbucket from draven.yaml to its end, followed by its webhooks alone", async () => {
	const server = await startServer(variables);
	try {
		const runs = runsOf(server.url, TOKEN);
		const { id } = await runs.request("web", "stage");
		const read = () => runs.read(id);
		await until(async () => (await read()).externalUrl !== null);
		const started = web.runOf(id);
		expect(web.sentWith(started)).toMatchObject({ ENV: "stage", SHA: shaOf("main"), migrate: "false" });
		web.set(started, { name: "IN_PROGRESS", stage: { name: "RUNNING" } });
		const hook = { url: `${server.url}/webhooks/bitbucket/acme`, secret: HOOK };
		expect((await bitbucket.deliver(hook, bitbucket.statusEvent(web, started))).status).toBe(202);
		await until(async () => (await read()).state === "running");
		web.set(started, over("SUCCESSFUL"));
		await bitbucket.deliver(hook, bitbucket.statusEvent(web, started));
		await until(async () => (await read()).state === "succeeded");
		expect((await read()).externalUrl).toBe(`https://bitbucket.org/acme/web/pipelines/results/${started.build_number}`);
		expect(server.output()).not.toContain("ATATT3");
	} finally {
		await server.stop();
	}
}, 120_000);

test("the file of one project is printed with its pipeline's name and its parameters, and then nothing is to mend", async () => {
	expect(await draven(["apply", "-f", "-"], variables, document())).toMatchObject({ code: 0 });
	const before = await draven(["integration", "check", "acme"], variables);
	expect(before).toMatchObject({ code: 1, stdout: expect.stringContaining('no custom pipeline "ship-it"') });
	const { stdout } = await draven(["integration", "init", "bitbucket", "--project", "web"], variables);
	expect(fileProblems(stdout, "ship-it")).toEqual([]);
	const [{ variables: declared }] = parse(stdout).pipelines.custom["ship-it"];
	expect(declared.at(-1)).toMatchObject({ name: "migrate" });
	web.file = stdout;
	const after = await draven(["integration", "check", "acme", "--fix"], variables);
	expect(after).toMatchObject({ code: 0, stdout: expect.not.stringMatching(/ATATT3|a-secret-of-the-hook/) });
	expect(web.hooks).toMatchObject([
		{ active: true, secret: HOOK, url: expect.stringMatching(/webhooks\/bitbucket\/acme$/) },
	]);
	expect((await draven(["integration", "init", "bitbucket"], {})).stdout).toBe(await readFile(FILE, "utf8"));
}, 120_000);
