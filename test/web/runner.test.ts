import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RunnerPipeline } from "../../adapters/runner/pipeline.ts";
import { examineRunners } from "../../src/cli/examine-runners.ts";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Deps } from "../../src/deps.ts";
import type { PipelinePort } from "../../src/ports/pipeline.ts";
import { Work } from "../../src/ports/runner-protocol.ts";
import { IntegrationTable, ProjectTable } from "../../src/store/entities.ts";
import { runnerQueue } from "../../src/store/runner-queue.ts";
import { revokeToken } from "../../src/store/tokens.ts";
import type { World } from "../support/world.ts";
import { type Answered, Site } from "./site.ts";

const GIT = "https://git.acme.test/shop.git";

/** A project of runners has no checks. */
const OFF = { mode: "off" };

let site: Site;
let token: string;
beforeEach(async () => {
	const setting = { stage: { refs: { tags: ["**"] }, ci: OFF }, production: { approvals: { required: 0 }, ci: OFF } };
	site = await Site.open({ setting, deps: throughRunners });
	const { db } = site.world.deps;
	await db.getRepository(IntegrationTable).update({ slug: "fake" }, { provider: "runner" });
	await db.getRepository(ProjectTable).update({ slug: "shop" }, { repository: GIT, pipeline: "deploy/run.sh" });
	token = await site.token("runner");
});
afterEach(() => site.close());

/** Refs and checks as a test sets them; the work goes to runners, by the real queue. */
function throughRunners({ pipeline, deps: { db } }: World): Partial<Deps> {
	const pipelineOf = ({ id }: { readonly id: string }): PipelinePort => {
		const runner = new RunnerPipeline({ queue: runnerQueue(db, id), env: {} });
		return {
			triggerIsIdempotent: true,
			resolveRef: (...of) => pipeline.resolveRef(...of),
			checks: (...of) => pipeline.checks(...of),
			listRefs: (...of) => pipeline.listRefs(...of),
			trigger: (request) => runner.trigger(request),
			find: (project, jobId, since) => runner.find(project, jobId, since),
			report: (project, externalId) => runner.report(project, externalId),
			cancel: (...of) => runner.cancel(...of),
			compare: (...of) => pipeline.compare(...of),
			steps: (...of) => runner.steps(...of),
			log: (...of) => runner.log(...of),
		};
	};
	return { pipelineOf };
}

const claim = (more: object = {}, as = token): Promise<Answered> =>
	site.api("POST", "/runner/claim", { token: as, body: { runner: "box", labels: [], waitSeconds: 0, ...more } });
const tell = (work: Work, verb: "heartbeat" | "log" | "finish", body: object = {}, as = token): Promise<Answered> =>
	site.api("POST", `/runner/work/${work.jobId}/${verb}`, { token: as, body: { lease: work.lease, ...body } });
const finish = (work: Work, more: object = {}, as = token) =>
	tell(work, "finish", { outcome: "succeeded", reason: null, ...more }, as);
const stateOf = async (run: { number: number }): Promise<string> =>
	(await site.api("GET", `/runs/${run.number}`)).body.state;

async function offered() {
	const run = await site.run("stage");
	await site.world.work();
	return run;
}

async function claimed(): Promise<{ run: Awaited<ReturnType<Site["run"]>>; work: Work }> {
	const run = await offered();
	const answer = await claim();
	expect(answer.status).toBe(200);
	return { run, work: Work.parse(answer.body) };
}

const LOST = { status: 409, type: "application/problem+json", body: { code: "lease_lost" } };

