import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { gitlabWebhook } from "../../../adapters/gitlab/webhook.ts";
import { deploymentHook, jobHook, pipelineHook } from "../../fakes/gitlab/hooks.ts";
import { FakeProject } from "../../fakes/gitlab/project.ts";
import { shaOf } from "../../fakes/sha-of.ts";

const JOB_ID = "0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b";
const NOW = new Date("2026-03-04T10:00:00Z");

const web = new FakeProject("acme/web", 1, () => NOW);
web.branch("main", shaOf("one"));
const run = web.start("main", { variables: { JOB_ID, ENV: "stage" } });
web.set(run, "running");
const [job] = run.jobs;
if (job === undefined) throw new Error("no job");

const headers = (event = "Pipeline Hook", more: Record<string, string> = {}) => ({ "x-gitlab-event": event, ...more });
const raw = (text: string) => Buffer.from(text);
/** A Pipeline Hook whose object_attributes, and whose body, are as told. */
const body = (attributes: object = {}, more: object = {}) => {
	const whole = JSON.parse(pipelineHook(web, run, attributes));
	return raw(JSON.stringify({ ...whole, ...more }));
};
const read = (attributes: object = {}, more: object = {}) => gitlabWebhook.read(body(attributes, more), headers());
const reportOf = (attributes: object = {}, more: object = {}) => {
	const content = read(attributes, more);
	if (content.kind !== "report") throw new Error(JSON.stringify(content));
	return content.report;
};

describe("a plain token", () => {
	const verify = (given: string | string[] | undefined, secret = "a token of ours") =>
		gitlabWebhook.verify(secret, body(), given === undefined ? {} : { "x-gitlab-token": given }, NOW);

	test("is the very one, of whatever length", () => {
		expect(verify("a token of ours")).toBe(true);
		for (const given of [undefined, "", "a token of our", "a token of ours ", "A token of ours", ["a token of ours"]])
			expect(verify(given)).toBe(false);
		expect(verify("", "")).toBe(false);
	});
});

describe("a signing token", () => {
	const key = randomBytes(32);
	const secret = `whsec_${key.toString("base64")}`;
	const sign = (of: Buffer, id: string, at: number | string, by: Buffer = key) =>
		`v1,${createHmac("sha256", by).update(`${id}.${at}.`).update(of).digest("base64")}`;
	const seconds = NOW.getTime() / 1_000;
	const signed = (more: Record<string, string | undefined> = {}, at: number | string = seconds) => ({
		"webhook-id": "msg-1",
		"webhook-timestamp": String(at),
		"webhook-signature": sign(body(), "msg-1", at),
		...more,
	});
	const verify = (given: Record<string, string | string[] | undefined>, of = body(), by = secret) =>
		gitlabWebhook.verify(by, of, given, NOW);

	test("signs the id, the time and the raw bytes", () => {
		expect(verify(signed())).toBe(true);
		const bytes = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);
		expect(verify(signed({ "webhook-signature": sign(bytes, "msg-1", seconds) }), bytes)).toBe(true);
		expect(verify(signed(), raw("{}"))).toBe(false);
		expect(verify(signed({ "webhook-id": "msg-2" }))).toBe(false);
		expect(verify(signed({ "webhook-timestamp": String(seconds + 1) }))).toBe(false);
	});

	test("is the one of the documentation of Standard Webhooks", () => {
		const given = {
			"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
			"webhook-timestamp": "1614265330",
			"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		};
		const at = new Date(1_614_265_330_000);
		const by = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
		expect(gitlabWebhook.verify(by, raw('{"test": 2432232314}'), given, at)).toBe(true);
	});

	test("takes one of several signatures, as while a key is changed", () => {
		const other = sign(body(), "msg-1", seconds, randomBytes(32));
		const ours = signed()["webhook-signature"];
		expect(verify(signed({ "webhook-signature": `${other} v1a,abc ${ours}` }))).toBe(true);
		expect(verify(signed({ "webhook-signature": other }))).toBe(false);
	});

	test("holds for five minutes, before and after", () => {
		for (const [off, good] of [
			[299, true],
			[-299, true],
			[301, false],
			[-301, false],
		] as const)
			expect(verify(signed({}, seconds + off))).toBe(good);
	});

	test("takes no delivery that is not signed, also with the token itself as X-Gitlab-Token", () => {
		expect(verify({ "x-gitlab-token": secret })).toBe(false);
		for (const missing of ["webhook-id", "webhook-timestamp", "webhook-signature"])
			expect(verify(signed({ [missing]: undefined }))).toBe(false);
		for (const at of ["", "soon", "-1", `${seconds}.0`, "9".repeat(30)]) expect(verify(signed({}, at))).toBe(false);
		for (const signature of ["", "v1,", "v2,abc", signed()["webhook-signature"].slice(3), "v1,💥"])
			expect(verify(signed({ "webhook-signature": signature }))).toBe(false);
	});

	test("without a key signs nothing", () => {
		const empty = sign(body(), "msg-1", seconds, Buffer.alloc(0));
		expect(verify(signed({ "webhook-signature": empty }), body(), "whsec_")).toBe(false);
	});
});

