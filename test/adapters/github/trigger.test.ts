import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { errorOf, Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

describe("a dispatch", () => {
	test("sends the five variables as texts, and answers with the run", async () => {
		const request = at.request();
		const report = await at.pipeline.trigger(request);
		const run = at.repository.runOf(request.variables.JOB_ID);
		expect(report).toEqual({
			externalId: String(run.id),
			attempt: 1,
			externalUrl: `https://github.test/acme/web/actions/runs/${run.id}`,
			status: "queued",
			reason: null,
			jobId: request.variables.JOB_ID,
		});
		expect(at.dispatches()).toEqual([{ ref: "main", inputs: request.variables, return_run_details: true }]);
		expect(at.github.requests[0]?.headers).toMatchObject({ "x-github-api-version": "2022-11-28" });
	});

	test("names the branch or tag, and for a SHA the default branch: GitHub takes no SHA there", async () => {
		await at.pipeline.trigger(at.request({ kind: "tag", name: "v1.0.0", sha: SHA.one }));
		await at.pipeline.trigger(at.request({ kind: "sha", name: SHA.one, sha: SHA.one }));
		expect(at.dispatches()).toMatchObject([
			{ ref: "v1.0.0", inputs: { REF: "v1.0.0", SHA: SHA.one } },
			{ ref: "main", inputs: { REF: SHA.one, SHA: SHA.one } },
		]);
	});

	test.each([
		["tag", "refs/tags/v1.0.0", SHA.one],
		["branch", "refs/heads/v1.0.0", SHA.three],
	] as const)("names the %s by its full name where a tag and a branch have the same one", async (kind, full, sha) => {
		at.repository.branch("v1.0.0", SHA.three);
		const request = at.request({ kind, name: "v1.0.0", sha });
		await at.pipeline.trigger(request);
		expect(at.dispatches()).toMatchObject([{ ref: full, inputs: { REF: "v1.0.0", SHA: sha } }]);
		expect(at.repository.runOf(request.variables.JOB_ID).head_sha).toBe(sha);
	});

	test("names it by its full name when GitHub refuses to say whether there are two", async () => {
		for (const status of [400, 403, 422]) at.github.fault(/git\/ref/, { status, body: { message: "Not for you" } });
		for (let n = 0; n < 3; n++) await at.pipeline.trigger(at.request());
		expect(at.dispatches()).toMatchObject(Array(3).fill({ ref: "refs/heads/main" }));
	});

	test("is not sent when it cannot be told whether there are two, and surely did not happen", async () => {
		for (const fault of [{ status: 502 }, "drop"] as const) {
			at.github.fault(/git\/ref/, fault);
			expect(await errorOf(at.pipeline.trigger(at.request()))).toMatchObject({
				kind: "unavailable",
				mayHaveHappened: false,
			});
		}
		expect(at.dispatches()).toEqual([]);
	});

	test("of a rollback whose branch or tag is gone reads the workflow from the default branch, and says so", async () => {
		const request = at.request({ kind: "tag", name: "v0.9.0", sha: SHA.three, type: "rollback" });
		expect(await at.pipeline.trigger(request)).toMatchObject({
			status: "queued",
			reason: expect.stringMatching(/^The tag v0\.9\.0 is gone.* workflow is read from main.* commit/),
		});
		expect(at.dispatches()).toMatchObject([
			{ ref: "v0.9.0" },
			{ ref: "main", inputs: { REF: "v0.9.0", SHA: SHA.three } },
		]);
		expect(at.repository.runs).toHaveLength(1);
	});

	test("goes without run details to an Enterprise Server, which starts it once and gives no id", async () => {
		at.github.enterprise = true;
		const [first, second] = [at.request(), at.request()];
		expect(await at.pipeline.trigger(first)).toBeNull();
		expect(await at.pipeline.trigger(second)).toBeNull();
		expect(at.repository.runs).toHaveLength(2);
		// It is asked for the details once in the life of the adapter.
		expect(at.dispatches()).toHaveLength(3);
		expect(await at.pipeline.find(at.project, second.variables.JOB_ID, new Date())).toMatchObject({
			externalId: String(at.repository.runOf(second.variables.JOB_ID).id),
		});
	});

	test("goes without run details to an older server too, which calls that a bad request", async () => {
		at.github.fault(/dispatches/, { status: 400, body: { message: '"return_run_details" is not a permitted key.' } });
		expect(await at.pipeline.trigger(at.request())).toBeNull();
		expect(at.dispatches()).toMatchObject([{ return_run_details: true }, { ref: "main" }]);
		expect(at.repository.runs).toHaveLength(1);
	});

	test("carries parameters, and is refused before it is sent when they are too many for GitHub", async () => {
		const parameters = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`p${n}`, "x"]));
		at.repository.workflow("deploy.yml", {
			inputs: ["JOB_ID", "ENV", "REF", "SHA", "TYPE", ...Object.keys(parameters)],
		});
		await at.pipeline.trigger(at.request({ parameters }));
		expect(at.dispatches()).toMatchObject([{ inputs: parameters }]);
		const error = await errorOf(at.pipeline.trigger(at.request({ parameters: { ...parameters, more: "x" } })));
		expect(error).toMatchObject({ kind: "rejected", mayHaveHappened: false, message: expect.stringContaining("25") });
		expect(at.dispatches()).toHaveLength(1);
	});
});

