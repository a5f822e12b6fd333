import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { describe, expect, test } from "@jest/globals";
import { Webhooks } from "@octokit/webhooks";
import type { WebhookDefinition } from "@octokit/webhooks-examples";
import { githubWebhook } from "../../../adapters/github/webhook.ts";

const SECRET = "It's a Secret to Everybody";
const JOB_ID = "0b8f7a5e-1c2d-4e3f-8a9b-0c1d2e3f4a5b";
const examples: readonly WebhookDefinition[] = createRequire(import.meta.url)("@octokit/webhooks-examples");

const RUN = {
	id: 9_000_000_001,
	name: `deploy main to stage (${JOB_ID})`,
	display_title: `deploy main to stage (${JOB_ID})`,
	path: ".github/workflows/deploy.yml",
	event: "workflow_dispatch",
	status: "in_progress" as string | null,
	conclusion: null as string | null,
	run_attempt: 1,
	html_url: "https://github.test/acme/web/actions/runs/9000000001",
};
const body = (run: object = {}, more: object = {}) =>
	Buffer.from(
		JSON.stringify({
			action: "in_progress",
			workflow_run: { ...RUN, ...run },
			repository: { full_name: "acme/web" },
			...more,
		}),
	);
const headers = (event = "workflow_run", delivery = "1") => ({
	"x-github-event": event,
	"x-github-delivery": delivery,
});
const read = (run: object = {}, more: object = {}) => githubWebhook.read(body(run, more), headers());
const reportOf = (run: object = {}, more: object = {}) => {
	const content = read(run, more);
	if (content.kind !== "report") throw new Error(JSON.stringify(content));
	return content.report;
};

describe("the signature", () => {
	const raw = Buffer.from("Hello, World!");
	const good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
	const verify = (given: string | string[] | undefined, of = raw, secret = SECRET) =>
		githubWebhook.verify(secret, of, given === undefined ? {} : { "x-hub-signature-256": given }, new Date());

	test("is the one of GitHub's documentation, and the one that Octokit makes", async () => {
		expect(verify(good)).toBe(true);
		const text = body().toString();
		const signature = await new Webhooks({ secret: SECRET }).sign(text);
		expect(verify(signature, Buffer.from(text))).toBe(true);
	});

	test("is over the raw bytes, also when they are no text", () => {
		const bytes = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);
		const hex = createHmac("sha256", SECRET).update(bytes).digest("hex");
		expect(verify(`sha256=${hex}`, bytes)).toBe(true);
		expect(verify(`sha256=${hex}`, Buffer.from(bytes.toString("utf8")))).toBe(false);
	});

	test("does not fit another body, another secret, or an empty one", () => {
		expect(verify(good, Buffer.from("Hello, World?"))).toBe(false);
		expect(verify(good, raw, "another")).toBe(false);
		const empty = createHmac("sha256", "").update(raw).digest("hex");
		expect(verify(`sha256=${empty}`, raw, "")).toBe(false);
	});

	test.each([
		undefined,
		"",
		"sha256=",
		"sha256=zz",
		good.slice(7),
		good.replace("sha256", "sha1"),
		good.slice(0, -2),
		`${good}00`,
		` ${good}`,
		`${good}, ${good}`,
		good.replace(/.$/, "\u0130"),
		`sha256=${"g".repeat(64)}`,
		`sha256=${"💥".repeat(32)}`,
		[good],
	])("that is malformed is false and throws nothing (%j)", (given) => {
		expect(verify(given)).toBe(false);
	});
});

describe("what is of interest", () => {
	test("are runs, jobs, deployments and their reviews, and the others are told why they are not", () => {
		for (const event of ["workflow_run", "workflow_job", "deployment_status", "deployment_review"])
			expect(githubWebhook.ignoredBecause(headers(event))).toBeNull();
		expect(githubWebhook.ignoredBecause(headers("ping"))).toContain("whether we are here");
		for (const event of ["push", "deployment", "check_run"])
			expect(githubWebhook.ignoredBecause(headers(event))).toContain(event);
	});
});