test("work is claimed, kept alive, told of and finished", async () => {
	const { run, work } = await claimed();
	expect(work).toMatchObject({
		...{ jobId: run.id, sha: run.sha, repository: GIT, entrypoint: "deploy/run.sh", leaseSeconds: 60 },
		variables: { JOB_ID: run.id, ENV: "stage", REF: "v1.0.0", SHA: run.sha, TYPE: "deploy" },
	});
	expect(await stateOf(run)).toBe("running");
	expect(await tell(work, "heartbeat")).toMatchObject({ status: 200, body: { cancel: false } });
	expect((await tell(work, "log", { from: 0, lines: ["one", "two\0", "\ud800"] })).status).toBe(204);
	expect((await tell(work, "log", { from: 1, lines: ["again", "again", "four"] })).status).toBe(204);
	expect((await finish(work)).status).toBe(204);
	expect((await finish(work)).status).toBe(204);
	expect(await finish(work, { outcome: "failed", reason: "no" })).toMatchObject(LOST);
	expect(await stateOf(run)).toBe("succeeded");
	const lines: { line: string }[] = (await site.api("GET", `/runs/${run.number}/log`)).body.items;
	expect(lines.map(({ line }) => line)).toEqual(["one", "two\ufffd", "\ufffd", "four"]);
	expect((await claim()).status).toBe(204);
});

test("what a runner sends holds no secret, also when it came in two posts, and one of them twice", async () => {
	site.world.secrets = ["own-secret-of-the-hub"];
	const { run, work } = await claimed();
	expect((await tell(work, "log", { from: 0, lines: ["a", "own-secret-of"] })).status).toBe(204);
	for (let n = 0; n < 2; n++)
		expect((await tell(work, "log", { from: 2, lines: ["-the-hub", `drv_${"x1".repeat(15)} b`] })).status).toBe(204);
	const lines: { line: string }[] = (await site.api("GET", `/runs/${run.number}/log`)).body.items;
	expect(lines.map(({ line }) => line)).toEqual(["a", "***", "***", "*** b"]);
});

test("a log that does not end is cut at 200,000 lines, one line says so, and the work is not disturbed", async () => {
	const { run, work } = await claimed();
	for (let n = 0; n < 2; n++)
		expect((await tell(work, "log", { from: 199_999, lines: ["the last", "one too many", "more"] })).status).toBe(204);
	expect((await tell(work, "log", { from: 200_002, lines: ["and more"] })).status).toBe(204);
	expect((await tell(work, "log", { from: 200_000, lines: ["and again"] })).status).toBe(204);
	const { items } = (await site.api("GET", `/runs/${run.number}/log?cursor=199998`)).body;
	expect(items.map(({ line }: { line: string }) => line)).toEqual([
		"the last",
		"The log ends here: it is longer than 200000 lines. The work goes on, and the rest is left out.",
	]);
	expect((await finish(work)).status).toBe(204);
	expect(await stateOf(run)).toBe("succeeded");
});

test("of many runners that ask at once, one gets the work", async () => {
	await offered();
	const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => claim({ runner: `box ${i}` })));
	expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(204)]);
});

test("a long poll is answered as soon as there is work", async () => {
	const poll = claim({ waitSeconds: 30 });
	const run = await offered();
	expect((await poll).body).toMatchObject({ jobId: run.id });
});

test("a runner that went away while it waited is given nothing", async () => {
	const gone = new AbortController();
	const poll = fetch(`${site.url}/api/v1/runner/claim`, {
		...{ method: "POST", signal: gone.signal, body: JSON.stringify({ runner: "gone", labels: [], waitSeconds: 30 }) },
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
	});
	const seen = async () =>
		((await site.world.deps.db.query("SELECT 1 FROM runner WHERE name = 'gone'")) as unknown[]).length;
	while ((await seen()) === 0) await new Promise((resolve) => setImmediate(resolve));
	gone.abort();
	await expect(poll).rejects.toThrow();
	const run = await offered();
	expect((await claim({ waitSeconds: 5 })).body).toMatchObject({ jobId: run.id });
});

