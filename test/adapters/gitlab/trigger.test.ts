import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { errorOf } from "../contract/contract-setting.ts";
import { Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

const NAMES = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];

describe("a start", () => {
	test("sends the five variables and the parameters, and answers with the pipeline", async () => {
		const request = at.request({ parameters: { region: "eu" } });
		const report = await at.pipeline.trigger(request);
		const run = at.shop.runOf(request.variables.JOB_ID);
		expect(report).toEqual({
			externalId: String(run.id),
			attempt: 1,
			externalUrl: `https://gitlab.test/acme/web/-/pipelines/${run.id}`,
			status: "queued",
			reason: null,
			jobId: request.variables.JOB_ID,
		});
		const variables = Object.entries(request.variables).map(([key, value]) => ({ key, value }));
		expect(at.starts()).toEqual([{ ref: "main", variables }]);
		expect(variables.map(({ key }) => key).sort()).toEqual([...NAMES, "region"].sort());
	});

	test("sends them as inputs where the project wants that, and no variable at all", async () => {
		at.shop.inputs = NAMES;
		at.shop.variablesRole = "no_one_allowed";
		const request = at.request();
		await at.connect({ mode: "inputs" }).trigger(request);
		expect(at.starts()).toEqual([{ ref: "main", inputs: request.variables }]);
	});

	test.each([
		["variables", "$PROD_DB_PASSWORD", /^region has a \$ or % with a name in it, .*mode: inputs/],
		["variables", `a${"$"}{CI_JOB_TOKEN}b`, /^region has a/],
		["variables", "%CI_JOB_TOKEN%", /^region has a/],
		["inputs", "eu\nscript: [id]", /^region has to be a single line/],
		["inputs", "eu\u2028script: [id]", /^region has to be a single line/],
	] as const)("by %s is not made with %j: the pipeline would get something else", async (mode, region, why) => {
		at.shop.inputs = [...NAMES, "region"];
		const error = await errorOf(at.connect({ mode }).trigger(at.request({ parameters: { region } })));
		expect(error).toMatchObject({ kind: "rejected", mayHaveHappened: false, message: expect.stringMatching(why) });
		expect(at.starts()).toEqual([]);
	});

	test("is made with a $ that names nothing, and by inputs with any", async () => {
		await at.pipeline.trigger(at.request({ parameters: { region: "5 $ and 10%, $(id)" } }));
		at.shop.inputs = [...NAMES, "region"];
		await at.connect({ mode: "inputs" }).trigger(at.request({ parameters: { region: "$PROD_DB_PASSWORD" } }));
		expect(at.starts()).toHaveLength(2);
	});

	test("asks a server once whether it knows inputs: an older one would start a pipeline that knows nothing of the deploy", async () => {
		at.shop.inputs = NAMES;
		const pipeline = at.connect({ mode: "inputs" });
		for (const version of ["17.11.2", "18.0.1-ee"]) {
			at.gitlab.version = version;
			const error = await errorOf(pipeline.trigger(at.request()));
			expect(error).toMatchObject({ kind: "rejected", mayHaveHappened: false });
			expect(error.message).toMatch(/inputs came with 18\.1: write mode: variables/);
		}
		expect(at.starts()).toEqual([]);
		at.gitlab.fault(/version$/, { status: 502 });
		expect(await errorOf(pipeline.trigger(at.request()))).toMatchObject({ passing: true, mayHaveHappened: false });
		at.gitlab.version = "18.1.0";
		await pipeline.trigger(at.request());
		await pipeline.trigger(at.request());
		expect(at.gitlab.asked(/version$/)).toHaveLength(4);
		at.gitlab.fault(/version$/, { status: 404, body: "hidden" });
		expect(await at.connect({ mode: "inputs" }).trigger(at.request())).toMatchObject({ status: "queued" });
	});

	test("names the branch or tag, and for a SHA the default branch: GitLab takes no SHA there", async () => {
		await at.pipeline.trigger(at.request({ kind: "tag", name: "v1.0.0", sha: SHA.one }));
		await at.pipeline.trigger(at.request({ kind: "sha", name: SHA.one, sha: SHA.one }));
		expect(at.starts()).toMatchObject([{ ref: "v1.0.0" }, { ref: "main" }]);
		expect(at.shop.pipelines[1]?.variables).toMatchObject({ REF: SHA.one, SHA: SHA.one });
	});

	test("of a name that is a tag and a branch is sent once more with its full name, and starts once", async () => {
		at.shop.branch("both", SHA.two);
		at.shop.tag("both", SHA.one);
		const [tag, branch] = [
			at.request({ kind: "tag", name: "both", sha: SHA.one }),
			at.request({ kind: "branch", name: "both", sha: SHA.two }),
		];
		await at.pipeline.trigger(tag);
		await at.pipeline.trigger(branch);
		expect(at.shop.runOf(tag.variables.JOB_ID)).toMatchObject({ tag: true, sha: SHA.one });
		expect(at.shop.runOf(branch.variables.JOB_ID)).toMatchObject({ tag: false, sha: SHA.two });
		expect(at.starts()).toMatchObject([
			{ ref: "both" },
			{ ref: "refs/tags/both" },
			{ ref: "both" },
			{ ref: "refs/heads/both" },
		]);
	});

	test("goes to the API whether or not the baseUrl names it", async () => {
		for (const baseUrl of [at.gitlab.url, `${at.gitlab.url}/`, `${at.gitlab.url}/api/v4`, `${at.gitlab.url}/api/v4/`])
			expect(await at.connect({ baseUrl }).resolveRef(at.project, "main")).toMatchObject({ sha: SHA.two });
	});
});

