import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { FakeState } from "../../fakes/bitbucket/state.ts";
import { errorOf, requestTo } from "../contract/contract-setting.ts";
import { over, Setting, SHA } from "./setting.ts";

const STARTS = /^POST .*\/pipelines$/;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const inProgress = (name?: string): FakeState => ({
	name: "IN_PROGRESS",
	...(name === undefined ? {} : { stage: { name } }),
});

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

describe("how a pipeline stands", () => {
	test.each<[string, FakeState, string | null, RegExp | null]>([
		["pending", { name: "PENDING" }, "queued", null],
		["in progress without a stage", inProgress(), "running", null],
		["running", inProgress("RUNNING"), "running", null],
		["paused", inProgress("PAUSED"), "waiting", /somebody to start its next step/],
		["paused, as its name", { name: "PAUSED" }, "waiting", /somebody to start its next step/],
		["halted", inProgress("HALTED"), "waiting", /halted/],
		["successful", over("SUCCESSFUL"), "succeeded", null],
		["failed", over("FAILED"), "failed", null],
		[
			"in error",
			over("ERROR", { error: { key: "x", message: "Your file\n has no image" } }),
			"failed",
			/^Bitbucket could not run it: Your file has no image\.$/,
		],
		["in error without a word", over("ERROR"), "failed", /^Bitbucket could not run it\.$/],
		["stopped", over("STOPPED"), "cancelled", null],
		["stopped by somebody", over("STOPPED", { terminator: { display_name: "Bob" } }), "cancelled", /by Bob\.$/],
		["expired", over("EXPIRED"), "timed_out", /longer than Bitbucket allows/],
		["of an unknown stage", inProgress("EVAPORATING"), null, null],
		["of an unknown result", over("EVAPORATED"), null, null],
		["of an unknown name", { name: "EVAPORATED" }, null, null],
		["completed without a result", { name: "COMPLETED" }, null, null],
		["called like a property of every object", { name: "constructor" }, null, null],
	])("is told when it is %s", async (_what, state, status, reason) => {
		const { report, run } = await at.started();
		at.repository.set(run, state);
		expect(await at.port.report(at.project, report.externalId)).toMatchObject({
			status,
			reason: reason === null ? null : expect.stringMatching(reason),
		});
	});

	test("is its id in braces, its page by its number, and a higher attempt when it was run again", async () => {
		const { report, run } = await at.started();
		run.run_number = 3;
		expect(report.externalId).toMatch(/^\{[0-9a-f-]{36}\}$/);
		expect(await at.port.report(at.project, report.externalId)).toMatchObject({
			externalId: run.uuid,
			attempt: 3,
			externalUrl: `https://bitbucket.org/acme/web/pipelines/results/${run.build_number}`,
		});
		expect(at.bitbucket.requests.at(-1)?.path).toContain("/pipelines/%7B");
	});

	test("is told with odd and missing parts", async () => {
		const uuid = "{0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b}";
		const bare = { uuid, build_number: 7 };
		for (const body of [
			bare,
			{ ...bare, state: null, variables: null, target: null, run_number: "2" },
			{ ...bare, state: "PENDING", variables: "none", target: [] },
		]) {
			at.bitbucket.fault(/./, { status: 200, body });
			expect(await at.port.report(at.project, uuid)).toMatchObject({ status: null, attempt: 1, jobId: null });
		}
	});
});