describe("what is of interest", () => {
	test("are pipelines and jobs, and the others are told why they are not", () => {
		for (const event of ["Pipeline Hook", "Job Hook", "Deployment Hook", "System Hook"])
			expect(gitlabWebhook.ignoredBecause(headers(event))).toBeNull();
		for (const event of ["Push Hook", "Merge Request Hook", "Note Hook"])
			expect(gitlabWebhook.ignoredBecause(headers(event))).toContain(event);
	});
});

describe("what makes two deliveries the same one", () => {
	const key = (of = body(), more: Record<string, string> = {}) =>
		gitlabWebhook.deliveryKey(of, headers("Pipeline Hook", more));

	test("is GitLab's own id of the delivery, signed or not", () => {
		const id = "f5e5f430-f57b-4e6e-9fac-d9128cd7232f";
		expect(key(body(), { "idempotency-key": id })).toBe(key(body({ status: "success" }), { "idempotency-key": id }));
		expect(key(body(), { "webhook-id": id })).toBe(key(body(), { "idempotency-key": id }));
		expect(key(body(), { "idempotency-key": id })).not.toBe(key(body(), { "idempotency-key": `${id}0` }));
	});

	test("never is the event's UUID, which all hooks share that it sets off", () => {
		expect(key(body(), { "x-gitlab-event-uuid": "1" })).toBe(key(body(), { "x-gitlab-event-uuid": "2" }));
		const uuid = { "x-gitlab-event-uuid": "1" };
		expect(key(body(), uuid)).not.toBe(key(body({ status: "success" }), uuid));
	});

	test("is what the body says when no id comes: the pipeline, how it stands, and its jobs", () => {
		const later = JSON.parse(body().toString()).builds.map((build: { id: number }) => ({ ...build, id: build.id + 1 }));
		const keys = [
			key(),
			key(body({ id: 77 })),
			key(body({ status: "success" })),
			key(body({}, { builds: later })),
			key(body({}, { project: { path_with_namespace: "acme/other" } })),
			key(raw(jobHook(web, run, job))),
			key(raw(jobHook(web, run, { ...job, status: "failed" }))),
			key(raw(jobHook(web, run, { ...job, id: 5 }))),
		];
		expect(new Set(keys).size).toBe(keys.length);
		expect(key(body({ duration: 5, detailed_status: "passed" }))).toBe(key());
	});

	test("is the body itself when it cannot be read, or the id makes no sense", () => {
		expect(key(raw("{"))).not.toBe(key(raw("{{")));
		expect(key(body(), { "idempotency-key": "\u0000" })).toBe(key());
	});
});

