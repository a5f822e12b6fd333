import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Role } from "../../src/core/access.ts";
import { tokenBuckets } from "../../src/web/token-buckets.ts";
import { Site } from "./site.ts";

describe("a token of a scope", () => {
	let site: Site;
	beforeAll(async () => {
		site = await Site.open({ localMode: true });
		await site.world.addProject("shop-eu");
	});
	afterAll(() => site.close());

	async function scoped(role: Exclude<Role, "emergency">): Promise<string> {
		const may = { role, reach: { projects: ["shop-*"], environments: ["stage"] } };
		return (await site.newToken({ may })).plain;
	}

	test("deploys, locks and cancels there, and nowhere else; the refusal says where it holds", async () => {
		const token = await scoped("operator");
		const deploy = (project: string, environment: string) =>
			site.api("POST", "/runs", { token, body: { project, environment, ref: "v1.0.0" } });
		const made = await deploy("shop-eu", "stage");
		expect(made.status).toBe(201);
		for (const [project, environment] of [
			["shop-eu", "production"],
			["shop", "stage"],
		] as const)
			expect(await deploy(project, environment)).toMatchObject({
				status: 403,
				body: {
					code: "token_scope",
					detail: expect.stringContaining("holds for the projects shop-* and the environments stage"),
				},
			});
		const lock = (project: string) =>
			site.api("POST", "/locks", { token, body: { project, environment: "stage", reason: "x" } });
		expect((await lock("shop")).body).toMatchObject({ code: "token_scope" });
		expect((await lock("shop-eu")).status).toBe(201);
		const others = await site.run("stage");
		expect((await site.api("POST", `/runs/${others.number}/cancel`, { token })).status).toBe(404);
		const said = await site.api("POST", "/commands", { token, body: { text: "deploy shop@v1.0.0 to stage" } });
		expect(said.body).toMatchObject({ outcome: "refused", code: "token_scope" });
		const who = await site.api("POST", "/commands", { token, body: { text: "whoami" } });
		expect(who.body.text).toContain("This token holds for the projects shop-*");
	});

	test("freezes what it covers wholly, and sees no other freeze", async () => {
		const token = await scoped("admin");
		const freeze = (scope: string) => site.api("POST", "/freezes", { token, body: { scope, reason: "x" } });
		for (const scope of ["*", "*/stage", "shop-*/*"])
			expect(await freeze(scope)).toMatchObject({ status: 403, body: { code: "token_scope" } });
		expect(await freeze("shop/stage")).toMatchObject({ status: 404, body: { code: "unknown_scope" } });
		expect(await freeze("shop-*/stage")).toMatchObject({ status: 201 });
		await site.api("POST", "/freezes", { body: { scope: "shop/*", reason: "secret plans" } });
		await site.api("POST", "/freezes", { body: { scope: "*", reason: "everybody" } });
		const { items } = (await site.api("GET", "/freezes", { token })).body;
		const only = [{ project: "shop-eu", environment: "stage" }];
		expect(items).toMatchObject([
			{ scope: "*", environments: only },
			{ scope: "shop-*/stage", environments: only },
		]);
		const told = await site.api("POST", "/commands", { token, body: { text: "unfreeze" } });
		expect(told.body.text).toContain("everybody");
		expect(told.body.text).not.toContain("secret plans");
		for (const scope of ["*", "shop/*", "shop-*/stage"]) await site.api("DELETE", "/freezes", { body: { scope } });
	});

	test("approves nothing elsewhere", async () => {
		const run = await site.run("production");
		const approved = await site.api("POST", `/runs/${run.number}/approve`, { token: await scoped("approver") });
		expect(approved).toMatchObject({ status: 404, body: { code: "unknown_run" } });
		expect((await site.api("GET", `/runs/${run.number}`)).body.approvals).toEqual([]);
	});

	test("is no admin of what is everybody's, nor of others by speaking as them; it lists what is its own", async () => {
		const token = await scoped("admin");
		const policy = { slug: "open", rules: {} };
		expect(await site.api("POST", "/policies", { token, body: policy })).toMatchObject({
			status: 403,
			body: { code: "token_scope" },
		});
		const as = await site.api("POST", "/commands", { token, body: { text: "whoami", as: "U_ADA" } });
		expect(as).toMatchObject({ status: 403, body: { code: "no_right" } });
		for (const path of ["/runs", "/policies", "/audit"])
			expect((await site.api("GET", path, { token })).status).toBe(200);
	});
});

