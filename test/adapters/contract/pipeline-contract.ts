import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { isLogCut } from "../../../src/core/log-cut.ts";
import type { PipelineReport, TriggerRequest } from "../../../src/ports/pipeline.ts";
import { type ContractSetting, errorOf, requestTo } from "./contract-setting.ts";
import { httpContract } from "./http-contract.ts";

/**
 * What every provider of pipelines does alike: the semantics of `src/ports/pipeline.ts`, method by method.
 *
 * To plug a provider in, write `<provider>.test.ts` here: a function that opens a ContractSetting (a fake with COMMITS in its repository,
 * `main` at the third, the annotated tag `v1.0.0` at the first, and a port that speaks with it), and `pipelineContract(name, open, has)`.
 * `has` says what there is to hold it to; what is left out there is null in the setting. A fake over HTTP takes `http` from its
 * ProviderServer (test/fakes/provider-server.ts). What only one provider does is told in its own tests (`test/adapters/<provider>`).
 */
export function pipelineContract(
	name: string,
	open: () => Promise<ContractSetting>,
	has: { readonly ci: boolean; readonly steps: boolean; readonly log: boolean; readonly http: boolean },
): void {
	describe(`${name} keeps the contract:`, () => {
		let at: ContractSetting;
		beforeEach(async () => {
			at = await open();
		});
		afterEach(() => at.close());

		refs(() => at);
		evidence(() => at);
		work(() => at);
		if (has.ci) checks(() => at);
		if (has.steps) steps(() => at);
		if (has.log) log(() => at);
		if (has.http) httpContract(() => at);
	});
}

type At = () => ContractSetting;

/** A pipeline that was taken, and what there is to know it by. */
async function started(
	at: ContractSetting,
): Promise<{ request: TriggerRequest; jobId: string; report: PipelineReport }> {
	const request = requestTo(at);
	const jobId = request.variables.JOB_ID;
	const report = (await at.port.trigger(request)) ?? (await at.port.find(at.project, jobId, new Date()));
	if (report === null) throw new Error("what was just started is not found");
	return { request, jobId, report };
}

function refs(at: At): void {
	const resolve = (ref: string) => at().port.resolveRef(at().project, ref);
	const list = (query: string) => at().port.listRefs(at().project, query);

	describe("a ref", () => {
		test("is a branch or a tag by its name, also one with slashes, or one that looks like a short SHA", async () => {
			const [first, second, third] = at().shas;
			await at().branch("feature/login/form", second);
			await at().branch(third.slice(0, 8), second);
			expect(await resolve("main")).toEqual({ name: "main", kind: "branch", sha: third });
			expect(await resolve("v1.0.0")).toEqual({ name: "v1.0.0", kind: "tag", sha: first });
			expect(await resolve("feature/login/form")).toMatchObject({ kind: "branch", sha: second });
			expect(await resolve(third.slice(0, 8))).toMatchObject({ kind: "branch", sha: second });
		});

		test("that is a tag and a branch is the tag", async () => {
			const [first, second] = at().shas;
			await at().branch("both", first);
			await at().tag("both", second);
			expect(await resolve("both")).toEqual({ name: "both", kind: "tag", sha: second });
		});

		test("is a SHA in either case, when there is such a commit", async () => {
			const [, , third] = at().shas;
			expect(await resolve(third)).toEqual({ name: third, kind: "sha", sha: third });
			expect(await resolve(third.toUpperCase())).toEqual({ name: third, kind: "sha", sha: third });
			expect(await resolve(at().goneSha)).toBeNull();
		});

		test("that nobody has, or that is no name, is null", async () => {
			for (const ref of [
				"nope",
				"mai",
				"1.0.0",
				"",
				"..",
				"../../../user",
				"a..b",
				"main?x=1",
				"a b",
				"-x",
				"main~1",
				"v1.*",
			])
				expect(await resolve(ref)).toBeNull();
		});
	});

	describe("the names for a picker", () => {
		test("contain what was typed, in either case, carry their commits, and show no branch that a tag hides", async () => {
			const [first, second, third] = at().shas;
			await at().branch("fix-v1", second);
			await at().branch("both", first);
			await at().tag("both", second);
			expect(new Set((await list("V1")).map(({ name }) => name))).toEqual(new Set(["v1.0.0", "fix-v1"]));
			expect(await list("v1.0")).toEqual([{ name: "v1.0.0", kind: "tag", sha: first }]);
			expect(await list("both")).toEqual([{ name: "both", kind: "tag", sha: second }]);
			expect(await list("")).toContainEqual({ name: "main", kind: "branch", sha: third });
			expect(await list("nothing is called so")).toEqual([]);
		});

		test("are a hundred at most, and hundreds of tags do not push the branches out", async () => {
			for (let number = 0; number < 120; number++) await at().tag(`build-${number}`, at().shas[0]);
			const found = await list("");
			expect(found).toHaveLength(100);
			expect(found).toContainEqual({ name: "main", kind: "branch", sha: at().shas[2] });
		});
	});
}