describe("a dispatch that GitHub refuses says what to do", () => {
	const refusal = async (request = at.request()) => {
		const error = await errorOf(at.pipeline.trigger(request));
		expect(error.mayHaveHappened).toBe(false);
		expect(at.repository.runs).toEqual([]);
		return `${error.kind}: ${error.message}`;
	};

	test("when the workflow cannot be dispatched", async () => {
		at.repository.workflow("deploy.yml", { dispatch: false });
		expect(await refusal()).toMatch(/^rejected: .*'workflow_dispatch' trigger\. deploy\.yml has no .* at main: put/);
	});

	test("when the workflow does not declare the inputs", async () => {
		at.repository.workflow("deploy.yml", { inputs: ["JOB_ID", "ENV"] });
		expect(await refusal()).toMatch(
			/^rejected: .*Unexpected inputs.*"REF".* Declare in deploy\.yml at main the inputs/,
		);
	});

	test("when the workflow wants more", async () => {
		at.repository.workflow("deploy.yml", { required: ["color"] });
		expect(await refusal()).toMatch(/^rejected: .*'color' not provided\. .*make it optional/);
	});

	test("when the branch is gone", async () => {
		expect(await refusal(at.request({ name: "gone" }))).toMatch(
			/^rejected: .*No ref found.*gone is not there any more/,
		);
	});

	test("when a rollback's tag and the default branch are gone", async () => {
		at.repository.refs.delete("heads/main");
		expect(await refusal(at.request({ kind: "tag", name: "v0.9.0", type: "rollback" }))).toMatch(
			/^rejected: .*No ref found.*main is not there any more/,
		);
	});

	test("when the workflow is disabled", async () => {
		at.repository.workflow("deploy.yml", { enabled: false });
		expect(await refusal()).toMatch(/^rejected: .*disabled.* Enable deploy\.yml/);
	});

	test("when an Enterprise Server takes fewer inputs", async () => {
		at.github.enterprise = true;
		const parameters = { a: "1", b: "2", c: "3", d: "4", e: "5", f: "6" };
		expect(await refusal(at.request({ parameters }))).toMatch(/^rejected: .*up to 10.* declare fewer parameters/);
	});

	test("when there is no such workflow", async () => {
		at.repository.workflows.clear();
		expect(await refusal()).toMatch(/^not_found: .*no workflow deploy\.yml in acme\/web.*default branch/);
	});

	test("with GitHub's own words when they are new to us", async () => {
		at.github.fault(/dispatches/, { status: 422, body: { message: "Quota of dreams exceeded" } });
		expect(await refusal()).toMatch(/^rejected: GitHub says: Quota of dreams exceeded\. Mend deploy\.yml/);
	});
});

describe("a dispatch whose answer is lost", () => {
	test("surely did not happen when a limit was reached", async () => {
		at.github.fault(/dispatches/, { status: 403, body: { message: "You have exceeded a secondary rate limit." } });
		expect(await errorOf(at.pipeline.trigger(at.request()))).toMatchObject({
			kind: "rate_limited",
			mayHaveHappened: false,
			retryAfter: 60,
		});
	});
});
