import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { linkIdentity } from "../../src/store/people.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open();
});
afterAll(() => site.close());

const PROBLEM = "application/problem+json";

describe("a run", () => {
	test("is asked for, found by number and id, and followed to its end", async () => {
		const run = await site.run("stage", { reason: "the new cart" });
		expect(run).toMatchObject({
			...{ number: expect.any(Number), project: "shop", environment: "stage", type: "deploy", state: "queued" },
			...{ ref: "v1.0.0", sha: "a".repeat(40), requestedBy: { name: "operator" }, approvals: [], note: "the new cart" },
			...{ externalUrl: null, startedAt: null, finishedAt: null, reason: null },
			createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
		});
		expect((await site.api("GET", `/runs/${run.number}`)).body).toEqual(run);
		expect((await site.api("GET", `/runs/${run.id}`)).body).toEqual(run);
		expect((await site.api("GET", `/runs/${run.id.toUpperCase()}`)).body).toEqual(run);
		await site.world.work();
		await site.world.finish(await site.world.run(run.number), "failed", "The tests of the release failed.");
		expect((await site.api("GET", `/runs/${run.number}`)).body).toMatchObject({
			...{ state: "failed", reason: "The tests of the release failed." },
			...{
				externalUrl: expect.stringContaining("https://"),
				startedAt: expect.any(String),
				finishedAt: expect.any(String),
			},
		});
		const retried = await site.api("POST", `/runs/${run.number}/retry`, { token: await site.token("operator") });
		expect(retried).toMatchObject({ status: 201, body: { retryOf: run.number, sha: run.sha, state: "queued" } });
		expect(retried.headers.get("location")).toBe(`/api/v1/runs/${retried.body.id}`);
		expect((await site.api("POST", `/runs/${retried.body.number}/cancel`)).body.state).toBe("cancelled");
	});

	test("may name its environment by an alias, and its parameters as they are", async () => {
		const answer = await site.api("POST", "/runs", {
			token: await site.token("operator"),
			body: { project: "shop", environment: "prod", ref: "v1.0.0", parameters: { count: 3 } },
		});
		expect(answer).toMatchObject({ status: 422, type: PROBLEM, body: { code: "bad_parameter" } });
		expect((await site.run("production", { environment: "prod" })).environment).toBe("production");
	});

	test("of production waits for two approvers, who are not the one who asked", async () => {
		const run = await site.run("production");
		const approve = (name: string, role: "approver" | "operator" | "viewer" | "admin" = "approver") =>
			site
				.token(role, name)
				.then((token) => site.api("POST", `/runs/${run.number}/approve`, { token, body: { reason: "looks good" } }));
		expect(await approve("vera", "viewer")).toMatchObject({ status: 403, type: PROBLEM, body: { code: "no_right" } });
		expect((await approve("vera", "viewer")).body.detail).toContain("an API token with the role approver");
		expect(await approve("oda", "operator")).toMatchObject({ status: 403, body: { code: "no_right" } });
		expect(await approve("ann")).toMatchObject({ status: 200, body: { state: "waiting_approval", approvals: [{}] } });
		expect(await approve("ann")).toMatchObject({ status: 200, body: { state: "waiting_approval", approvals: [{}] } });
		await site.world.pass(1_000);
		expect(await approve("bob")).toMatchObject({
			status: 200,
			body: {
				state: "queued",
				approvals: [{ person: { name: "ann" }, decision: "approved", reason: "looks good" }, {}],
			},
		});
		expect(await approve("cem")).toMatchObject({ status: 409, body: { code: "not_possible_now" } });
	});

	test("is rejected with a reason", async () => {
		const run = await site.run("production");
		const token = await site.token("approver");
		expect(await site.api("POST", `/runs/${run.id}/reject`, { token, body: { reason: "not today" } })).toMatchObject({
			status: 200,
			body: { state: "rejected", reason: "Rejected by approver: not today", approvals: [{ decision: "rejected" }] },
		});
		expect(await site.api("POST", `/runs/${run.id}/approve`, { token })).toMatchObject({ status: 409 });
	});

	test("is not approved by its requester, whichever of their tokens they show", async () => {
		const mine = { email: "Ada@Acme.test" };
		const admin = await site.newToken({ ...mine, may: { role: "admin" } });
		const operator = await site.newToken({ email: "ada@acme.test", may: { role: "operator" } });
		const approver = await site.newToken({ ...mine, may: { role: "approver" } });
		const asked = { project: "shop", environment: "production", ref: "v1.0.0" };
		const run = (await site.api("POST", "/runs", { token: operator.plain, body: asked })).body;
		for (const token of [admin.plain, approver.plain])
			expect(await site.api("POST", `/runs/${run.id}/approve`, { token })).toMatchObject({
				...{ status: 403, body: { code: "self_approval" } },
			});
		await site.api("POST", `/runs/${run.id}/cancel`, { token: operator.plain });
	});

	test("is not approved in chat by the one who asked by the API, nor the other way round", async () => {
		site.world.people.emails.set("U_BOB", "bob@acme.test");
		const operator = await site.newToken({ email: "bob@acme.test", may: { role: "operator" } });
		const approver = await site.newToken({ email: "BOB@acme.test", may: { role: "approver" } });
		const asked = { project: "shop", environment: "production", ref: "v1.0.0" };
		const run = (await site.api("POST", "/runs", { token: operator.plain, body: asked })).body;
		expect(await site.world.say("U_BOB", `approve #${run.number}`)).toMatchObject({ code: "self_approval" });
		site.world.people.groups.get("S_OPS")?.add("U_BOB");
		const said = await site.world.runOf(await site.world.say("U_BOB", "shop@v1.0.0 to production"));
		expect(await site.api("POST", `/runs/${said.id}/approve`, { token: approver.plain })).toMatchObject({
			...{ status: 403, body: { code: "self_approval" } },
		});
		for (const { id } of [run, said]) await site.api("POST", `/runs/${id}/cancel`);
	});

	test("is not decided twice by a human whose address became known only after both of their accounts", async () => {
		const { people } = site.world;
		people.groups.get("S_LEADS")?.add("U_CY");
		await site.world.say("U_CY", "whoami");
		const operator = await site.newToken({ email: "cy@acme.test", may: { role: "operator" } });
		const approver = await site.newToken({ email: "cy@acme.test", may: { role: "approver" } });
		people.emails.set("U_CY", "cy@acme.test");
		const asked = { project: "shop", environment: "production", ref: "v1.0.0" };
		const own = (await site.api("POST", "/runs", { token: operator.plain, body: asked })).body;
		expect(await site.world.say("U_CY", `approve #${own.number}`)).toMatchObject({ code: "self_approval" });
		const other = await site.run("production");
		await site.world.say("U_CY", `approve #${other.number}`);
		expect(await site.api("POST", `/runs/${other.id}/approve`, { token: approver.plain })).toMatchObject({
			...{ status: 200, body: { state: "waiting_approval", approvals: [{ person: { name: "U_CY" } }] } },
		});
		for (const { id } of [own, other]) await site.api("POST", `/runs/${id}/cancel`);
	});

	test("says in its thread and on the trail when a token that is nobody's decided, until somebody owns that token", async () => {
		const { world } = site;
		const nobodys = await site.newToken({ name: "ci", may: { role: "approver" } });
		const owned = await site.newToken({ email: "dee@acme.test", may: { role: "approver" } });
		const run = await site.run("production");
		for (const token of [nobodys.plain, owned.plain]) await site.api("POST", `/runs/${run.id}/approve`, { token });
		const story = (await site.api("GET", `/runs/${run.id}/story`)).body.items.map(
			(item: { text: string }) => item.text,
		);
		expect(story).toContain("Approved by ci (an API token that belongs to no person) (1 of 2).");
		expect(story).toContain("Approved by dee@acme.test (2 of 2).");
		const { db, auditKey, now } = world.deps;
		const identity = { platform: "email", tenant: "", externalId: "ci@acme.test", email: "ci@acme.test" } as const;
		await linkIdentity({ db, auditKey, now }, { id: nobodys.personId, name: "ci" }, identity, SYSTEM_ACTOR);
		const next = await site.run("production");
		await site.api("POST", `/runs/${next.id}/approve`, { token: nobodys.plain });
		const after = (await site.api("GET", `/runs/${next.id}/story`)).body.items.map(
			(item: { text: string }) => item.text,
		);
		expect(after).toContain("Approved by ci (1 of 2).");
		for (const { id } of [run, next]) await site.api("POST", `/runs/${id}/cancel`);
	});

	test("is cancelled by its requester or an admin alone", async () => {
		const run = await site.run("production");
		const token = await site.token("operator", "somebody else");
		expect(await site.api("POST", `/runs/${run.id}/cancel`, { token })).toMatchObject({ status: 403 });
		const cancel = () => site.api("POST", `/runs/${run.id}/cancel`, { body: { reason: "wrong version" } });
		expect(await cancel()).toMatchObject({ status: 200, body: { reason: "Cancelled by admin: wrong version" } });
		expect(await cancel()).toMatchObject({ status: 200, body: { state: "cancelled" } });
	});

	test.each([
		["a project that is not there", { project: "nope" }, 404, "unknown_project"],
		["an environment that is not there", { environment: "nope" }, 404, "unknown_environment"],
		["a ref that is not there", { ref: "v9.9.9" }, 404, "unknown_ref"],
		["what the policy refuses", { ref: "main", environment: "production" }, 422, "ref_not_allowed"],
		["a run that is not there", { type: "rollback", ref: undefined, toRun: 9_999 }, 422, "not_a_rollback_target"],
		["nothing to roll back to", { type: "rollback", ref: undefined, environment: "production" }, 422, undefined],
		["a type that is none", { type: "destroy" }, 422, "invalid_body"],
		["a key that is none", { dryrun: true }, 422, "invalid_body"],
		["no project", { project: undefined }, 422, "invalid_body"],
		["an empty reason", { reason: "  " }, 422, "invalid_body"],
		["a run to go back to without a rollback", { toRun: 1 }, 422, "invalid_body"],
		["NUL", { reason: "a\0b" }, 422, "invalid_text"],
		["half a letter", { reason: "\ud800" }, 422, "invalid_text"],
		["a parameter of the prototype", { parameters: { constructor: "x" } }, 422, undefined],
	])("of %s is refused and none is made", async (_what, more, status, code) => {
		const count = async () => (await site.world.deps.db.query("SELECT count(*) FROM run"))[0].count;
		const before = await count();
		const body = { project: "shop", environment: "stage", ref: "v1.0.0", ...more };
		const answer = await site.api("POST", "/runs", { token: await site.token("operator"), body });
		expect(answer).toMatchObject({ status, type: PROBLEM, body: { status, detail: expect.stringMatching(/\S/) } });
		if (code !== undefined) expect(answer.body.code).toBe(code);
		expect(await count()).toBe(before);
	});
});

