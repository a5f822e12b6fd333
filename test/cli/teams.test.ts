import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { FakeTeams } from "../fakes/teams.ts";
import { textOf } from "../fakes/teams-card.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven, startServer } from "../support/draven.ts";

let fake: FakeTeams;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let variables: Record<string, string>;
beforeEach(async () => {
	fake = await FakeTeams.start();
	fake.directory.user("ada", { displayName: "Ada" });
	fake.installed.add("ada");
	database = await createTestDatabase();
	variables = {
		DATABASE_URL: database.url,
		DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"),
		MicrosoftAppId: fake.appId,
		MicrosoftAppPassword: fake.appPassword,
		MicrosoftAppType: "SingleTenant",
		MicrosoftAppTenantId: fake.tenant,
		ToChannelFromBotLoginUrl: fake.loginUrl,
		ToBotFromChannelOpenIdMetadataUrl: fake.openIdUrl,
		GRAPH_BASE_URL: fake.graphUrl,
	};
});
afterEach(async () => {
	await fake.stop();
	await database.drop();
});

test("what was taken is done, also when the process was killed right after; nobody speaks without Microsoft's token", async () => {
	const taking = await startServer(variables, ["serve", "--no-worker"]);
	expect(taking.output()).toMatch(/Teams +listens at http:\/\/.*\/api\/messages/);
	fake.botUrl = `${taking.url}/api/messages`;
	const said = { ...fake.inPersonal("ada"), type: "message", text: "whoami" };
	expect((await fake.send(said, null)).status).toBe(401);
	expect((await fake.send(said, fake.token({ aud: "another-bot" }))).status).toBe(401);
	expect((await fake.send(said)).status).toBe(200);
	await taking.kill();
	expect(fake.messages).toEqual([]);
	const working = await startServer(variables);
	const told = await fake.until(() => fake.toldTo("ada")[0]);
	expect(textOf(told.card)).toContain("Ada (teams ada)");
	expect(await working.stop()).toBe(0);
	expect(working.output() + taking.output()).not.toContain(fake.appPassword);
}, 60_000);

test("without a tenant nothing starts, and the Playground's open door is for this machine alone", async () => {
	const { MicrosoftAppTenantId: _, ...others } = variables;
	const ended = await draven(["serve"], others);
	expect(ended.stderr).toMatch(/^MicrosoftAppTenantId is missing: [^\n]+\n$/);
	const open = await draven(["serve"], { DRAVEN_TEAMS_INSECURE_LOCAL: "true", HOST: "0.0.0.0" });
	expect(open.code).not.toBe(0);
	expect(open.stderr).toMatch(/^DRAVEN_TEAMS_INSECURE_LOCAL must be unset unless HOST is 127\.0\.0\.1/);
}, 60_000);

describe("draven doctor", () => {
	const examined = async (more: Record<string, string> = {}) => {
		const { stdout } = await draven(["doctor", "--json"], { ...variables, ...more });
		const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; mend: string | null }[] };
		return findings.filter(({ check }) => /Teams|Graph|Entra/.test(check));
	};

	test("looks at the credentials, and at each permission", async () => {
		expect(await examined({ PUBLIC_URL: "https://draven.acme.test" })).toEqual([
			expect.objectContaining({ check: "Teams messaging endpoint", state: "ok" }),
			expect.objectContaining({ check: "Teams credentials", state: "ok" }),
			expect.objectContaining({ check: "Graph permission User.Read.All", state: "ok" }),
			expect.objectContaining({ check: "Graph permission GroupMember.Read.All", state: "ok" }),
			expect.objectContaining({
				check: "Teams",
				state: "warning",
				mend: expect.stringContaining("messaging endpoint"),
			}),
		]);
	}, 60_000);

	test("says how to mend what is wrong", async () => {
		fake.fail("groups", { status: 403, code: "Authorization_RequestDenied" });
		const findings = await examined({ MicrosoftAppPassword: fake.appPassword });
		expect(findings).toContainEqual(
			expect.objectContaining({
				...{ check: "Graph permission GroupMember.Read.All", state: "wrong" },
				mend: expect.stringContaining("grant an admin's consent"),
			}),
		);
		expect(findings[0]).toMatchObject({ check: "Teams messaging endpoint", state: "wrong" });
		const bad = await examined({ MicrosoftAppPassword: "out-of-date" });
		expect(bad).toContainEqual(
			expect.objectContaining({
				check: "Teams credentials",
				state: "wrong",
				found: expect.stringContaining("AADSTS7000215"),
			}),
		);
		expect(JSON.stringify(bad)).not.toContain("out-of-date");
	}, 60_000);

	test("looks at the groups and channels that the configuration names", async () => {
		fake.directory.group("g-leads", "ada");
		const server = await startServer(variables);
		fake.botUrl = `${server.url}/api/messages`;
		await fake.install("19:known@thread.tacv2");
		const configuration = `version: 1
integrations: [{ slug: hub, provider: github, token: x }]
policies: []
projects:
  - { slug: web, name: Web, integration: hub, repository: a/web, pipeline: d.yml, defaultRef: main, environments: [
      { slug: stage, policy: stage, channels: { teams: "19:known@thread.tacv2" } },
      { slug: production, policy: production, channels: { teams: "19:quiet@thread.tacv2" } } ] }
access:
  - { role: approver, subjects: [{ entraGroup: g-leads }, { entraGroup: g-gone }], projects: ["*"], environments: ["*"] }
`;
		const applied = await draven(["apply", "-f", "-"], variables, configuration);
		expect(applied.stderr).toBe("");
		// What was said later is answered: what was said before is known.
		await fake.write("ada", "whoami");
		await fake.until(() => fake.toldTo("ada")[0]);
		const found = await examined();
		await server.stop();
		const stateOf = (check: string) => found.find((one) => one.check === check)?.state;
		expect(stateOf("Entra group g-leads")).toBe("ok");
		expect(stateOf("Entra group g-gone")).toBe("wrong");
		expect(stateOf("Teams channel 19:known@thread.tacv2")).toBe("ok");
		expect(stateOf("Teams channel 19:quiet@thread.tacv2")).toBe("warning");
	}, 60_000);
});

test("draven person link --teams: an account of Teams is theirs", async () => {
	const server = await startServer(variables);
	fake.botUrl = `${server.url}/api/messages`;
	await fake.write("ada", "whoami");
	await fake.until(() => fake.toldTo("ada")[0]);
	const other = "0f9c0000-0000-0000-0000-000000000001";
	const linked = await draven(["person", "link", "Ada", "--teams", other], variables);
	expect(linked).toMatchObject({ code: 0, stdout: expect.stringContaining(`teams ${other} belongs to Ada`) });
	fake.directory.user(other, { displayName: "Ada again" });
	fake.installed.add(other);
	await fake.write(other, "whoami");
	const told = await fake.until(() => fake.toldTo(other)[0]);
	expect(textOf(told.card)).toContain("teams ada");
	expect(await server.stop()).toBe(0);
}, 60_000);