describe("a lease", () => {
	test("that ran out is lost: what comes late is not heard, and the run has failed", async () => {
		const { run, work } = await claimed();
		// By the database's clock alone: this replica's own is months off, and that changes nothing.
		const pass = (seconds: number) =>
			site.world.deps.db.query("UPDATE runner_work SET lease_until = lease_until - $1 * interval '1 s'", [seconds]);
		expect((await tell(work, "heartbeat")).status).toBe(200);
		await site.world.pass(300_000);
		await pass(55);
		expect((await tell(work, "heartbeat")).status).toBe(200);
		await pass(55);
		await site.world.work();
		expect(await stateOf(run)).toBe("running");
		await pass(6);
		expect(await tell(work, "heartbeat")).toMatchObject(LOST);
		expect(await tell(work, "log", { from: 0, lines: ["late"] })).toMatchObject(LOST);
		expect(await finish(work)).toMatchObject(LOST);
		await site.world.pass(61_000);
		expect(await site.api("GET", `/runs/${run.number}`)).toMatchObject({
			body: { state: "failed", reason: expect.stringContaining("stopped answering") },
		});
		expect((await site.api("GET", `/runs/${run.number}/log`)).body.items).toEqual([]);
	});

	test("of another claim, of no work, or of what is no id, is not the caller's", async () => {
		const { work } = await claimed();
		expect(await tell({ ...work, lease: work.lease + 1 }, "heartbeat")).toMatchObject(LOST);
		expect(await tell({ ...work, jobId: randomUUID() }, "heartbeat")).toMatchObject(LOST);
		expect(await tell({ ...work, jobId: "nothing" }, "heartbeat")).toMatchObject(LOST);
		expect(await finish({ ...work, lease: 0 })).toMatchObject(LOST);
	});

	test("is of the token that claimed it: another one of the same integration does not touch it, and is told so", async () => {
		const { run, work } = await claimed();
		const { plain: other } = await site.newToken({ may: { runnerOf: null } });
		const sentence = "This work is not yours (any more): stop it.";
		const notTheirs = { ...LOST, body: { code: "lease_lost", detail: sentence } };
		expect(await tell(work, "heartbeat", {}, other)).toMatchObject(notTheirs);
		expect(await tell(work, "log", { from: 0, lines: ["x"] }, other)).toMatchObject(notTheirs);
		expect(await finish(work, {}, other)).toMatchObject(notTheirs);
		expect(await stateOf(run)).toBe("running");
		expect((await finish(work)).status).toBe(204);
		expect((await site.api("GET", `/runs/${run.number}/log`)).body.items).toEqual([]);
	});

	test("is of its integration: a token for another one neither claims nor touches it", async () => {
		const run = await offered();
		const other = randomUUID();
		await site.world.deps.db.getRepository(IntegrationTable).insert({
			...{
				id: other,
				slug: "other",
				provider: "runner",
				baseUrl: null,
				settings: {},
				secrets: null,
				managedBy: "file",
			},
		});
		const foreign = (await site.newToken({ may: { runnerOf: other } })).plain;
		expect((await claim({}, foreign)).status).toBe(204);
		const work = Work.parse((await claim()).body);
		for (const verb of ["heartbeat", "log", "finish"] as const) {
			const body =
				verb === "log" ? { from: 0, lines: ["x"] } : verb === "finish" ? { outcome: "failed", reason: null } : {};
			expect(await tell(work, verb, body, foreign)).toMatchObject(LOST);
		}
		expect(await stateOf(run)).toBe("running");
	});
});

test("a cancel is told with the next heartbeat, and is over when the runner says so", async () => {
	const { run, work } = await claimed();
	await site.api("POST", `/runs/${run.number}/cancel`);
	await site.world.work();
	expect((await tell(work, "heartbeat")).body).toEqual({ cancel: true });
	expect(await stateOf(run)).toBe("cancelling");
	await finish(work, { outcome: "cancelled", reason: "It was stopped." });
	expect(await stateOf(run)).toBe("cancelled");
});

test("work that asks for labels goes to who carries them all", async () => {
	await site.world.deps.db.query("UPDATE environment SET labels = '{eu,big}' WHERE slug = 'stage'");
	const run = await offered();
	expect((await claim({ labels: ["eu"] })).status).toBe(204);
	expect((await claim({ labels: ["big", "eu", "gpu"] })).body).toMatchObject({ jobId: run.id });
});

