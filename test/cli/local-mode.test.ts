import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { SERVER_LOCK } from "../../src/postgres/server-lock.ts";
import { draven, type Ended, type Server, startServer } from "../support/draven.ts";

let dataDir: string;
let variables: Record<string, string>;
let server: Server;

beforeAll(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "draven-local-"));
	variables = { DRAVEN_DATA_DIR: dataDir };
	server = await startServer(variables);
}, 60_000);

afterAll(async () => {
	await server.stop();
	await rm(dataDir, { recursive: true, force: true });
}, 30_000);

const say = (text: string, as: string, ...more: string[]): Promise<Ended> =>
	draven(["say", text, "--as", as, ...more], variables);

test("the start says what is connected, what is not, and the next step", () => {
	expect(server.output()).toMatch(/Database +its own Postgres/);
	expect(server.output()).toMatch(/Slack +not connected: set SLACK_BOT_TOKEN/);
	expect(server.output()).toContain('draven say "deploy shop@v1.1.0 to stage" --as ben');
});

describe("the main job, from a terminal", () => {
	test("a deploy runs to its end, and makes a release that is live", async () => {
		const said = await say("deploy shop@v1.1.0 to stage", "ben");
		expect(said.stdout).toMatch(/Deploy #1: shop v1.1.0 → stage[\s\S]*at work[\s\S]*succeeded/);
		expect(said.code).toBe(0);
		const page = await readFile(join(dataDir, "runner/home/sites/shop/stage/current/public/index.html"), "utf8");
		expect(page).toContain("Coffee");
	}, 30_000);

	test("production waits for somebody else, and runs when they approve", async () => {
		const asked = await say("deploy shop@v1.1.0 to production", "ben", "--json");
		expect(asked.code).toBe(0);
		const { run } = JSON.parse(asked.stdout) as { run: { number: number; state: string } };
		expect(run.state).toBe("waiting_approval");
		const own = await say(`approve #${run.number}`, "ben");
		expect([own.code, own.stdout]).toEqual([1, expect.stringContaining("nobody approves what they asked for")]);
		const approved = await say(`approve #${run.number}`, "ada");
		expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining("It succeeded")]);
	}, 30_000);

	test("a release whose health check fails ends as failed, with exit code 1, and the one before stays live", async () => {
		const said = await say("deploy shop@v1.3.0 to stage", "ben");
		expect([said.code, said.stdout]).toEqual([1, expect.stringContaining("It failed")]);
		const status = await say("status shop stage", "dan");
		expect(status.stdout).toContain("v1.1.0");
		const logs = await say("logs #3", "dan");
		expect(logs.stdout).toContain("the Buy button is missing");
	}, 30_000);

	test("a freeze stops everybody, is shown with who set it and why, and is lifted again", async () => {
		const frozen = await say("freeze */production for 2h the database moves", "ada");
		expect([frozen.code, frozen.stdout]).toEqual([0, expect.stringContaining("❄️ */production is frozen until")]);
		const refused = await say("deploy shop@v1.2.0 to production", "ben");
		expect([refused.code, refused.stdout]).toEqual([
			1,
			expect.stringContaining("Ada stopped releases to */production"),
		]);
		expect((await say("unfreeze", "ben")).stdout).toContain("the database moves");
		expect((await say("unfreeze */production", "ben")).code).toBe(1);
		expect((await say("unfreeze */production", "ada")).code).toBe(0);
	}, 30_000);

	test("a rollback goes back to what was good before, and locks", async () => {
		await say("deploy shop@v1.2.0 to stage", "ben");
		const said = await say("rollback shop stage", "ben");
		expect([said.code, said.stdout]).toEqual([0, expect.stringContaining("Rollback #5: shop v1.1.0 → stage")]);
		expect((await say("status shop stage", "dan")).stdout).toContain("Locked by Ben (Rolled back by #5)");
	}, 30_000);

	test.each([
		["a viewer", "deploy shop@v1.1.0 to stage", "dan", "You may not deploy to shop/stage"],
		["a guest", "deploy shop@v1.1.0 to stage", "guest", "guests and people of other workspaces may look"],
		["an operator outside of their scope", "deploy shop@v1.1.0 to production", "cleo", "it takes the role operator"],
		["a ref that may not go there", "deploy shop@main to production", "ben", "the policy allows tags v*.*.*"],
		["a freeze without a reason", "freeze * until tomorrow", "ada", "A freeze needs a reason"],
		["somebody who is not there", "status", "eve", 'There is no sample person "eve"'],
	])("refuses %s with one sentence and exit code 1", async (_who, text, as, sentence) => {
		const said = await say(text, as);
		expect([said.code, said.stdout]).toEqual([1, expect.stringContaining(sentence)]);
	});

	test("a project that is misspelt is answered with commands that work", async () => {
		const said = await say("deploy shpo@v1.1.0 to demo", "ben");
		expect([said.code, said.stdout]).toEqual([1, expect.stringContaining('draven say "deploy shop@v1.1.0 to demo"')]);
	});
});