describe("a Pipeline Hook", () => {
	test("becomes a report that says whose it is", () => {
		expect(read()).toEqual({
			kind: "report",
			repository: "acme/web",
			pipeline: null,
			report: {
				externalId: String(run.id),
				attempt: 1,
				externalUrl: `https://gitlab.test/acme/web/-/pipelines/${run.id}`,
				status: "running",
				reason: null,
				jobId: JOB_ID,
			},
		});
	});

	test("carries the JOB_ID in its variables, or in inputs mode in its name", () => {
		const name = `deploy main to stage (${JOB_ID.toUpperCase()})`;
		expect(reportOf({ variables: [], name }).jobId).toBe(JOB_ID);
		expect(reportOf({ variables: undefined, name }).jobId).toBe(JOB_ID);
		expect(reportOf({ variables: [{ key: "JOB_ID", value: "nonsense" }], name: null }).jobId).toBeNull();
		expect(reportOf({ variables: null, name: undefined }).jobId).toBeNull();
	});

	test("of what the API did not start carries no JOB_ID: whoever may push sets names and variables", () => {
		for (const source of ["push", "web", "merge_request_event", "schedule", "trigger", "parent_pipeline"])
			expect(reportOf({ source, name: `x (${JOB_ID})` })).toMatchObject({ externalId: String(run.id), jobId: null });
		expect(reportOf({ source: undefined }).jobId).toBe(JOB_ID);
	});

	test("tells a timeout by its jobs, and makes us ask when it does not tell them", () => {
		const failed = (failure_reason: string | null, allow_failure = false) => ({
			builds: [{ id: 5, name: "deploy", status: "failed", failure_reason, allow_failure, created_at: null }],
		});
		expect(reportOf({ status: "failed" }, failed("job_execution_timeout"))).toMatchObject({
			status: "timed_out",
			reason: 'The job "deploy" ran out of time.',
		});
		expect(reportOf({ status: "failed" }, failed("script_failure")).status).toBe("failed");
		expect(reportOf({ status: "failed" }, failed("job_execution_timeout", true)).status).toBe("failed");
		for (const builds of [[], null, undefined, "odd"])
			expect(read({ status: "failed" }, { builds })).toEqual({
				kind: "nudge",
				repository: "acme/web",
				run: String(run.id),
			});
	});

	test("of a pipeline of which something was started again is of a later attempt", () => {
		const builds = (created_at: string) => ({ builds: [{ id: 5, name: "deploy", status: "success", created_at }] });
		const attempt = (created: string, built: string) =>
			reportOf({ created_at: created, status: "success" }, builds(built)).attempt;
		expect(attempt("2026-03-04 10:00:00 UTC", "2026-03-04 10:00:02 UTC")).toBe(1);
		expect(attempt("2026-03-04 10:00:00 UTC", "2026-03-04 10:05:00 UTC")).toBe(2);
		expect(attempt("2026-03-04 11:00:00 +0100", "2026-03-04T10:00:02.000Z")).toBe(1);
		expect(attempt("2026-03-04T10:00:00.000Z", "2026-03-04 11:05:00 +0100")).toBe(2);
		expect(attempt("some time", "2026-03-04T10:05:00.000Z")).toBe(1);
	});

	test("keeps the state on a word that is new to us, and says what is waited for", () => {
		expect(reportOf({ status: "dreaming" }).status).toBeNull();
		expect(reportOf({ status: "manual" })).toMatchObject({
			status: "waiting",
			reason: expect.stringContaining("manual"),
		});
	});

	test("names its project by its path, or by git's or the web's address of it", () => {
		const repository = (project: unknown, more: object = {}) => {
			const content = read({}, { project, ...more });
			return content.kind === "ignored" ? null : content.repository;
		};
		expect(repository({ path_with_namespace: "Acme/Sub/Web" })).toBe("Acme/Sub/Web");
		expect(repository({ git_ssh_url: "git@gitlab.test:acme/web.git", web_url: "https://x.test/git/acme/web" })).toBe(
			"acme/web",
		);
		expect(repository({ git_ssh_url: "ssh://git@gitlab.test:2222/acme/web.git" })).toBe("acme/web");
		expect(repository({ path_with_namespace: "", web_url: "https://gitlab.test/acme/web" })).toBe("acme/web");
		expect(repository(null, { repository: { homepage: "https://gitlab.test/acme/web" } })).toBe("acme/web");
		expect(repository(null)).toBeNull();
	});

	test("is read whatever its fields are: missing, null, or of any other type", () => {
		const fields = ["iid", "url", "name", "source", "variables", "created_at", "status", "ref", "duration"];
		for (const odd of [undefined, null, 1, true, {}, [], [1]])
			for (const field of fields) expect(read({ [field]: odd }).kind).toBe("report");
		for (const more of [
			...[{ merge_request: null }, { user: null }, { commit: null }, { builds: [null] }, { builds: [{}] }],
			{ project: { path_with_namespace: "acme/web", id: undefined } },
		])
			expect(read({}, more)).toMatchObject({ kind: "report", repository: "acme/web" });
		expect(reportOf({ url: "javascript:alert(1)" }).externalUrl).toBeNull();
	});

	test.each([{ id: "1" }, { id: -1 }, { id: null }, { id: 1.5 }])("whose pipeline has no id is ignored (%j)", (odd) => {
		expect(read(odd)).toMatchObject({ kind: "ignored" });
	});
});

