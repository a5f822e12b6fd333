import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { createToken, ensureInitToken, revokeToken } from "../../src/store/tokens.ts";
import { ENDPOINTS } from "../../src/web/app.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open();
});
afterAll(() => site.close());

const ROUTES = ENDPOINTS.map(({ method, path, token }) => ({ method, token, path: path.replace(":id", "1") }));
const SHOP = { project: "shop", environment: "stage" };
const PROBLEM = "application/problem+json";

describe("a token", () => {
	test.each([
		["none", null],
		["one that is not known", `drv_${"x".repeat(43)}`],
		["one that is endless", "x".repeat(8_000)],
	])("%s opens no route", async (_what, token) => {
		for (const { method, path } of ROUTES) {
			const answer = await site.api(method, path, { token });
			expect(answer).toMatchObject({ status: 401, type: PROBLEM, body: { status: 401 } });
			expect(answer.headers.get("www-authenticate")).toContain("Bearer");
		}
	});

	test.each(["Basic YTpi", "Bearer", "Bearer ", "Token x", "bearer a b"])(
		"%s is no way to show one",
		async (header) => {
			const answer = await site.api("GET", "/runs", { token: null, headers: { authorization: header } });
			expect(answer).toMatchObject({ status: 401, body: { code: "no_token" } });
		},
	);

	test("of a runner opens none of the API, and one of the API none of the runner's", async () => {
		const runner = await site.token("runner");
		const admin = await site.token("admin");
		for (const { method, path, token } of ROUTES.filter((route) => route.token !== "either"))
			expect(await site.api(method, path, { token: token === "api" ? runner : admin })).toMatchObject({
				...{ status: 403, type: PROBLEM, body: { code: "wrong_token_kind" } },
			});
	});

	test("ends when it is revoked, at once", async () => {
		const { id, plain } = await site.newToken({});
		expect((await site.api("GET", "/runs", { token: plain })).status).toBe(200);
		expect(await revokeToken(site.world.deps, id, SYSTEM_ACTOR)).toBe(true);
		expect(await site.api("GET", "/runs", { token: plain })).toMatchObject({
			status: 401,
			body: { code: "bad_token" },
		});
		expect(await revokeToken(site.world.deps, id, SYSTEM_ACTOR)).toBe(true);
		expect(await revokeToken(site.world.deps, "no id at all", SYSTEM_ACTOR)).toBe(false);
	});

	test("ends with its time", async () => {
		const { now } = site.world.deps;
		const { plain } = await site.newToken({ expiresAt: new Date(now().getTime() + 60_000) });
		expect((await site.api("GET", "/runs", { token: plain })).status).toBe(200);
		await site.world.pass(60_000);
		expect((await site.api("GET", "/runs", { token: plain })).status).toBe(401);
	});

	test("of one address is one person's, however many are made at once", async () => {
		const made = await Promise.all([1, 2, 3, 4].map(() => site.newToken({ email: "Many@acme.test" })));
		expect(new Set(made.map(({ personId }) => personId)).size).toBe(1);
	});

	test("stands nowhere in the database", async () => {
		const { plain } = await createToken(site.world.deps, {
			...{ name: "kept", may: { role: "viewer" }, email: null, expiresAt: null, actor: SYSTEM_ACTOR },
		});
		const rows: { row: string }[] = await site.world.deps.db.query(
			"SELECT t::text AS row FROM api_token t UNION ALL SELECT entry FROM audit_entry",
		);
		expect(rows.map(({ row }) => row).join()).not.toContain(plain);
	});

	test("of the start is one: another value ends the one before, and a revoked value stays so", async () => {
		const { deps } = site.world;
		const ensure = (value: string) => ensureInitToken(deps, value, SYSTEM_ACTOR);
		const works = async (value: string) => (await site.api("GET", "/runs", { token: value })).status === 200;
		expect(await Promise.all([ensure("first-value"), ensure("first-value")])).toEqual(
			expect.arrayContaining(["made", "kept"]),
		);
		expect(await ensure("second-value")).toBe("made");
		expect([await works("first-value"), await works("second-value")]).toEqual([false, true]);
		expect(await ensure("first-value")).toBe("revoked");
	});
});