describe("the other commands", () => {
	test("a token is made, opens the API, is listed without its secret, and ends", async () => {
		const made = await draven(["token", "create", "--name", "ci", "--role", "viewer"], variables);
		const token = made.stdout.trim();
		const ask = () => fetch(`${server.url}/api/v1/runs`, { headers: { authorization: `Bearer ${token}` } });
		expect((await ask()).status).toBe(200);
		const listed = await draven(["token", "list", "--json"], variables);
		expect(listed.stdout).not.toContain(token);
		const { items } = JSON.parse(listed.stdout) as { items: { id: string; name: string }[] };
		const id = items.find(({ name }) => name === "ci")?.id ?? "";
		expect((await draven(["token", "revoke", id], variables)).code).toBe(0);
		expect((await ask()).status).toBe(401);
	});

	test("a person is linked to the address in their commits, and the trail knows it", async () => {
		await say("whoami", "ben");
		const listed = await draven(["person", "list", "--json"], variables);
		const { items } = JSON.parse(listed.stdout) as { items: { id: string; name: string }[] };
		const ben = items.find(({ name }) => name === "Ben");
		const linked = await draven(["person", "link", ben?.id ?? "", "--email", "Ben@Home.test"], variables);
		expect([linked.code, linked.stdout]).toEqual([0, "email ben@home.test belongs to Ben.\n"]);
		expect((await draven(["person", "list"], variables)).stdout).toContain("email ben@home.test");
		expect((await draven(["audit", "export"], variables)).stdout).toContain('"person.linked"');
		const unlink = ["person", "unlink", ben?.id ?? "", "--email", "ben@home.test"];
		const taken = await draven(unlink, variables);
		expect([taken.code, taken.stdout]).toEqual([
			0,
			expect.stringMatching(/^email ben@home\.test is not Ben's any more, but a person of its own\./),
		]);
		const again = await draven(unlink, variables);
		expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("is no account of Ben.")]);
		const nobody = await draven(["person", "link", "Zoe", "--email", "z@z.test"], variables);
		expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('Nobody here is called "Zoe"')]);
		expect((await draven(["person", "link", "Ben"], variables)).code).toBe(2);
	});

	test("apply prints its plan, changes nothing in a dry-run, is whole, and export gives it back", async () => {
		const file = `version: 1
integrations:
  - { slug: hub, provider: github, token: "\${HUB_TOKEN}" }
projects:
  - slug: web
    name: Web
    integration: hub
    repository: acme/web
    pipeline: deploy.yml
    defaultRef: main
    environments:
      - { slug: stage, policy: stage }
`;
		const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
		const apply = (...more: string[]) =>
			draven(["apply", "-f", "-", ...more], { ...variables, HUB_TOKEN: secret }, file);
		const planned = await apply("--dry-run");
		expect([planned.code, planned.stdout]).toEqual([0, expect.stringContaining("+ project web")]);
		expect((await draven(["export"], variables)).stdout).not.toContain("web");
		const applied = await apply();
		expect([applied.code, applied.stdout]).toEqual([0, expect.stringMatching(/\+ project web[\s\S]*Applied\./)]);
		expect((await apply()).stdout).toContain("Nothing to change");
		const exported = await draven(["export"], variables);
		expect(exported.stdout).toContain("token: $" + "{HUB_TOKEN}");
		expect(`${planned.stdout}${applied.stdout}${exported.stdout}`).not.toContain(secret);
	});

	test("a draven.yaml that is wrong is refused with every problem, its line, and nothing changed", async () => {
		const wrong = "version: 1\nprojects:\n  - { slug: deploy, integration: none, colour: red }\n";
		const refused = await draven(["apply", "-f", "-"], variables, wrong);
		expect([refused.code, refused.stdout]).toEqual([1, ""]);
		expect(refused.stderr).toMatch(/line 3: projects\[0\]\.colour is no key/);
		expect(refused.stderr).toContain("nothing was changed");
	});

	test("the trail is whole, and can be taken out", async () => {
		const verified = await draven(["audit", "verify", "--json"], variables);
		expect([verified.code, JSON.parse(verified.stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
		const exported = await draven(["audit", "export", "--project", "shop"], variables);
		const lines = exported.stdout.trim().split("\n");
		expect(lines.map((line) => (JSON.parse(line) as { action: string }).action)).toEqual(
			expect.arrayContaining(["run.requested", "run.refused", "run.approved", "run.succeeded"]),
		);
	});

	test("doctor looks at everything, and finds nothing wrong here", async () => {
		const looked = await draven(["doctor"], variables);
		expect(looked.stdout).toMatch(/ok +Database: Postgres 18/);
		expect(looked.stdout).toMatch(/ok +Integration sample-runner: runners that wait for work: local/);
	});

	test.each([
		[["bogus"], "unknown command"],
		[["serve", "--port", "3"], "unknown option"],
		[["apply"], "required option"],
		[["apply", "-f", "/nowhere/draven.yaml"], "cannot be read"],
		[["token", "create", "--name", "x"], "--role"],
		[["token", "revoke", "x"], "token list"],
		[["audit", "export", "--since", "yesterday-ish"], "Write a time like"],
	])("a call that is off (%j) ends with 2 and says why", async (args, why) => {
		const ended = await draven(args, variables);
		expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
	});

	test.each([
		["PORT", "abc"],
		["DRAVEN_SECRET_KEY", "short"],
		["SLACK_SIGNING_SECRET", "hush-hush"],
	])("a malformed %s stops the start with one line that names it and not its value", async (name, value) => {
		const ended = await draven(["serve"], { ...variables, [name]: value });
		expect(ended.code).toBe(2);
		expect(ended.stderr.trim().split("\n")).toHaveLength(1);
		expect(ended.stderr).toMatch(/^(PORT|DRAVEN_SECRET_KEY|SLACK_BOT_TOKEN) /);
		expect(ended.stderr).not.toContain(value);
	});
});

describe("one server a data folder, come what may", () => {
	test("a second one is refused with one sentence", async () => {
		const ended = await draven(["serve"], { ...variables, PORT: "0" });
		expect([ended.code, ended.stderr]).toEqual([
			1,
			expect.stringMatching(/^Another DRAVEN server is at work on the data folder .*\n$/),
		]);
	});

	test("after a kill -9 the next one takes over the Postgres that was left behind, and nothing is lost", async () => {
		await server.kill();
		server = await startServer(variables);
		const shown = await say("show #1", "dan");
		expect(shown.stdout).toContain("Succeeded");
		expect((await say("deploy shop@v1.1.0 to demo", "ben")).code).toBe(0);
	}, 60_000);

	test("what is in the data folder is for its owner alone", async () => {
		for (const name of ["local.json", "local-tokens.json", "secret-key"])
			expect((await stat(join(dataDir, name))).mode & 0o077).toBe(0);
	});

	test("SIGTERM ends it in order, Postgres and runner included", async () => {
		expect(await server.stop()).toBe(0);
		// Postgres takes its file away as the last thing that it does.
		await expect(stat(join(dataDir, "postgres/pgdata/postmaster.pid"))).rejects.toThrow("ENOENT");
		const refused = await draven(["say", "status"], variables);
		expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("npm start")]);
		server = await startServer(variables);
	}, 60_000);

	test("one that lost the folder's database to another server ends with one sentence, and leaves Postgres running", async () => {
		const pgdata = join(dataDir, "postgres/pgdata");
		const port = (await readFile(join(pgdata, "postmaster.pid"), "utf8")).split("\n")[3];
		const password = (await readFile(join(pgdata, "draven-password"), "utf8")).trim();
		const other = new pg.Client({ connectionString: `postgres://draven:${password}@127.0.0.1:${port}/postgres` });
		other.on("error", () => {});
		await other.connect();
		try {
			const got = other.query(`SELECT pg_advisory_lock(${SERVER_LOCK})`);
			const stopped = once(server.process, "close");
			const guard = new pg.Client({ connectionString: `postgres://draven:${password}@127.0.0.1:${port}/postgres` });
			await guard.connect();
			while ((await guard.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).rowCount === 0);
			await guard.query(
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'draven server lock'",
			);
			await guard.end();
			await got;
			expect(await stopped).toEqual([1, null]);
			expect(server.output()).toContain("Another DRAVEN server took over the database of this data folder");
			expect((await other.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
		} finally {
			await other.end();
			server = await startServer(variables);
		}
	}, 60_000);
});
