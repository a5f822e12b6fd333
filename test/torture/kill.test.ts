import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DataSource } from "typeorm";
import { isEnd, type Run } from "../../src/core/run.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { listRuns, runById } from "../../src/store/runs.ts";
import type { FakeRepository } from "../fakes/github/state.ts";
import { FakeGitHub } from "../fakes/github.ts";
import { shaOf } from "../fakes/sha-of.ts";
import { FakeSlack } from "../fakes/slack.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven } from "../support/draven.ts";
import { type MortalServer, startMortalServer } from "./mortal-server.ts";
import { until } from "./until.ts";
import { startWire, type Wire } from "./wire.ts";
import { installWitness, unlawful } from "./witness.ts";

/** A real server process, a real Slack and GitHub over HTTP, and kill -9 at every step between command and end of the run. */

const WEBHOOK_SECRET = "one-that-must-never-be-shown";

let slack: FakeSlack;
let github: FakeGitHub;
let repository: FakeRepository;
let wire: Wire;
let db: DataSource;
let server: MortalServer;
let variables: Record<string, string>;
let witness: Awaited<ReturnType<typeof installWitness>>;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	const database = await createTestDatabase();
	ends.push(database.drop);
	db = await openDataSource(database.url, { poolSize: 2 });
	ends.push(() => db.destroy());
	witness = await installWitness(db);
	wire = await startWire(database.url);
	ends.push(() => wire.close());
	slack = await FakeSlack.start();
	ends.push(() => slack.stop());
	slack.group("S_OPS", "U_OPS");
	slack.group("S_LEADS", "U_ANN");
	slack.joined.add("C_PROD").add("C_TALK");
	github = await FakeGitHub.open();
	ends.push(() => github.close());
	repository = github.repository("acme/web");
	repository.branch("main", shaOf("one"));
	repository.tag("v1.0.0", shaOf("one"));
	repository.check(shaOf("one"), "build", "success");
	repository.workflow("deploy.yml");
	const dataDir = await mkdtemp(join(tmpdir(), "draven-kill-"));
	ends.push(() => rm(dataDir, { recursive: true, force: true }));
	const config = join(dataDir, "draven.yaml");
	await writeFile(
		config,
		`version: 1
integrations: [{ slug: hub, provider: github, baseUrl: "${github.url}", token: "${github.token}", webhookSecret: "${WEBHOOK_SECRET}" }]
projects:
  - slug: web
    name: Web
    integration: hub
    repository: acme/web
    pipeline: deploy.yml
    defaultRef: main
    environments: [{ slug: production, policy: production, channels: { slack: C_PROD } }]
access:
  - { role: operator, subjects: [{ slackGroup: S_OPS }], projects: ["*"], environments: ["*"] }
  - { role: approver, subjects: [{ slackGroup: S_LEADS }], projects: ["*"], environments: ["*"] }
`,
	);
	variables = {
		...{ DATABASE_URL: wire.url, DRAVEN_DATA_DIR: dataDir, DRAVEN_CONFIG: config, DRAVEN_POLL_INTERVAL: "1" },
		...{ DRAVEN_SECRET_KEY: randomBytes(32).toString("base64"), LOG_LEVEL: "error" },
		...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_SIGNING_SECRET: slack.signingSecret, SLACK_API_URL: slack.apiUrl },
	};
	server = await startMortalServer(db, variables);
	slack.appUrl = `${server.url}/slack/events`;
	ends.push(() => server.stop());
}, 120_000);

afterAll(async () => {
	for (const end of ends.reverse()) await end();
}, 60_000);

/** Where it is killed. */
type Point =
	| { readonly at: "acknowledged"; readonly what: "command" | "click" | "webhook" }
	| { readonly at: "trail"; readonly entry: string; readonly when: "before" | "committed" }
	| { readonly at: "slack"; readonly method: string; readonly done: boolean }
	| { readonly at: "github"; readonly request: RegExp; readonly done: boolean };

/** Arms the point; gives what says whether it was reached. */
function arm(point: Point): () => boolean {
	let killed = false;
	const kill = () => {
		if (!killed) server.die();
		killed = true;
		return true;
	};
	slack.onCall = null;
	github.onRequest = null;
	wire.onBreak = kill;
	wire.arm(null);
	if (point.at === "trail")
		wire.arm({ at: new RegExp(`action\\W+run\\.${point.entry}\\W`), when: point.when, dies: "connection" });
	if (point.at === "slack")
		slack.onCall = (method, done) => !killed && method === point.method && done === point.done && kill();
	if (point.at === "github")
		github.onRequest = (asked, done) =>
			!killed && point.request.test(`${asked.method} ${asked.path}`) && done === point.done && kill();
	return () => killed;
}

const acknowledged = (point: Point, what: "command" | "click" | "webhook") => {
	if (point.at === "acknowledged" && point.what === what) server.die();
};