describe("what a token of a scope sees", () => {
	let site: Site;
	let token: string;
	let mine: Record<"id" | "number", string>;
	let other: Record<"id" | "number", string>;
	const get = (path: string) => site.api("GET", path, { token });
	const say = async (text: string) => (await site.api("POST", "/commands", { token, body: { text } })).body;

	beforeAll(async () => {
		site = await Site.open({ localMode: true });
		await site.world.addProject("blog");
		const may = { role: "operator", reach: { projects: ["shop"], environments: ["stage"] } } as const;
		token = (await site.newToken({ may })).plain;
		other = await site.run("production");
		for (let n = 0; n < 3; n++) await site.run("production");
		mine = await site.run("stage");
		await site.run("stage", { project: "blog" });
		const lock = (project: string, environment: string) =>
			site.api("POST", "/locks", { body: { project, environment, reason: "works" } });
		await lock("shop", "production");
		await lock("blog", "stage");
	});
	afterAll(() => site.close());

	test("is its runs, their stories and logs; another is not there, by whatever way", async () => {
		const { body } = await get("/runs?limit=1");
		expect(body.items).toMatchObject([{ number: mine.number }]);
		expect(body.next).toBeNull();
		expect((await get("/runs?environment=stage")).body.items).toHaveLength(1);
		expect((await get("/runs?environment=production")).body).toMatchObject({ code: "unknown_environment" });
		for (const project of ["blog", "nowhere"])
			expect((await get(`/runs?project=${project}`)).body).toMatchObject({ status: 404, code: "unknown_project" });
		for (const way of ["", "/story", "/log"]) {
			expect((await get(`/runs/${mine.id}${way}`)).status).toBe(200);
			for (const name of [other.id, other.number])
				expect(await get(`/runs/${name}${way}`)).toMatchObject({ status: 404, body: { code: "unknown_run" } });
		}
	});

	test("what is asked of another run says neither that it is there nor where, nor how it stands", async () => {
		const ask = async (name: string, verb: string) =>
			(await site.api("POST", `/runs/${name}/${verb}`, { token, body: verb === "log" ? { lines: ["x"] } : {} })).body;
		for (const verb of ["approve", "reject", "cancel", "retry", "log"])
			for (const name of [other.id, other.number]) expect(await ask(name, verb)).toEqual(await ask("99999", verb));
		for (const verb of ["approve", "reject", "cancel", "retry", "nudge", "show", "logs"]) {
			const { text, code } = await say(`${verb} #${other.number}`);
			expect({ code, text }).toEqual({ code: "unknown_run", text: expect.stringContaining(`no run #${other.number}`) });
			expect(text).not.toContain("production");
		}
	});

	test("is the trail of its environments, and nothing of the whole workspace", async () => {
		const entries = (await get("/audit?limit=100")).body.items;
		expect(entries.length).toBeGreaterThan(0);
		for (const one of entries) expect(one).toMatchObject({ project: "shop", environment: "stage" });
		expect((await get("/audit?project=blog")).body.items).toEqual([]);
		expect((await get("/audit?action=token.created")).body.items).toEqual([]);
		expect((await get(`/audit?run=${other.number}`)).status).toBe(404);
		const all = await site.api("GET", "/audit?action=token.created", { token: await site.token("viewer") });
		expect(all.body.items.length).toBeGreaterThan(0);
	});

	test("is its part of locks, reports, projects and environments", async () => {
		for (const { project, environment } of (await get("/locks")).body.items)
			expect([project, environment]).toEqual(["shop", "stage"]);
		const finished = await site.api("POST", `/runs/${other.number}/cancel`);
		expect(finished.status).toBe(200);
		const report = (await get("/reports/delivery?by=environment")).body;
		expect(report.groups.map(({ key }: { key: string }) => key)).not.toContain("production");
		expect((await get("/environments")).body.items).toMatchObject([{ project: "shop", slug: "stage" }]);
		expect((await get("/environments/shop/production")).status).toBe(404);
		const [shop, ...more] = (await get("/projects")).body.items;
		expect(more).toEqual([]);
		expect(shop.environments).toMatchObject([{ slug: "stage" }]);
	});

	test("is what it is told by commands", async () => {
		const { text } = await say("status");
		expect(text).toContain("stage");
		expect(text).not.toMatch(/blog|production/);
		expect((await say("history shop")).text).not.toContain("production");
		expect((await say("whoami")).text).not.toMatch(/blog|production/);
		for (const look of [
			"status blog",
			"queue blog",
			"history blog",
			"diff blog",
			"explain blog stage",
			"statsu blgo",
		]) {
			const { outcome, text } = await say(look);
			expect([outcome, /blog\/|blog@|`blog`|\bOr\b/.test(text)]).toEqual(["refused", false]);
		}
		expect((await say("status shop production")).code).toBe("unknown_environment");
		for (const look of ["show", "logs"]) {
			expect((await say(`${look} #${mine.number}`)).outcome).toBe("done");
			expect(await say(`${look} #${other.number}`)).toMatchObject({ outcome: "refused", code: "unknown_run" });
		}
	});

	test("is no integration and no right of others: those are for admins of everything", async () => {
		for (const path of ["/integrations", "/access"])
			for (const shown of [token, await site.token("viewer"), await site.token("operator")])
				expect(await site.api("GET", path, { token: shown })).toMatchObject({
					status: 403,
					type: "application/problem+json",
					body: { detail: expect.stringMatching(/\w.*\.$/) },
				});
		expect((await site.api("GET", "/integrations/fake", { token: await site.token("viewer") })).status).toBe(403);
		expect((await site.api("GET", "/integrations/fake")).status).toBe(200);
	});
});