describe("the start of a pipeline", () => {
	test("names branch and tag with the commit, and a SHA by itself", async () => {
		await at.started();
		await at.started({ kind: "tag", name: "v1.0.0", sha: SHA.one });
		await at.started({ kind: "sha", name: SHA.two, sha: SHA.two });
		const selector = { type: "custom", pattern: "deploy" };
		const commit = (hash: string) => ({ type: "commit", hash });
		expect(at.bitbucket.asked(STARTS).map(({ body }) => (body as { target: object }).target)).toEqual([
			{ type: "pipeline_ref_target", ref_type: "branch", ref_name: "main", commit: commit(SHA.three), selector },
			{ type: "pipeline_ref_target", ref_type: "tag", ref_name: "v1.0.0", commit: commit(SHA.one), selector },
			{ type: "pipeline_commit_target", commit: commit(SHA.two), selector },
		]);
	});

	test("sends no secured variable: it would read back empty, JOB_ID too", async () => {
		const { run } = await at.started({ parameters: { migrate: "true" } });
		expect(run.variables.map(({ secured }) => secured)).not.toContain(true);
		expect(at.repository.sentWith(run)).toMatchObject({ migrate: "true", TYPE: "deploy" });
	});

	test("that is answered with something odd was taken: it is looked for", async () => {
		for (const body of ["", {}, { uuid: null }, { uuid: "{1}", build_number: "4" }]) {
			at.bitbucket.fault(STARTS, { status: 201, body });
			expect(await at.port.trigger(requestTo(at))).toBeNull();
		}
	});

	test("is refused with what to do: no custom pipeline, no such ref, Pipelines off, a missing scope", async () => {
		const refusal = async () => (await errorOf(at.port.trigger(requestTo(at)))).message;
		at.repository.custom.clear();
		expect(await refusal()).toContain('There is no custom pipeline "deploy" in bitbucket-pipelines.yml at main.');
		at.repository.custom.add("deploy");
		at.repository.branches.delete("main");
		expect(await refusal()).toContain("Bitbucket finds no main");
		at.repository.enabled = false;
		expect(await refusal()).toContain("Is Pipelines enabled there");
		at.bitbucket.scopes = ["repository", "pipeline"];
		expect(await refusal()).toContain("Give it the scope pipeline:write.");
	});
});

describe("a token", () => {
	test("goes as it is when it is an access token, and with its address when it is an API token", async () => {
		await at.port.resolveRef(at.project, "main");
		await at.connect({ token: at.bitbucket.apiToken }).resolveRef(at.project, "main");
		const [plain, withAddress] = ["tags/main", "tags/main"].map(
			(path, n) => at.bitbucket.asked(new RegExp(path))[n]?.headers["authorization"],
		);
		expect(plain).toBe(`Bearer ${at.bitbucket.token}`);
		expect(withAddress).toBe(`Basic ${Buffer.from(at.bitbucket.apiToken).toString("base64")}`);
	});

	test("of the old kind, an app password, is told to have ended", async () => {
		const error = await errorOf(at.connect({ token: "ada:anAppPassword" }).resolveRef(at.project, "main"));
		expect(error).toMatchObject({ kind: "unauthorized", message: expect.stringContaining("app passwords have ended") });
	});

	test("is used below /2.0, however the baseUrl is written", async () => {
		for (const end of ["", "/", "/2.0", "/2.0/"]) {
			const port = at.connect({ baseUrl: `${at.bitbucket.url}${end}` });
			expect(await port.resolveRef(at.project, "main")).toMatchObject({ sha: SHA.three });
		}
	});
});

describe("a run whose answer was lost", () => {
	test("is found on a later page, and asked for no further than its start", async () => {
		let now = new Date("2026-03-04T10:00:00Z");
		at.bitbucket.now = () => now;
		const custom = { type: "custom", pattern: "deploy" };
		const commit = { type: "commit", hash: SHA.one } as const;
		const many = () => {
			for (let n = 0; n < 150; n++) at.repository.start({ type: "pipeline_commit_target", commit, selector: custom });
		};
		many();
		now = new Date(now.getTime() + HOUR);
		const since = now;
		const { run } = await at.started();
		many();
		const jobId = at.repository.sentWith(run)["JOB_ID"] ?? "";
		at.bitbucket.requests.splice(0);
		expect(await at.port.find(at.project, jobId.toUpperCase(), since)).toMatchObject({ externalId: run.uuid });
		expect(at.bitbucket.requests).toHaveLength(2);
		const gone = "00000000-0000-4000-8000-000000000000";
		expect(await at.port.find(at.project, gone, since)).toBeNull();
		expect(at.bitbucket.requests).toHaveLength(4);
		// What was started long before is another one.
		expect(await at.port.find(at.project, jobId, new Date(since.getTime() + HOUR))).toBeNull();
	});

	test("is none of several at its commit that carry its JOB_ID, and that at its commit when the others are not", async () => {
		const { run } = await at.started();
		const jobId = at.repository.sentWith(run)["JOB_ID"] ?? "";
		const asked = { ref: { name: "main", kind: "branch", sha: run.target.commit.hash }, type: "deploy" } as const;
		const find = () => at.port.find(at.project, jobId, new Date(), asked);
		at.repository.start({ ...run.target, commit: { type: "commit", hash: SHA.one } }, run.variables);
		expect(await find()).toMatchObject({ externalId: run.uuid });
		at.repository.start(run.target, run.variables);
		const error = await errorOf(find());
		expect([error.kind, error.message]).toEqual([
			"rejected",
			expect.stringMatching(/^2 pipelines at Bitbucket carry the JOB_ID .* None is followed/),
		]);
	});

	test("is nothing that was there before it was called", async () => {
		let now = new Date("2026-03-04T10:00:00Z");
		at.bitbucket.now = () => now;
		const { run } = await at.started();
		now = new Date(now.getTime() + MINUTE / 2);
		const jobId = at.repository.sentWith(run)["JOB_ID"] ?? "";
		expect(await at.connect({ now: () => now }).find(at.project, jobId, now)).toBeNull();
	});
});