describe("a role", () => {
	const DEPLOY = { project: "shop", environment: "stage", ref: "v1.0.0" };
	const LOCK = { project: "shop", environment: "production" };
	const BODIES: Readonly<Record<string, unknown>> = {
		...{ "/runs": DEPLOY, "/locks": LOCK, "/freezes": { scope: "*/production", reason: "x" } },
	};
	const may: Record<string, readonly ("viewer" | "operator" | "approver" | "admin")[]> = {
		"GET /runs": ["viewer", "operator", "approver", "admin"],
		"GET /audit": ["viewer", "operator", "approver", "admin"],
		"GET /locks": ["viewer", "operator", "approver", "admin"],
		"GET /freezes": ["viewer", "operator", "approver", "admin"],
		"POST /runs": ["operator", "admin"],
		"POST /locks": ["operator", "admin"],
		"POST /freezes": ["admin"],
		"POST /integrations/fake/ask": ["admin"],
		"POST /runs/:id/approve": ["approver", "admin"],
		"POST /runs/:id/reject": ["approver", "admin"],
		"POST /runs/:id/cancel": ["admin"],
		"POST /runs/:id/retry": ["operator", "admin"],
		"POST /runs/:id/log": ["operator", "admin"],
	};

	test.each(Object.keys(may))("%s is for those who may, and for nobody else", async (route) => {
		for (const role of ["viewer", "operator", "approver", "admin"] as const) {
			const token = await site.token(role, `${role} of ${route}`);
			const run = await site.run("production");
			if (route.endsWith("retry"))
				await site.api("POST", `/runs/${run.id}/cancel`, { token: await site.token("operator") });
			const [method = "", path = ""] = route.replace(":id", run.id).split(" ");
			const body = BODIES[path] ?? (path.endsWith("log") ? { lines: ["x"] } : {});
			const answer = await site.api(method, path, { token, ...(method === "GET" ? {} : { body }) });
			if (may[route]?.includes(role)) expect(answer.status).toBeLessThan(300);
			else expect(answer).toMatchObject({ status: 403, type: PROBLEM, body: { code: "no_right" } });
			await site.api("DELETE", "/locks?project=shop&environment=production");
			await site.api("DELETE", "/freezes?scope=*/production");
			await site.api("POST", `/runs/${run.id}/cancel`);
		}
	});

	test("never lets a token use force where that is for the role emergency", async () => {
		await site.world.deps.db.query(
			`UPDATE policy SET rules = '{"force":{"enabled":true,"role":"emergency","waives":["ci"]}}' WHERE slug = 'stage'`,
		);
		site.world.pipeline.checksOf = () => [];
		const answer = await site.api("POST", "/runs", { body: { ...DEPLOY, force: "house on fire" } });
		expect(answer.status).toBeGreaterThanOrEqual(403);
		expect(answer.type).toBe(PROBLEM);
		site.world.pipeline.checksOf = () => [{ name: "build", state: "success", url: null }];
	});
});

