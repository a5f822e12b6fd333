import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { pino } from "pino";
import type { DataSource } from "typeorm";
import { RunnerClient } from "../../adapters/runner/client.ts";
import { runRunner } from "../../adapters/runner/runner.ts";
import { isEnd, type Run } from "../../src/core/run.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { linesFrom } from "../../src/store/run-log.ts";
import { listRuns } from "../../src/store/runs.ts";
import { Workshop } from "../adapters/runner/workshop.ts";
import { FakeSlack } from "../fakes/slack.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven } from "../support/draven.ts";
import { type MortalServer, startMortalServer } from "./mortal-server.ts";
import { startWire, type Wire } from "./wire.ts";

/** A real server that is killed while a real runner claims, works and reports: the runner lives on. */

let slack: FakeSlack;
let wire: Wire;
let db: DataSource;
let workshop: Workshop;
let server: MortalServer;
/** A line each time that the entrypoint was begun. */
let begun: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	const database = await createTestDatabase();
	ends.push(database.drop);
	db = await openDataSource(database.url, { poolSize: 2 });
	ends.push(() => db.destroy());
	wire = await startWire(database.url);
	ends.push(() => wire.close());
	slack = await FakeSlack.start();
	ends.push(() => slack.stop());
	slack.group("S_OPS", "U_OPS");
	slack.joined.add("C_TALK");
	workshop = await Workshop.open();
	ends.push(() => workshop.close());
	begun = join(workshop.folder, "begun");
	const { repository } = await workshop.script(`echo "$JOB_ID" >> ${begun}\necho "deploying $REF"\necho done`);
	const dataDir = await mkdtemp(join(tmpdir(), "draven-kill-"));
	ends.push(() => rm(dataDir, { recursive: true, force: true }));
	const config = join(dataDir, "draven.yaml");
	await writeFile(
		config,
		`version: 1
integrations: [{ slug: yard, provider: runner }]
policies: [{ slug: plain, extends: stage, rules: { ci: { mode: "off" } } }]
projects:
  - slug: app
    name: App
    integration: yard
    repository: ${repository}
    pipeline: deploy/run.sh
    defaultRef: main
    environments: [{ slug: stage, policy: plain }]
access: [{ role: operator, subjects: [{ slackGroup: S_OPS }], projects: ["*"], environments: ["*"] }]
`,
	);
	const variables = {
		...{ DATABASE_URL: wire.url, DRAVEN_DATA_DIR: dataDir, DRAVEN_CONFIG: config, DRAVEN_POLL_INTERVAL: "1" },
		...{ DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"), LOG_LEVEL: "error" },
		...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_SIGNING_SECRET: slack.signingSecret, SLACK_API_URL: slack.apiUrl },
	};
	server = await startMortalServer(db, variables);
	ends.push(() => server.stop());
	slack.appUrl = `${server.url}/slack/events`;
	const made = await draven(["token", "create", "--name", "yard", "--runner"], variables);
	const stop = new AbortController();
	const running = runRunner({
		client: new RunnerClient({ url: server.url, token: made.stdout.trim() }),
		...{ name: "r1", labels: [], workFolder: workshop.work, home: workshop.home, env: workshop.env },
		...{ graceMs: 1_000, drainMs: 5_000, waitSeconds: 5, once: false, stop: stop.signal, hurry: stop.signal },
		log: pino({ level: "silent" }),
	});
	ends.push(() => {
		stop.abort();
		return running;
	});
}, 120_000);

afterAll(async () => {
	for (const end of ends.reverse()) await end();
}, 60_000);

const POINTS = [
	["the offer of the work", /INSERT INTO runner_work/, "before"],
	["the offer of the work", /INSERT INTO runner_work/, "after"],
	["a claim", /UPDATE runner_work SET lease = lease/, "before"],
	["a claim", /UPDATE runner_work SET lease = lease/, "after"],
	["a heartbeat", /UPDATE runner_work SET lease_until/, "before"],
	["a heartbeat", /UPDATE runner_work SET lease_until/, "after"],
	["a line of the log", /INSERT INTO run_log/, "before"],
	["a line of the log", /INSERT INTO run_log/, "after"],
	["the end of the work", /UPDATE runner_work SET outcome/, "before"],
	["the end of the work", /UPDATE runner_work SET outcome/, "after"],
] as const;

test("kill -9 of the server at every step of a runner's work: it is done once, its log is whole, and the run succeeds", async () => {
	for (const [what, at, when] of POINTS) {
		const where = `${when} ${what}`;
		let reached = false;
		wire.onBreak = () => {
			reached = true;
			server.die();
		};
		const [last] = await listRuns(db, { limit: 1 });
		wire.arm({ at, when, dies: "connection" });
		await server.deliver(() => slack.command("U_OPS", "app@main to stage"));
		let run: Run | undefined;
		await server.reach(async () => {
			[run] = await listRuns(db, { limit: 1 });
			return run !== undefined && run.id !== last?.id && isEnd(run.progress.state);
		});
		if (run === undefined) throw new Error("there is no run");
		const { id } = run;
		const times = (await readFile(begun, "utf8")).split("\n").filter((line) => line === id).length;
		const log = (await linesFrom(db, id, 0, 100)).map(({ line }) => line);
		expect({ where, reached, state: run.progress.state, times, log }).toEqual({
			...{ where, reached: true, state: "succeeded", times: 1 },
			log: expect.arrayContaining(["deploying main", "done"]),
		});
		expect({ where, lines: new Set(log).size }).toEqual({ where, lines: log.length });
	}
}, 300_000);