function evidence(at: At): void {
	const compare = (base: string, head: string) => at().port.compare(at().project, base, head);

	describe("what lies between two commits", () => {
		test("is counted both ways, and those ahead are told newest first, with authors and first lines", async () => {
			const [first, second, third] = at().shas;
			expect(await compare(first, third)).toMatchObject({
				...{ ahead: 2, behind: 0, more: false },
				commits: [
					{ sha: third, title: "Sell tea", author: { name: "Bob", email: "bob@acme.test" } },
					{ sha: second, title: "Mend the till", author: { name: "Ada", email: "ada@acme.test" } },
				],
			});
			expect(await compare(third, first)).toMatchObject({ ahead: 0, behind: 2, commits: [] });
			expect(await compare(second, second)).toMatchObject({ ahead: 0, behind: 0, commits: [] });
		});

		test("is not known of a commit that is not there (any more)", async () => {
			expect(await compare(at().goneSha, at().shas[2])).toBeNull();
			expect(await compare(at().shas[2], at().goneSha)).toBeNull();
		});
	});
}

function work(at: At): void {
	describe("a pipeline", () => {
		test("is started once, known by its JOB_ID, and followed by its id", async () => {
			const { jobId, report } = await started(at());
			await started(at());
			expect(at().starts(jobId)).toBe(1);
			expect(report).toMatchObject({ externalId: expect.any(String), attempt: 1, reason: null });
			expect(report.status).toMatch(/^(queued|running)$/);
			const { port, project } = at();
			expect(await port.find(project, jobId, new Date())).toMatchObject({ externalId: report.externalId, jobId });
			expect(await port.report(project, report.externalId)).toMatchObject({ externalId: report.externalId });
		});

		test("carries a tag, a SHA and parameters as well", async () => {
			const [first, second] = at().shas;
			for (const request of [
				requestTo(at(), { kind: "tag", name: "v1.0.0", sha: first }),
				requestTo(at(), { kind: "sha", name: second, sha: second }),
			]) {
				await at().port.trigger(request);
				expect(at().starts(request.variables.JOB_ID)).toBe(1);
			}
		});

		test("is reported as it stands", async () => {
			const { jobId, report } = await started(at());
			for (const status of ["queued", "running", "succeeded", "failed", "cancelled", "timed_out"] as const) {
				await at().set(jobId, status);
				expect(await at().port.report(at().project, report.externalId)).toMatchObject({ status });
			}
		});

		test("that nobody knows is null, and so is an id that is none", async () => {
			const { port, project } = at();
			expect(await port.find(project, randomUUID(), new Date())).toBeNull();
			for (const id of ["4711471147", "", "../../user", "-1"]) expect(await port.report(project, id)).toBeNull();
		});

		test("stops when the provider says so: a cancel only asks, and asks nothing of what is over", async () => {
			const { jobId, report } = await started(at());
			const { port, project } = at();
			await at().set(jobId, "running");
			await port.cancel(project, report.externalId);
			expect(at().cancelAsked(jobId)).toBe(true);
			expect(await port.report(project, report.externalId)).toMatchObject({ status: "running" });
			await at().set(jobId, "succeeded");
			await port.cancel(project, report.externalId);
			expect(await port.report(project, report.externalId)).toMatchObject({ status: "succeeded" });
		});

		test("may have been started when the answer is lost, and then is found by its JOB_ID, among others", async () => {
			await started(at());
			await at().loseAnswer();
			const request = requestTo(at());
			const jobId = request.variables.JOB_ID;
			const { port, project } = at();
			expect(await errorOf(port.trigger(request))).toMatchObject({ kind: "unavailable", mayHaveHappened: true });
			await started(at());
			expect(await port.find(project, jobId, new Date())).toMatchObject({ jobId });
			// Whoever may be called again does it, and nothing comes twice of it.
			if (port.triggerIsIdempotent) await port.trigger(request);
			expect(at().starts(jobId)).toBe(1);
		});

		test("that is refused surely was not started", async () => {
			const { refuse, port, project } = at();
			if (refuse === null) return;
			await refuse();
			const request = requestTo(at());
			const error = await errorOf(port.trigger(request));
			expect(error).toMatchObject({ passing: false, mayHaveHappened: false });
			expect(error.message).toMatch(/^[A-Z].*\.$/);
			expect(await port.find(project, request.variables.JOB_ID, new Date())).toBeNull();
		});

		test("has no jobs to show, and no log, when nobody knows it", async () => {
			const { port, project } = at();
			expect(await port.steps(project, "4711471147")).toEqual([]);
			expect(await port.log(project, "4711471147")).toBeNull();
		});
	});
}