describe("a start that GitLab refuses says what to do", () => {
	const refusal = async (request = at.request(), mode: "variables" | "inputs" = "variables") => {
		const error = await errorOf(at.connect({ mode }).trigger(request));
		expect(error.mayHaveHappened).toBe(false);
		expect(at.shop.pipelines).toEqual([]);
		return `${error.kind}: ${error.message}`;
	};

	test("when the project forbids pipeline variables", async () => {
		at.shop.variablesRole = "no_one_allowed";
		expect(await refusal()).toMatch(
			/^rejected: .*permissions to set pipeline variables\. .*ci_pipeline_variables_minimum_override_role.*mode: inputs/,
		);
	});

	test("when the rules make no job", async () => {
		at.shop.makesJobs = false;
		expect(await refusal()).toMatch(
			/^rejected: .*will not run.* rules of the pipeline file at main make no job.*JOB_ID/,
		);
		at.gitlab.fault(/POST/, { status: 400, body: { message: { base: ["No stages / jobs for this pipeline."] } } });
		expect(await refusal()).toMatch(/No stages.* make no job/);
	});

	test("when the branch is gone", async () => {
		expect(await refusal(at.request({ name: "gone" }))).toMatch(
			/^rejected: .*Reference not found\. .*gone is not there/,
		);
	});

	test("when the file does not declare the inputs, or is not what the mode says", async () => {
		expect(await refusal(at.request(), "inputs")).toMatch(
			/^rejected: .*Declare in the spec .* at main the inputs JOB_ID.*mode: variables/,
		);
		at.shop.inputs = ["JOB_ID"];
		expect(await refusal(at.request(), "inputs")).toMatch(/^rejected: .*unknown input.*Declare/);
		expect(await refusal()).toMatch(/^rejected: .*wants inputs: write mode: inputs/);
		at.shop.inputs = [...NAMES, "color"];
		expect(await refusal(at.request(), "inputs")).toMatch(/^rejected: .*`color` input.*give it a default/);
	});

	test("when the ref is protected, or there is no file, or in GitLab's own words when they are new to us", async () => {
		for (const [said, advice] of [
			["You do not have sufficient permission to run a pipeline on 'main'", /main is protected.*Maintainer/],
			["Missing CI config file", /no pipeline file at main/],
			["`migrate` input: provided value is not a boolean", /type or the options of an input at main/],
			["Quota of dreams exceeded", /^rejected: GitLab says: Quota of dreams exceeded\. Mend the pipeline file/],
		] as const) {
			at.gitlab.fault(/POST/, { status: 400, body: { message: { base: [said] } } });
			expect(await refusal()).toMatch(advice);
		}
	});

	test("when the token may not, or the project is not there or moved", async () => {
		at.gitlab.scopes = ["read_api"];
		expect(await refusal()).toMatch(/^unauthorized: .*\(403\).*insufficient_scope.*scope api/);
		at.gitlab.scopes = ["api"];
		const elsewhere = { ...at.request(), project: { ...at.project, repository: "acme/none" } };
		expect(await refusal(elsewhere)).toMatch(/^not_found: .*acme\/none/);
		at.shop.formerPaths.push("acme/none");
		expect(await refusal(elsewhere)).toMatch(/^rejected: .*has moved.*new path/);
		expect(await at.pipeline.resolveRef(elsewhere.project, "main")).toMatchObject({ sha: SHA.two });
	});
});

describe("a rate limit", () => {
	test("is waited for by GitLab's own clock when no Retry-After comes", async () => {
		at.gitlab.ahead = 7_200_000;
		const reset = Math.floor((Date.now() + 7_200_000) / 1_000) + 90;
		at.gitlab.fault(/./, {
			status: 429,
			body: "Retry later\n",
			headers: { "ratelimit-remaining": "0", "ratelimit-reset": String(reset) },
		});
		const error = await errorOf(at.pipeline.resolveRef(at.project, "main"));
		expect(error.kind).toBe("rate_limited");
		expect(error.retryAfter).toBeGreaterThanOrEqual(88);
		expect(error.retryAfter).toBeLessThanOrEqual(91);
	});

	test("that is nearly used up is kept for starting and stopping: looks wait, and nothing is sent for them", async () => {
		const report = await at.pipeline.trigger(at.request());
		const reset = Math.floor(Date.now() / 1_000) + 60;
		at.gitlab.headers = { "ratelimit-limit": "2000", "ratelimit-remaining": "40", "ratelimit-reset": String(reset) };
		await at.pipeline.resolveRef(at.project, "main");
		const before = at.gitlab.requests.length;
		const error = await errorOf(at.pipeline.report(at.project, report?.externalId ?? "", true));
		expect(error).toMatchObject({ kind: "rate_limited", passing: true });
		expect(error.retryAfter).toBeGreaterThan(0);
		expect(at.gitlab.requests).toHaveLength(before);
		expect(await at.pipeline.trigger(at.request())).toMatchObject({ status: "queued" });
		await at.pipeline.cancel(at.project, report?.externalId ?? "");
	});
});
