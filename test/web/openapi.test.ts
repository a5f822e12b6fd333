import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import type { CheckupPort } from "../../src/ports/checkup.ts";
import { wrong } from "../../src/ports/checkup.ts";
import { API, ENDPOINTS } from "../../src/web/app.ts";
import { Site } from "./site.ts";

interface Described {
	readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
	readonly requestBody?: { readonly required: boolean; readonly content: Record<string, unknown> };
	readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}
interface Description {
	readonly openapi: string;
	readonly paths: Record<string, Record<string, Described>>;
	readonly components: { readonly schemas: Record<string, object> };
}

const CHECKUP: CheckupPort = {
	examine: async () => [],
	ensureWebhook: async () => "present",
	deliveries: {
		last: async () => [
			{ ref: { hook: "1", delivery: "2" }, same: "a", event: "ping", at: null, answer: "500", taken: false },
		],
		sendAgain: async () => "202",
	},
};

let site: Site;
let api: Description;
beforeAll(async () => {
	site = await Site.open({
		examineIntegration: () => async () => [wrong("Token", "It is refused.", "Make another one.")],
		localMode: true,
		deps: () => ({ checkupOf: () => CHECKUP }),
	});
	api = (await site.api("GET", "/openapi.json", { token: null })).body;
});
afterAll(() => site.close());