describe("a request that does not fit", () => {
	test.each([
		["DELETE", "/api/v1/runs", "GET, POST, HEAD"],
		["PUT", "/api/v1/runs/1", "GET, HEAD"],
		["PATCH", "/api/v1/runs/1/approve", "POST"],
		["GET", "/api/v1/commands", "POST"],
		["POST", "/api/v1/audit", "GET, HEAD"],
		["POST", "/api/v1/openapi.json", "GET, HEAD"],
		["POST", "/healthz", "GET, HEAD"],
		["GET", "/webhooks/github/fake", "POST"],
		["GET", "/slack/events?x=1", "POST"],
		["OPTIONS", "/api/v1/runs", "GET, POST, HEAD"],
	])("%s %s is told what the path takes", async (method, path, allow) => {
		const answer = await site.ask(method, path);
		expect(answer).toMatchObject({ status: 405, type: PROBLEM, body: { code: "method_not_allowed" } });
		expect(answer.headers.get("allow")).toBe(allow);
	});

	test.each([
		"/nowhere",
		"/api",
		"/api/v1",
		"/api/v2/runs",
		"/api/v1/runs/1/explode",
		"/api/v1/openapi-json",
		"//",
		"/admin/../x",
	])("there is nothing at %s", async (path) => {
		expect(await site.ask("GET", path)).toMatchObject({ status: 404, type: PROBLEM, body: { code: "not_found" } });
	});

	test.each([
		"application/x-www-form-urlencoded",
		"text/plain",
		"text/plain; charset=utf-8",
		"application/xml",
		"multipart/form-data; boundary=x",
		"nonsense",
	])("a body of %s is not taken", async (type) => {
		const headers = { "content-type": type };
		expect(await site.api("POST", "/commands", { body: '{"text":"status"}', headers })).toMatchObject({
			...{ status: 415, type: PROBLEM, body: { code: "unsupported_media_type" } },
		});
	});

	test.each([
		["no JSON", '{"text":', 400, "malformed_json"],
		["two values", '{"text":"status"}{}', 400, "malformed_json"],
		["a key of the prototype", '{"text":"status","__proto__":{"x":1}}', 400, "malformed_json"],
		["nothing", "", 422, "invalid_body"],
		["null", "null", 422, "invalid_body"],
		["a list", "[]", 422, "invalid_body"],
		["a number", "7", 422, "invalid_body"],
		["the wrong type", '{"text":7}', 422, "invalid_body"],
		["one key too many", '{"text":"status","txet":1}', 422, "invalid_body"],
		["NUL", '{"text":"a\\u0000b"}', 422, "invalid_text"],
		["half a letter", '{"text":"\\ud83d"}', 422, "invalid_text"],
		["NUL in a key", '{"te\\u0000xt":"status"}', 422, "invalid_text"],
		["lists in lists without end", `{"text":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 422, "invalid_text"],
		["bytes that are no UTF-8", "\xff\xfe", 400, "malformed_json"],
		["more than is taken", JSON.stringify({ text: "x".repeat(1_100_000) }), 413, "body_too_large"],
	])("a body of %s is one sentence", async (_what, body, status, code) => {
		const before = await site.world.deps.db.query("SELECT count(*) FROM audit_entry");
		const answer = await site.api("POST", "/commands", { body, headers: { "content-type": "application/json" } });
		expect(answer).toMatchObject({
			status,
			type: PROBLEM,
			body: { status, code, detail: expect.stringMatching(/\S/) },
		});
		expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.[jt]s/);
		expect(await site.world.deps.db.query("SELECT count(*) FROM audit_entry")).toEqual(before);
	});

	test.each([
		[
			"/runs",
			{ project: "", environment: 7, extra: 1 },
			"project is empty; environment has to be a text; extra is not known here.",
		],
		["/runs", { project: "shop" }, "environment is missing."],
		["/runs", { ...SHOP, type: "x" }, "type has to be one of deploy, rollback, dry-run."],
		["/runs", { ...SHOP, parameters: { a: [] } }, "parameters.a is nothing that can stand here."],
		["/runs", { ...SHOP, toRun: 1 }, "toRun is for rollbacks alone."],
		["/locks", { ...SHOP, for: "soon" }, "for has to be a duration such as 90s, 15m, 4h or 7d."],
		["/freezes", { scope: "*" }, "reason is missing."],
		["/freezes", { scope: "*", reason: "x", until: "18:00" }, "until has to be a time such as 2026-03-04T10:00:00Z."],
		[
			"/freezes",
			{ scope: "*", reason: "x", for: "1h", until: "2026-03-04T18:00:00Z" },
			"until has to stand alone, without for.",
		],
		["/locks", [], "It has to be a map of keys and values."],
		["/runs/1/log", { lines: ["", 3] }, "lines.1 has to be a text."],
	])("%s with %j is told what is wrong with it", async (path, body, sentence) => {
		expect((await site.api("POST", path, { body })).body).toMatchObject({ code: "invalid_body", detail: sentence });
	});

	test("when the database is away, a short id is all that is told", async () => {
		const other = await Site.open();
		const token = await other.token("admin");
		await other.world.deps.db.destroy();
		const answer = await other.api("GET", "/runs", { token });
		expect(answer).toMatchObject({ status: 500, type: PROBLEM, body: { code: "internal" } });
		expect(answer.body.detail).toMatch(/[0-9a-f]{8}/);
		await other.server.close();
		await other.world.deps.db.initialize();
		await other.world.close();
	});
});
