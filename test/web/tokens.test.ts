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
		expect((await site.api("POST", `/runs/${others.number}/cancel`, { token })).status).toBe(403);
		const said = await site.api("POST", "/commands", { token, body: { text: "deploy shop@v1.0.0 to stage" } });
		expect(said.body).toMatchObject({ outcome: "refused", code: "token_scope" });
		const who = await site.api("POST", "/commands", { token, body: { text: "whoami" } });
		expect(who.body.text).toContain("This token holds for the projects shop-*");
	});

	test("approves nothing elsewhere", async () => {
		const run = await site.run("production");
		const approved = await site.api("POST", `/runs/${run.number}/approve`, { token: await scoped("approver") });
		expect(approved).toMatchObject({ status: 403, body: { code: "token_scope" } });
		expect((await site.api("GET", `/runs/${run.number}`)).body.approvals).toEqual([]);
	});

	test("is no admin of what is everybody's, nor of others by speaking as them; it sees all", async () => {
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