describe("a Job Hook", () => {
	const readJob = (change: object = {}) => gitlabWebhook.read(raw(jobHook(web, run, job, change)), headers("Job Hook"));
	const nudge = { kind: "nudge", repository: "acme/web", run: String(run.id) };

	test("makes us ask after its pipeline, whose id its commit has too", () => {
		expect(readJob()).toEqual(nudge);
		expect(readJob({ pipeline_id: undefined })).toEqual(nudge);
		expect(readJob({ commit: undefined })).toEqual(nudge);
		expect(readJob({ project: undefined })).toEqual(nudge);
		expect(readJob({ build_status: "dreaming", retries_count: undefined })).toEqual(nudge);
	});

	test("is ignored when the job was only made, or it names no pipeline", () => {
		expect(readJob({ build_status: "created" })).toMatchObject({ kind: "ignored" });
		expect(readJob({ pipeline_id: null, commit: null })).toMatchObject({ kind: "ignored" });
		expect(readJob({ project: null, repository: null })).toMatchObject({ kind: "ignored" });
	});
});

describe("a Deployment Hook", () => {
	test("is ignored, in whichever of its forms the time comes", () => {
		const text = deploymentHook(web, job, "running", NOW);
		for (const time of ["2026-03-04 10:00:00 UTC", "2026-03-04 11:00:00 +0100", "2026-03-04T10:00:00.000Z", null]) {
			const changed = JSON.stringify({ ...JSON.parse(text), status_changed_at: time });
			expect(gitlabWebhook.read(raw(changed), headers("Deployment Hook"))).toMatchObject({
				kind: "ignored",
				because: expect.stringContaining("names its job and no pipeline"),
			});
		}
	});
});

test.each(["", "{", "null", "[]", "1", '"x"', "{}", '{"object_kind":"pipeline"}', '{"object_kind":"push"}'])(
	"what makes no sense is ignored and throws nothing (%s)",
	(text) => {
		for (const given of [headers(), headers("Job Hook"), {}])
			expect(gitlabWebhook.read(raw(text), given)).toMatchObject({ kind: "ignored" });
	},
);

test("whatever stands in the place of a field, or of many, it is read, or ignored with a reason", () => {
	const samples = [
		["Pipeline Hook", pipelineHook(web, run)],
		["Job Hook", jobHook(web, run, job)],
		["Deployment Hook", deploymentHook(web, job, "success", NOW)],
	] as const;
	fc.assert(
		fc.property(
			fc.constantFrom(...samples),
			fc.array(fc.tuple(fc.nat(), fc.jsonValue()), { maxLength: 5 }),
			([event, text], changes) => {
				const places: [holder: Record<string, unknown>, key: string][] = [];
				const whole = JSON.parse(text, function (this: Record<string, unknown>, key, value: unknown) {
					if (key !== "") places.push([this, key]);
					return value;
				});
				for (const [at, value] of changes) {
					const [holder, key] = places[at % places.length] ?? [{}, ""];
					holder[key] = value;
				}
				const odd = raw(JSON.stringify(whole));
				const content = gitlabWebhook.read(odd, headers(event));
				expect(gitlabWebhook.deliveryKey(odd, headers(event))).toMatch(/^(event|body):[0-9a-f]{64}$/);
				if (content.kind === "ignored") expect(content.because).toMatch(/\.$/);
				else expect(content.repository).not.toBe("");
			},
		),
		{ numRuns: 500 },
	);
});

test("a System Hook of a whole server is read by what it holds", () => {
	expect(gitlabWebhook.read(body(), headers("System Hook")).kind).toBe("report");
});