/** A schema of the description as a check, its references taken along. */
function check(schema: object): z.ZodType {
	const text = JSON.stringify({ ...schema, $defs: api.components.schemas });
	return z.fromJSONSchema(JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")));
}

test("it is OpenAPI 3.1 and needs no token", () => {
	expect(api.openapi).toBe("3.1.0");
	expect(Object.keys(api.components.schemas)).toEqual(expect.arrayContaining(["Run", "Problem"]));
	const refs = [...JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
	const ids = [...JSON.stringify(api).matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
	expect(new Set(ids).size).toBe(ENDPOINTS.length);
	for (const ref of refs)
		expect(Object.keys(api.components.schemas).map((name) => `#/components/schemas/${name}`)).toContain(ref);
});

test("every endpoint is in it, with all that it takes; and nothing else is", () => {
	const described = Object.entries(api.paths).flatMap(([path, methods]) =>
		Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
	);
	expect(described.sort()).toEqual(
		ENDPOINTS.map(({ method, path }) => `${method} ${API}${path.replaceAll(/:(\w+)/g, "{$1}")}`).sort(),
	);
	expect(described).toEqual(
		expect.arrayContaining([
			...["GET /api/v1/runs", "POST /api/v1/runs", "GET /api/v1/runs/{id}", "POST /api/v1/runs/{id}/approve"],
			...["POST /api/v1/runs/{id}/reject", "POST /api/v1/runs/{id}/cancel", "POST /api/v1/runs/{id}/retry"],
			...["POST /api/v1/commands", "GET /api/v1/runs/{id}/log", "POST /api/v1/runs/{id}/log", "GET /api/v1/audit"],
			...["GET /api/v1/locks", "POST /api/v1/locks", "DELETE /api/v1/locks"],
			...["GET /api/v1/freezes", "POST /api/v1/freezes", "DELETE /api/v1/freezes"],
		]),
	);
	const given = api.paths["/api/v1/runs/{id}/log"]?.["get"]?.responses["200"]?.content ?? {};
	expect(Object.keys(given)).toEqual(["application/json", "text/plain", "text/event-stream"]);
	const names = (path: string, method: string) => api.paths[path]?.[method]?.parameters.map(({ name }) => name);
	expect(names("/api/v1/runs", "get")).toEqual(["project", "environment", "state", "limit", "cursor"]);
	expect(names("/api/v1/runs/{id}/approve", "post")).toEqual(["id", "Idempotency-Key"]);
	expect(api.paths["/api/v1/runs"]?.["post"]?.requestBody?.required).toBe(true);
	expect(api.paths["/api/v1/runs/{id}/approve"]?.["post"]?.requestBody?.required).toBe(false);
	expect(Object.keys(api.paths["/api/v1/runs/{id}/log"]?.["post"]?.requestBody?.content ?? {})).toEqual([
		"application/json",
		"text/plain",
	]);
});

test("what every route answers is what is described, also when it refuses", async () => {
	const seen = new Set<string>();
	const ask = async (method: string, path: string, route: string, body?: unknown, token?: string | null) => {
		const answer = await site.api(method, path, { body, ...(token === undefined ? {} : { token }) });
		const described = api.paths[`${API}${route}`]?.[method.toLowerCase()];
		if (described === undefined) throw new Error(`${method} ${route} is not described`);
		const response = described.responses[answer.status < 300 ? String(answer.status) : "default"];
		expect(response).toBeDefined();
		const content = response?.content?.[answer.type.replace(/;.*/, "")];
		if (answer.body === null) expect(response?.content).toBeUndefined();
		else expect(check(content?.schema ?? {}).safeParse(answer.body)).toMatchObject({ success: true });
		if (answer.status < 300) seen.add(`${method} ${route}`);
		return answer.body;
	};
	const place = { project: "shop", environment: "production", ref: "v1.0.0" };
	const id = (await ask("POST", "/runs", "/runs", place)).number;
	await ask("GET", "/runs", "/runs");
	await ask("GET", `/runs/${id}`, "/runs/{id}");
	await ask("GET", "/runs/0", "/runs/{id}");
	await ask("GET", `/runs/${id}/story`, "/runs/{id}/story");
	const approver = await site.token("approver");
	await ask("POST", `/runs/${id}/approve`, "/runs/{id}/approve", undefined, approver);
	await ask("POST", `/runs/${id}/reject`, "/runs/{id}/reject", { reason: "no" }, await site.token("approver", "bob"));
	await ask("POST", `/runs/${id}/cancel`, "/runs/{id}/cancel");
	const again = (await ask("POST", `/runs/${id}/retry`, "/runs/{id}/retry")).number;
	await ask("POST", `/runs/${again}/cancel`, "/runs/{id}/cancel", { reason: "enough" });
	await ask("POST", `/runs/${id}/log`, "/runs/{id}/log", { lines: ["one", "two"] });
	await ask("GET", `/runs/${id}/log`, "/runs/{id}/log");
	await ask("POST", "/commands", "/commands", { text: "status" });
	await ask("POST", "/commands", "/commands", { text: "shop@v1.0.0 to stage" });
	await ask("POST", "/commands", "/commands", { text: "nonsense" });
	await ask("POST", "/commands", "/commands", {});
	await ask("POST", "/locks", "/locks", { project: "shop", environment: "stage", for: "1h", reason: "fix" });
	await ask("GET", "/locks", "/locks");
	await ask("DELETE", "/locks?project=shop&environment=stage", "/locks");
	await ask("POST", "/freezes", "/freezes", { scope: "*/stage", for: "1h", reason: "fix" });
	await ask("POST", "/freezes", "/freezes", { scope: "*/nowhere", reason: "fix" });
	await ask("GET", "/freezes", "/freezes");
	await ask("DELETE", "/freezes?scope=*%2Fstage", "/freezes");
	await ask("DELETE", "/freezes?scope=*%2Fstage", "/freezes");
	await ask("GET", "/integrations/fake/deliveries", "/integrations/{id}/deliveries");
	await ask("GET", "/integrations/none/deliveries", "/integrations/{id}/deliveries");
	await ask("POST", "/integrations/fake/redeliver", "/integrations/{id}/redeliver");
	await ask("POST", "/integrations/fake/redeliver", "/integrations/{id}/redeliver", { delivery: "none" });
	await ask("POST", "/integrations/fake/ask", "/integrations/{id}/ask");
	await ask("GET", "/audit", "/audit");
	await ask("GET", "/audit/verification", "/audit/verification");
	await ask("POST", "/audit/verification", "/audit/verification");
	await ask("GET", "/audit/verification", "/audit/verification");
	await ask("GET", "/audit", "/audit", undefined, null);
	await ask("GET", `/runs/${id}/evidence`, "/runs/{id}/evidence");
	await ask("GET", "/runs/0/evidence", "/runs/{id}/evidence");
	const made = await ask("POST", "/tokens", "/tokens", {
		name: "ci",
		role: "viewer",
		projects: ["shop"],
		expires: "7d",
	});
	await ask("POST", "/tokens", "/tokens", { name: "box", runner: true, integration: "fake" });
	await ask("POST", "/tokens", "/tokens", { name: "box", runner: true, role: "viewer" });
	await ask("GET", "/tokens?limit=1", "/tokens");
	await ask("DELETE", `/tokens/${made.id}`, "/tokens/{id}");
	await ask("DELETE", "/tokens/none", "/tokens/{id}");
	await ask("GET", "/people", "/people");
	await ask("GET", `/people/${made.person.id}`, "/people/{id}");
	await ask("GET", "/people/none", "/people/{id}");
	const account = { kind: "email", account: "ci@acme.test" };
	await ask("POST", `/people/${made.person.id}/accounts`, "/people/{id}/accounts", account);
	await ask("POST", `/people/${made.person.id}/accounts`, "/people/{id}/accounts", { kind: "slack", account: "?" });
	const login = { kind: "login", account: "fake:ci" };
	await ask("POST", `/people/${made.person.id}/accounts`, "/people/{id}/accounts", login);
	const oneAccount = "/people/{id}/accounts/{platform}/{account}";
	await ask("DELETE", `/people/${made.person.id}/accounts/github/ci`, oneAccount);
	await ask("DELETE", `/people/${made.person.id}/accounts/github/ci`, oneAccount);
	await ask("POST", `/people/${made.person.id}/sign-out`, "/people/{id}/sign-out");
	await ask("POST", "/integrations/fake/check", "/integrations/{id}/check", { fix: true });
	await ask("GET", "/integrations/fake/last-delivery", "/integrations/{id}/last-delivery");
	await ask("GET", "/integrations/none/last-delivery", "/integrations/{id}/last-delivery");
	const entries = [
		["integrations", "git", { slug: "git", provider: "gitlab", token: "glpat-1234", webhookSecret: "abcd" }],
		["policies", "calm", { slug: "calm", extends: "production", rules: { approvals: { required: 2 } } }],
		["projects", "blog", { slug: "blog", integration: "git", repository: "acme/blog" }],
		["environments", "blog/live", { project: "blog", slug: "live", policy: "calm", channels: { slack: "C0LIVE" } }],
		["access", null, { role: "viewer", subjects: [{ email: "ann@acme.test" }] }],
	] as const;
	const names = new Map<string, string>();
	for (const [resource, slug, body] of entries) {
		const { id } = await ask("POST", `/${resource}`, `/${resource}`, body);
		names.set(resource, slug ?? id);
		await ask("POST", `/${resource}`, `/${resource}`, { nonsense: true });
		await ask("GET", `/${resource}`, `/${resource}`);
		const ways =
			resource === "environments"
				? [
						[id, "{id}"],
						[slug, "{project}/{environment}"],
					]
				: [[id, "{id}"]];
		for (const [name, way] of ways) {
			await ask("GET", `/${resource}/${name}`, `/${resource}/${way}`);
			await ask("PUT", `/${resource}/${name}`, `/${resource}/${way}`, body);
			await ask("PATCH", `/${resource}/${name}`, `/${resource}/${way}`, {});
		}
	}
	const change = "/policies/{id}/what-would-change";
	await ask("POST", "/policies/calm/what-would-change", change, { extends: "production", rules: {} });
	await ask("POST", "/policies/calm/what-would-change", change, { rules: { approvals: "many" } });
	await ask("POST", "/integrations/git/webhook-secret", "/integrations/{id}/webhook-secret");
	await ask("POST", "/integrations/fake/webhook-secret", "/integrations/{id}/webhook-secret");
	const another = { project: "blog", slug: "next", policy: "stage" };
	const { id: next } = await ask("POST", "/environments", "/environments", another);
	await ask("DELETE", `/environments/${next}`, "/environments/{id}");
	await ask("DELETE", "/environments/blog/live", "/environments/{project}/{environment}");
	for (const resource of ["access", "projects", "policies", "integrations"])
		await ask("DELETE", `/${resource}/${names.get(resource)}`, `/${resource}/{id}`);
	await ask("GET", "/reports/delivery", "/reports/delivery");
	await ask("GET", "/reports/delivery?by=nonsense", "/reports/delivery");
	const runner = await site.token("runner");
	await ask("POST", "/runner/claim", "/runner/claim", { runner: "box", labels: [], waitSeconds: 0 }, runner);
	await ask("POST", "/runner/work/x/heartbeat", "/runner/work/{id}/heartbeat", { lease: 1 }, runner);
	const silent = ["heartbeat", "log", "finish"].map((verb) => `POST /runner/work/{id}/${verb}`);
	expect([...seen, ...silent].sort()).toEqual(
		ENDPOINTS.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`).sort(),
	);
});