describe("the list of runs", () => {
	test("is newest first, page by page, until there is no next", async () => {
		for (let i = 0; i < 5; i++) await site.run("production");
		const all = (await site.api("GET", "/runs?limit=100")).body;
		expect(all.next).toBeNull();
		const numbers: number[] = all.items.map((run: { number: number }) => run.number);
		expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
		const read: number[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const { body } = await site.api("GET", `/runs?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
			expect(body.items.length).toBeLessThanOrEqual(2);
			read.push(...body.items.map((run: { number: number }) => run.number));
			cursor = body.next;
		}
		expect(read).toEqual(numbers);
	});

	test("is filtered by project, environment and state, alone and together", async () => {
		const all: { environment: string; state: string }[] = (await site.api("GET", "/runs?limit=100")).body.items;
		const count = async (query: string) => (await site.api("GET", `/runs?limit=100&${query}`)).body.items.length;
		expect(await count("project=shop")).toBe(all.length);
		expect(await count("environment=stage")).toBe(all.filter((run) => run.environment === "stage").length);
		expect(await count("state=cancelled")).toBe(all.filter((run) => run.state === "cancelled").length);
		expect(await count("project=shop&environment=production&state=waiting_approval")).toBe(
			all.filter((run) => run.environment === "production" && run.state === "waiting_approval").length,
		);
	});

	test("takes an alias, and says when a project or environment is not there", async () => {
		const of = async (query: string) => (await site.api("GET", `/runs?limit=100&${query}`)).body.items;
		expect(await of("project=shop&environment=prod")).toEqual(await of("project=shop&environment=production"));
		expect(await of("environment=prod")).toEqual(await of("environment=production"));
		expect((await of("environment=prod")).length).toBeGreaterThan(0);
		for (const [query, code, detail] of [
			["project=nope", "unknown_project", "There is no project of this name."],
			["project=nope&environment=stage", "unknown_project", "There is no project of this name."],
			["project=shop&environment=nope", "unknown_environment", "shop has no environment of this name."],
			["environment=nope", "unknown_environment", "No project has an environment of this name."],
		])
			expect(await site.api("GET", `/runs?${query}`)).toMatchObject({
				status: 404,
				type: PROBLEM,
				body: { code, detail },
			});
	});

	test.each([
		"limit=0",
		"limit=101",
		"limit=-1",
		"limit=x",
		"cursor=abc",
		"cursor=-1",
		"state=lost",
		"stat=queued",
		"limit=1&limit=2",
		"project=",
	])("is not answered to %s", async (query) => {
		expect(await site.api("GET", `/runs?${query}`)).toMatchObject({
			status: 422,
			type: PROBLEM,
			body: { code: "invalid_query", detail: expect.stringContaining(query.split("=")[0] ?? "") },
		});
	});
});

test.each([
	"0",
	"99999999999",
	"9999999",
	"abc",
	"-1",
	"1.5",
	"%23",
	"00000000-0000-0000-0000-000000000000",
	"1e3",
	"%F0%9F%98%80",
])("there is no run %s", async (id) => {
	for (const [method, path] of [
		["GET", ""],
		["POST", "/approve"],
		["GET", "/log"],
		["GET", "/story"],
	] as const)
		expect(await site.api(method, `/runs/${id}${path}`)).toMatchObject({
			...{ status: 404, type: PROBLEM, body: { code: "unknown_run" } },
		});
});

test("a person sees in chat what was done by the API, and the other way round", async () => {
	const run = await site.run("production");
	await site.world.say("U_ANN", `approve #${run.number}`);
	const { body } = await site.api("GET", `/runs/${run.number}`);
	expect(body.approvals).toMatchObject([{ person: { name: "U_ANN" }, decision: "approved" }]);
	const said = await site.world.say("U_OPS", `show #${run.number}`);
	expect(said.card.text).toContain("operator");
});
