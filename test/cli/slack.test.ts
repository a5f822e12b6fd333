import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FakeSlack } from "../fakes/slack.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven, startServer } from "../support/draven.ts";

let fake: FakeSlack;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let variables: Record<string, string>;
beforeEach(async () => {
	fake = await FakeSlack.start();
	fake.user("U_ANN", { name: "Ann" });
	database = await createTestDatabase();
	variables = {
		DATABASE_URL: database.url,
		DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"),
		SLACK_BOT_TOKEN: fake.botToken,
		SLACK_SIGNING_SECRET: fake.signingSecret,
		SLACK_API_URL: fake.apiUrl,
	};
});
afterEach(async () => {
	await fake.stop();
	await database.drop();
});

test("a token that Slack does not accept ends the start with one line that names it, and not what it is", async () => {
	const ended = await draven(["serve"], { ...variables, SLACK_BOT_TOKEN: "xoxb-out-of-date" });
	expect(ended.code).not.toBe(0);
	const lines = ended.stderr.trim().split("\n");
	expect(lines).toEqual([expect.stringMatching(/^SLACK_BOT_TOKEN is not accepted by Slack \(invalid_auth\)/)]);
	expect(ended.stdout + ended.stderr).not.toContain("out-of-date");
}, 60_000);

test("Slack that is out of reach does not stop the start", async () => {
	fake.fail("auth.test", { status: 503 });
	const server = await startServer(variables);
	expect(server.output()).toMatch(/Slack +not reached yet: Slack answered with HTTP 503/);
	expect(await server.stop()).toBe(0);
}, 60_000);

test("what was acknowledged is done, also when the process was killed right after", async () => {
	const taking = await startServer(variables, ["serve", "--no-worker"]);
	fake.appUrl = `${taking.url}/slack/events`;
	expect((await fake.command("U_ANN", "help")).status).toBe(200);
	await taking.kill();
	expect(fake.toldTo("U_ANN")).toEqual([]);
	const working = await startServer(variables);
	const told = await fake.until(() => fake.toldTo("U_ANN")[0]);
	expect(told).toMatchObject({ via: "response_url", text: expect.stringContaining("What I can do") });
	expect(await working.stop()).toBe(0);
}, 60_000);

test("doctor looks at the channels of the environments", async () => {
	const folder = await mkdtemp(join(tmpdir(), "draven-doctor-"));
	const file = join(folder, "draven.yaml");
	await writeFile(
		file,
		`version: 1
integrations: [{ slug: own, provider: runner }]
projects:
  - { slug: web, name: Web, integration: own, repository: "https://git.test/web.git", pipeline: deploy/run.sh, environments: [{ slug: stage, policy: stage, channels: { slack: C0STAGE } }] }
`,
	);
	const applied = await draven(["apply", "-f", file], variables);
	expect(applied.stderr).toBe("");
	const looked = await draven(["doctor", "--json"], variables);
	await rm(folder, { recursive: true });
	expect(JSON.parse(looked.stdout).findings).toContainEqual(
		expect.objectContaining({ check: "Slack channel C0STAGE", state: "wrong" }),
	);
}, 60_000);

test("by Socket Mode nothing has to reach us, and the answer comes all the same", async () => {
	const { SLACK_SIGNING_SECRET: _, ...others } = variables;
	const server = await startServer({ ...others, SLACK_APP_TOKEN: fake.appToken });
	await fake.command("U_ANN", "whoami");
	expect((await fake.until(() => fake.toldTo("U_ANN")[0])).text).toContain("Ann (slack U_ANN)");
	expect(await server.stop()).toBe(0);
}, 60_000);