function checks(at: At): void {
	const read = async (sha: string) =>
		Object.fromEntries((await at().port.checks(at().project, sha)).map(({ name, state }) => [name, state]));

	describe("the checks of a commit", () => {
		test("are none when there are none", async () => {
			expect(await read(at().shas[2])).toEqual({});
		});

		test("are those of this commit, each with its state", async () => {
			const [, second, third] = at().shas;
			await at().check?.(third, "build", "success");
			await at().check?.(third, "lint", "failure");
			await at().check?.(third, "slow", "pending");
			await at().check?.(second, "of another commit", "failure");
			expect(await read(third)).toEqual({ build: "success", lint: "failure", slow: "pending" });
		});

		test("leave our own pipelines out, failed or under way: a retry must not stand in its own way", async () => {
			await at().check?.(at().shas[2], "build", "success");
			const { jobId } = await started(at());
			await at().set(jobId, "failed");
			const second = await started(at());
			await at().set(second.jobId, "running");
			expect(await read(at().shas[2])).toEqual({ build: "success" });
		});
	});
}

function steps(at: At): void {
	describe("the jobs of a run", () => {
		test("are told with their names and states, in their order", async () => {
			const { jobId, report } = await started(at());
			await at().set(jobId, "running");
			await at().step?.(jobId, "prepare", "succeeded");
			await at().step?.(jobId, "release", "running");
			const told = await at().port.steps(at().project, report.externalId);
			expect(told.slice(-2)).toMatchObject([
				{ name: expect.stringMatching(/(^| )prepare$/), status: "succeeded" },
				{ name: expect.stringMatching(/(^| )release$/), status: "running" },
			]);
			expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
		});
	});
}

function log(at: At): void {
	describe("the log of a run", () => {
		test("is what its jobs wrote, in its order", async () => {
			const { jobId, report } = await started(at());
			await at().set(jobId, "succeeded");
			await at().writeLog?.(jobId, ["Hello", "  world"]);
			expect((await at().port.log(at().project, report.externalId))?.slice(-2)).toEqual(["Hello", "  world"]);
		});

		test("is its end when it is long: 10,000 lines and 2 MB at most", async () => {
			const { jobId, report } = await started(at());
			await at().set(jobId, "succeeded");
			const lines = Array.from({ length: 12_000 }, (_, n) => `line ${n}`);
			await at().writeLog?.(jobId, lines);
			const many = await at().port.log(at().project, report.externalId);
			expect(many).toHaveLength(10_000);
			expect(many?.at(-1)).toBe("line 11999");
			expect(isLogCut(many?.[0] ?? "")).toBe(true);
			await at().writeLog?.(
				jobId,
				lines.slice(0, 5_000).map((line) => line.padEnd(1_000)),
			);
			const large = (await at().port.log(at().project, report.externalId)) ?? [];
			expect(isLogCut(large.find((line) => line.startsWith("── The")) ?? "")).toBe(true);
			expect(large.at(-1)?.trim()).toBe("line 4999");
			expect(large.join("\n").length).toBeLessThanOrEqual(2_000_000);
		});

		test("is null when nothing was kept", async () => {
			const { report } = await started(at());
			expect(await at().port.log(at().project, report.externalId)).toBeNull();
		});
	});
}