describe("work that no runner takes in time says who was there, and what to do", () => {
	async function waitedInVain(labels: string): Promise<string> {
		await site.world.deps.db.query("UPDATE environment SET labels = $1::text[] WHERE slug = 'stage'", [labels]);
		const run = await offered();
		await site.world.pass(10 * 60_000 + 1);
		const { body } = await site.api("GET", `/runs/${run.number}`);
		expect(body.state).toBe("failed");
		return body.reason;
	}

	test("when no runner carries its labels", async () => {
		await claim({ labels: ["linux"] });
		expect(await waitedInVain("{gpu,eu}")).toMatch(
			/^No runner with the labels eu, gpu asked for work within 10m\. Runners seen: box \(linux; asked \d+s ago\)\. Start one with --labels gpu,eu, or correct the labels of the environment\.$/,
		);
	});

	test("when no runner was ever there", async () => {
		expect(await waitedInVain("{}")).toBe(
			"No runner asked for work within 10m, and none ever did: start one (draven runner).",
		);
	});

	test("when all that fit are at work", async () => {
		const production = await site.run("production");
		await site.world.work();
		expect((await claim({ labels: ["gpu"] })).body).toMatchObject({ jobId: production.id });
		expect(await waitedInVain("{gpu}")).toMatch(
			/^No runner with the label gpu was free within 10m: box \(gpu; at work\)/,
		);
	});

	test("when one that fits has gone away", async () => {
		await claim({ labels: ["gpu"] });
		expect(await waitedInVain("{gpu}")).toMatch(
			/^No runner with the label gpu began it within 10m\. Runners seen: box \(gpu; asked \d+s ago\)\./,
		);
	});
});

test("the doctor compares the labels of environments with what runners carry, and says where checks are asked for", async () => {
	const { db } = site.world.deps;
	const row = await db.getRepository(IntegrationTable).findOneByOrFail({ provider: "runner" });
	const found = async () =>
		(await examineRunners({ db }, row)).map(({ check, state, found }) => `${check} ${state}: ${found}`);
	expect(await found()).toEqual([expect.stringContaining("no runner has ever asked for work")]);
	await claim({ labels: ["linux"] });
	expect(await found()).toEqual([expect.stringMatching(/ok: runners that wait for work: box$/)]);
	await db.query("UPDATE environment SET labels = '{gpu}' WHERE slug = 'stage'");
	await db.query("UPDATE policy SET rules = rules - 'ci' WHERE slug = 'production'");
	expect((await found()).slice(1)).toEqual([
		"Environment shop/stage wrong: it asks for the labels gpu, and no runner that asks for work carries them all: box (linux)",
		"Environment shop/production wrong: its policy production wants green checks, and a project of runners has none: every deploy is refused",
	]);
});

test("a token that was revoked while its runner is at work is heard no more", async () => {
	const { id, plain } = await site.newToken({ may: { runnerOf: null } });
	await offered();
	const work = Work.parse((await claim({}, plain)).body);
	await revokeToken(site.world.deps, id, SYSTEM_ACTOR);
	expect(await finish(work, {}, plain)).toMatchObject({ status: 401 });
});

test.each([
	["claim", { runner: "", labels: [], waitSeconds: 0 }],
	["claim", { runner: "a\0", labels: [], waitSeconds: 0 }],
	["claim", { runner: "box", labels: [], waitSeconds: 3_600 }],
	["claim", { runner: "box" }],
	["work/x/log", { lease: 1, from: -1, lines: [] }],
	["work/x/log", { lease: 1, from: 1e12, lines: [] }],
	["work/x/finish", { lease: 1, outcome: "won", reason: null }],
])("%s does not take %j", async (path, body) => {
	expect(await site.api("POST", `/runner/${path}`, { token, body })).toMatchObject({
		...{ status: 422, type: "application/problem+json" },
	});
});