describe("what makes two deliveries the same one", () => {
	const key = (run: object = {}, more: object = {}, delivery = "1") =>
		githubWebhook.deliveryKey(body(run, more), headers("workflow_run", delivery));

	test("is what the body says, whatever the header says: the signature does not cover it", () => {
		expect(key({}, {}, "2")).toBe(key({}, {}, "1"));
		expect(githubWebhook.deliveryKey(body(), {})).toBe(key());
	});

	test("is the run, its attempt, what happened, and how it stands", () => {
		const keys = [
			key(),
			key({ id: 9_000_000_002 }),
			key({ run_attempt: 2 }),
			key({}, { action: "completed" }),
			key({ status: "completed" }),
			key({ status: "completed", conclusion: "success" }),
			key({ status: "completed", conclusion: "failure" }),
			key({}, { repository: { full_name: "acme/other" } }),
		];
		expect(new Set(keys).size).toBe(keys.length);
	});

	test("is the body itself when it cannot be read", () => {
		const of = (text: string) => githubWebhook.deliveryKey(Buffer.from(text), headers());
		expect(of("{")).toBe(of("{"));
		expect(of("{")).not.toBe(of("{{"));
		expect(of("null")).not.toBe(of("[]"));
	});
});

describe("a webhook", () => {
	test("becomes a report that says whose it is", () => {
		expect(read()).toEqual({
			kind: "report",
			repository: "acme/web",
			pipeline: "deploy.yml",
			report: {
				externalId: "9000000001",
				attempt: 1,
				externalUrl: "https://github.test/acme/web/actions/runs/9000000001",
				status: "running",
				reason: null,
				jobId: JOB_ID,
			},
		});
	});

	test("is believed for its status and conclusion, not for its action", () => {
		expect(reportOf({ status: "completed", conclusion: "success" }, { action: "in_progress" }).status).toBe(
			"succeeded",
		);
		expect(reportOf({ status: "queued", conclusion: null }, { action: "completed" }).status).toBe("queued");
		expect(reportOf({ status: "completed", conclusion: null }, { action: "completed" }).status).toBeNull();
		expect(reportOf({ status: "completed", conclusion: "unheard_of" }).status).toBeNull();
		expect(reportOf({ status: "completed", conclusion: "action_required" }).status).toBe("waiting");
	});

	test("counts attempts from one", () => {
		expect(reportOf({ run_attempt: 3 }).attempt).toBe(3);
		for (const run_attempt of [0, -1, null, "2", undefined]) expect(reportOf({ run_attempt }).attempt).toBe(1);
	});

	test("carries the JOB_ID in its display_title or its name, and of two UUIDs it is the last", () => {
		expect(reportOf({ display_title: undefined }).jobId).toBe(JOB_ID);
		expect(reportOf({ display_title: "Deploy", name: "" }).jobId).toBeNull();
		expect(reportOf({ display_title: undefined, name: "" }).jobId).toBeNull();
		const ref = "11111111-2222-4333-8444-555555555555";
		expect(reportOf({ display_title: `deploy ${ref} to stage (${JOB_ID.toUpperCase()})` }).jobId).toBe(JOB_ID);
	});

	test("names the workflow by its file, whatever the run is called, and says when it does not know it", () => {
		const pipeline = (path: unknown) => {
			const content = read({ path, name: "CI" });
			return content.kind === "report" ? content.pipeline : content;
		};
		expect(pipeline(".github/workflows/deploy.yml@refs/heads/x/other.yml")).toBe("deploy.yml");
		expect(pipeline(".github/workflows/release.yaml@main")).toBe("release.yaml");
		for (const path of [undefined, null, "", 7, "dynamic/github-code-scanning/codeql"])
			expect(pipeline(path)).toBeNull();
	});

	test("of a run that nobody dispatched is ignored: a pull request may be called like a JOB_ID", () => {
		for (const event of ["pull_request", "pull_request_target", "push", "schedule"])
			expect(read({ event })).toMatchObject({ kind: "ignored", because: expect.stringContaining(event) });
		expect(read({ event: undefined }).kind).toBe("report");
	});

	test("has no link but one of the web", () => {
		expect(reportOf({ html_url: "javascript:alert(1)" }).externalUrl).toBeNull();
		expect(reportOf({ html_url: null }).externalUrl).toBeNull();
	});

	test("is read from inside a form too", () => {
		const form = Buffer.from(new URLSearchParams({ payload: body().toString() }).toString());
		const type = { ...headers(), "content-type": "application/x-www-form-urlencoded" };
		expect(githubWebhook.read(form, type)).toEqual(read());
		expect(githubWebhook.deliveryKey(form, type)).toBe(githubWebhook.deliveryKey(body(), headers()));
	});

	test.each(["", "{", "null", "[]", "1", '"x"', "{}", '{"workflow_run":null}', '{"workflow_run":{"id":1}}'])(
		"that makes no sense is ignored and throws nothing (%s)",
		(text) => {
			expect(githubWebhook.read(Buffer.from(text), headers())).toMatchObject({ kind: "ignored" });
			expect(githubWebhook.read(Buffer.from(text), {})).toMatchObject({ kind: "ignored" });
		},
	);

	test.each([{ id: "1" }, { id: -1 }, { id: null }, { id: 1.5 }])("whose run has no id is ignored (%j)", (run) => {
		expect(read(run)).toMatchObject({ kind: "ignored" });
	});

	test("whose fields are of any other type still is read", () => {
		for (const odd of [1, true, null, {}, [], undefined])
			expect(
				read({ ...{ name: odd, display_title: odd, path: odd, status: odd, conclusion: odd }, html_url: odd }),
			).toMatchObject({
				kind: "report",
				report: { status: null, jobId: null, externalUrl: null },
			});
	});
});