describe("a pipeline that a person started with a JOB_ID", () => {
	test("is not the run when it is another pipeline than the project's", async () => {
		const { run } = await at.started();
		const jobId = "0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b";
		const variables = [{ key: "JOB_ID", value: jobId, secured: false }];
		at.repository.start({ ...run.target, selector: { type: "custom", pattern: "nightly" } }, variables);
		expect(await at.port.find(at.project, jobId, new Date())).toBeNull();
		const ours = at.repository.start(run.target, variables);
		expect(await at.port.find(at.project, jobId, new Date())).toMatchObject({ externalId: ours.uuid });
	});
});

describe("pages", () => {
	test("are followed by what the next one asks for, never to where it leads", async () => {
		const seen: string[] = [];
		const other = createServer((request, response) => {
			seen.push(request.url ?? "");
			response.end("{}");
		});
		await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
		const next = `http://127.0.0.1:${(other.address() as AddressInfo).port}/stolen?page=1&pagelen=100`;
		at.bitbucket.fault(/refs\/tags$/, { status: 200, body: { values: [], next } });
		expect(await at.port.listRefs(at.project, "v1")).toMatchObject([{ name: "v1.0.0" }]);
		expect(seen).toEqual([]);
		await new Promise((resolve) => other.close(resolve));
	});
});

describe("the rate limit", () => {
	test("nearly used up: what can wait goes once a minute, starts and stops go at once", async () => {
		let now = new Date("2026-03-04T10:00:00Z");
		at.bitbucket.now = () => now;
		const port = at.connect({ now: () => now });
		const { report, run } = await at.started();
		at.repository.set(run, inProgress("RUNNING"));
		const poll = () => port.report(at.project, report.externalId, true);
		await poll();
		await poll();
		at.bitbucket.spend(900);
		// This answer says so, and the next look is the one of this minute.
		await poll();
		await poll();
		const before = at.bitbucket.requests.length;
		expect(await errorOf(poll())).toMatchObject({ kind: "rate_limited", retryAfter: 60, mayHaveHappened: false });
		expect(at.bitbucket.requests).toHaveLength(before);
		await port.cancel(at.project, report.externalId);
		expect(run.stopAsked).toBe(true);
		now = new Date(now.getTime() + MINUTE);
		expect(await poll()).toMatchObject({ status: "running" });
	});

	test("used up: it is not knocked at again before a minute has passed, and the hour rolls on", async () => {
		let now = new Date("2026-03-04T10:00:00Z");
		at.bitbucket.now = () => now;
		at.bitbucket.limit = 2;
		const port = at.connect({ now: () => now });
		const ask = () => port.resolveRef(at.project, SHA.one);
		await ask();
		await ask();
		expect(await errorOf(ask())).toMatchObject({ kind: "rate_limited", retryAfter: 60 });
		const before = at.bitbucket.requests.length;
		expect(await errorOf(port.trigger(requestTo(at)))).toMatchObject({ kind: "rate_limited", mayHaveHappened: false });
		expect(at.bitbucket.requests).toHaveLength(before);
		now = new Date(now.getTime() + HOUR);
		expect(await ask()).toMatchObject({ kind: "sha" });
	});
});