describe("how much is taken", () => {
	/** How often a table was asked for: a token is looked up in one. */
	let looks = 0;
	let site: Site;
	beforeAll(async () => {
		site = await Site.open({
			rates: { token: 5, runner: 7, stranger: 10 },
			deps: ({ deps: { db } }) => ({
				db: new Proxy(db, {
					get(real, name) {
						if (name === "getRepository") looks += 1;
						return Reflect.get(real, name);
					},
				}),
			}),
		});
	});
	afterAll(() => site.close());

	const look = (token: string | null) => site.api("GET", "/runs?limit=1", { token });

	test("of one token a minute's worth, then as they fill up again; others are not touched", async () => {
		const [mine, other] = [await site.token("viewer", "mine"), await site.token("viewer", "other")];
		const first = await look(mine);
		expect(first.status).toBe(200);
		expect(["limit", "remaining", "reset"].map((name) => first.headers.get(`ratelimit-${name}`))).toEqual([
			...["5", "4", "12"],
		]);
		for (let n = 0; n < 4; n++) expect((await look(mine)).status).toBe(200);
		const over = await look(mine);
		expect(over).toMatchObject({ status: 429, type: "application/problem+json", body: { code: "too_many_requests" } });
		expect(over.body.detail).toContain("More than 5 requests a minute came with this token: wait 12 seconds");
		expect(over.headers.get("retry-after")).toBe("12");
		expect(over.headers.get("ratelimit-remaining")).toBe("0");
		expect((await look(other)).status).toBe(200);
		site.world.sleep(12_000);
		expect([(await look(mine)).status, (await look(mine)).status]).toEqual([200, 429]);
	});

	test("what is one too many has no effect", async () => {
		const { plain } = await site.newToken({ may: { role: "operator" } });
		for (let n = 0; n < 5; n++) await look(plain);
		const body = { project: "shop", environment: "stage", ref: "v1.0.0" };
		const headers = { "idempotency-key": "once" };
		expect((await site.api("POST", "/runs", { token: plain, body, headers })).status).toBe(429);
		site.world.sleep(60_000);
		expect((await site.api("POST", "/runs", { token: plain, body, headers })).status).toBe(201);
		expect((await site.api("GET", "/runs", { token: plain })).body.items).toHaveLength(1);
	});

	test("from one address without a good token; who was in before stays in, until the token is revoked", async () => {
		const known = await site.newToken({});
		expect((await look(known.plain)).status).toBe(200);
		const { plain: fresh } = await site.newToken({});
		for (let n = 0; n < 10; n++) expect((await look(n % 2 === 0 ? null : `drv_${n}`)).status).toBe(401);
		const before = looks;
		const flood = await look("drv_x");
		expect(flood).toMatchObject({ status: 429, body: { code: "too_many_requests" } });
		expect(flood.headers.get("retry-after")).toBe("6");
		expect((await look(fresh)).status).toBe(429);
		expect(looks).toBe(before);
		expect((await look(known.plain)).status).toBe(200);
		site.world.sleep(6_000);
		expect((await look(fresh)).status).toBe(200);
	});
});

test("a bucket fills evenly to its brim, and a clock that is set back takes nothing", () => {
	let at = 1_000_000;
	const { take, isEmpty } = tokenBuckets(60, () => new Date(at));
	for (let n = 59; n >= 0; n--) expect(take("a")).toMatchObject({ ok: true, left: n });
	expect(take("a")).toEqual({ ok: false, limit: 60, left: 0, reset: 1 });
	expect([isEmpty("a"), isEmpty("b")]).toEqual([true, false]);
	at += 2_500;
	expect(take("a")).toMatchObject({ ok: true, left: 1, reset: 59 });
	at -= 500_000;
	expect(take("a")).toMatchObject({ ok: true, left: 0 });
	at += 3_600_000;
	expect(take("a")).toMatchObject({ left: 59, reset: 1 });
});