describe("what only says that something happened to a run", () => {
	const of = (event: string, more: object) =>
		githubWebhook.read(Buffer.from(JSON.stringify({ repository: { full_name: "acme/web" }, ...more })), headers(event));
	const nudge = { kind: "nudge", repository: "acme/web", run: "9000000001" };

	test("makes us ask: a job, a deployment, a review", () => {
		const workflow_job = { id: 1, run_id: RUN.id, status: "waiting" };
		expect(of("workflow_job", { action: "waiting", workflow_job })).toEqual(nudge);
		const workflow_run = { ...RUN, status: "queued", event: "pull_request" };
		expect(of("deployment_status", { deployment_status: { state: "success" }, workflow_run })).toEqual(nudge);
		expect(of("deployment_review", { action: "requested", since: "5 minutes ago", workflow_run })).toEqual(nudge);
	});

	test("is not taken for the word of the run itself, under whatever event it comes", () => {
		const workflow_run = { ...RUN, status: "completed", conclusion: "success" };
		expect(of("workflow_run", { action: "approved", since: "now", workflow_run })).toEqual(nudge);
	});

	test("of no run is ignored", () => {
		for (const body of [
			{ deployment_status: {}, workflow_run: null },
			{ workflow_job: { run_id: "1" } },
			{ since: "x" },
		])
			expect(of("deployment_status", body).kind).toBe("ignored");
	});

	test("is the same delivery only when every byte is", () => {
		const key = (status: string) =>
			githubWebhook.deliveryKey(
				Buffer.from(JSON.stringify({ repository: { full_name: "a/b" }, workflow_job: { run_id: 1, status } })),
				headers("workflow_job"),
			);
		expect(key("queued")).toBe(key("queued"));
		expect(key("queued")).not.toBe(key("completed"));
	});
});

describe("every payload that was recorded", () => {
	const NUDGES = ["workflow_job", "deployment_status", "deployment_review"];
	const all = examples.flatMap(({ name, examples: list }) => list.map((payload) => ({ name, payload })));

	test("is read without an error, only runs of workflows are reports, and only what is of one makes us ask", () => {
		expect(all.length).toBeGreaterThan(200);
		for (const { name, payload } of all) {
			const raw = Buffer.from(JSON.stringify(payload));
			for (const given of [headers(name), headers("workflow_run"), {}]) {
				const content = githubWebhook.read(raw, given);
				expect(githubWebhook.deliveryKey(raw, given)).toMatch(/^(run|body):[0-9a-f]{64}$/);
				if (content.kind === "report") expect(name).toBe("workflow_run");
				if (content.kind === "nudge") expect(NUDGES).toContain(name);
			}
		}
	});

	test("of a dispatched run that has neither title nor path, and completed while it is queued, is queued", () => {
		const recorded = all.find(
			({ name, payload }) =>
				name === "workflow_run" && "workflow_run" in payload && payload.workflow_run?.event === "workflow_dispatch",
		);
		expect(githubWebhook.read(Buffer.from(JSON.stringify(recorded?.payload)), headers())).toMatchObject({
			kind: "report",
			pipeline: null,
			report: { status: "queued", jobId: null, attempt: 1 },
		});
	});
});