async function tell(point: Point): Promise<Run> {
	const [last] = await listRuns(db, { limit: 1 });
	await server.deliver(() => slack.command("U_OPS", "web@v1.0.0 to production"));
	acknowledged(point, "command");
	let asked: Run | undefined;
	await server.reach(async () => {
		[asked] = await listRuns(db, { limit: 1 });
		return asked !== undefined && asked.number > (last?.number ?? 0);
	});
	const { id, number } = asked ?? { id: "", number: 0 };
	const root = () => slack.roots("C_PROD").find((message) => message.text.includes(`#${number}:`));
	await server.reach(async () => root() !== undefined);
	const card = root();
	if (card === undefined) throw new Error(`#${number} has no card`);
	const clickId = `${number}.000001`;
	await server.deliver(() => slack.click("U_ANN", card, "Approve", clickId));
	acknowledged(point, "click");
	const now = async () => {
		const run = await runById(db, id);
		if (run === null) throw new Error(`#${number} is gone`);
		return run;
	};
	await server.reach(async () => {
		const { progress } = await now();
		const [begun] = repository.runsOf(id);
		if (begun?.status === "queued") repository.set(begun, "in_progress");
		// Nobody knows of the call: its time to be seen is over.
		if (
			progress.state === "dispatching" &&
			progress.triggerAttempted &&
			point.at !== "acknowledged" &&
			neverCalled(point)
		) {
			await db.query("UPDATE run SET deadline = now() WHERE id = $1 AND state = 'dispatching'", [id]);
			await db.query("UPDATE job SET run_at = now() WHERE run_id = $1 AND kind = 'deadline'", [id]);
		}
		return progress.state === "running" || isEnd(progress.state);
	});
	const [started] = repository.runsOf(id);
	if (started !== undefined) {
		repository.set(started, "completed", "success");
		const body = github.runEvent(repository, started, "completed");
		await server.deliver(() =>
			github.deliver({ url: `${server.url}/webhooks/github/hub`, secret: WEBHOOK_SECRET }, "workflow_run", body),
		);
		acknowledged(point, "webhook");
	}
	await server.reach(async () => isEnd((await now()).progress.state));
	await server.reach(async () => {
		const open: unknown[] = await db.query(
			"SELECT 1 FROM job WHERE kind IN ('card','thread','slack_in','tell') AND done_at IS NULL",
		);
		return open.length === 0;
	});
	return now();
}

/** Killed when the mark was committed and GitHub had not got the call. */
function neverCalled(point: Point): boolean {
	return (
		(point.at === "trail" && point.entry === "trigger_attempted" && point.when === "committed") ||
		(point.at === "github" && point.request === DISPATCH && !point.done)
	);
}

const DISPATCH = /^POST .*\/dispatches$/;
const trail = (entry: string) =>
	(["before", "committed"] as const).map((when): Point => ({ at: "trail", entry, when }));
const POINTS: readonly Point[] = [
	{ at: "acknowledged", what: "command" },
	...trail("requested"),
	{ at: "slack", method: "chat.postMessage", done: false },
	{ at: "slack", method: "chat.postMessage", done: true },
	{ at: "acknowledged", what: "click" },
	...trail("approved"),
	{ at: "slack", method: "chat.update", done: true },
	...trail("dispatching"),
	...trail("trigger_attempted"),
	{ at: "github", request: DISPATCH, done: false },
	{ at: "github", request: DISPATCH, done: true },
	...trail("running"),
	{ at: "acknowledged", what: "webhook" },
	...trail("succeeded"),
];

test("kill -9 at every step: the run ends right, one pipeline, every message once and in order", async () => {
	for (const [n, point] of POINTS.entries()) {
		const where = `${n} ${JSON.stringify(point)}`;
		const right = (what: object, expected: object) => expect({ where, ...what }).toEqual({ where, ...expected });
		const reached = arm(point);
		const told = slack.toldTo("U_OPS").length;
		const run = await tell(point);
		right({ reached: reached() || point.at === "acknowledged" }, { reached: true });
		const starts = repository.runsOf(run.id).length;
		const never = neverCalled(point);
		right({ state: run.progress.state, starts }, { state: never ? "failed" : "succeeded", starts: never ? 0 : 1 });
		const roots = slack.roots("C_PROD").filter((message) => message.text.includes(`#${run.number}:`));
		right({ roots: roots.map(({ text }) => text.includes(never ? "Failed" : "Succeeded")) }, { roots: [true] });
		const words = roots.flatMap((root) => slack.threadOf(root)).map(({ text }) => text.split(" ")[0]);
		// Beside the story, and once: it is edited where it stands.
		right({ progress: words.filter((word) => word === "Progress").length < 2 }, { progress: true });
		const thread = words.filter((word) => word !== "Progress");
		right({ thread }, { thread: ["Requested", "Approved", ...(never ? ["❌"] : ["The", "✅"])] });
		right({ answered: slack.toldTo("U_OPS").length > told }, { answered: true });
	}
	expect(unlawful(await witness.seen())).toEqual([]);
	const verified = await draven(["audit", "verify", "--json"], variables);
	expect([verified.code, JSON.parse(verified.stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
}, 600_000);

test("promise 7: Slack and GitHub are answered in time when everything behind is silent, and each command is answered", async () => {
	arm({ at: "acknowledged", what: "command" });
	const told = slack.toldTo("U_OPS").length;
	github.fault(/./, "hang", 3);
	slack.fail("users.info", ...Array.from({ length: 3 }, () => ({ delayMs: 4_000 })));
	const acks = await Promise.all(Array.from({ length: 5 }, () => slack.command("U_OPS", "web@v1.0.0 to production")));
	const [run] = repository.runs;
	if (run === undefined) throw new Error("nothing ran before");
	const began = performance.now();
	const body = github.runEvent(repository, run, "completed", { conclusion: "failure", run_attempt: 2 });
	const hook = await github.deliver(
		{ url: `${server.url}/webhooks/github/hub`, secret: WEBHOOK_SECRET },
		"workflow_run",
		body,
	);
	const hookMs = performance.now() - began;
	expect(acks.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
	// Slack waits for 3 s, GitHub for 10.
	expect(Math.max(hookMs, ...acks.map(({ ms }) => ms))).toBeLessThan(2_500);
	expect(hook.status).toBe(202);
	await until(async () => slack.toldTo("U_OPS").length - told >= 5, 60_000);
}, 120_000);
