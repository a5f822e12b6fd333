import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { fine } from "../../src/ports/checkup.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	const examineIntegration =
		() =>
		async (_: unknown, { fix }: { readonly fix: boolean }) => [
			fine("Webhook", fix ? "It was set up." : "It is there."),
		];
	site = await Site.open({ localMode: true, examineIntegration });
});
afterAll(() => site.close());

const trail = async (action: string) => (await site.api("GET", `/audit?action=${action}`)).body.items;

test("a token is made, shown once, used, and revoked", async () => {
	const body = { name: "ci", role: "operator", projects: ["shop"], environments: ["stage"], expires: "7d" };
	const headers = { "idempotency-key": "make-ci" };
	const made = await site.api("POST", "/tokens", { body, headers });
	expect(made).toMatchObject({
		status: 201,
		body: { name: "ci", kind: "api", role: "operator", projects: ["shop"], environments: ["stage"], revokedAt: null },
	});
	expect(Date.parse(made.body.expiresAt) - Date.parse(made.body.createdAt)).toBe(7 * 86_400_000);
	const { token, ...shown } = made.body;
	expect(token).toMatch(/^drv_/);
	const again = await site.api("POST", "/tokens", { body, headers });
	expect(again).toMatchObject({ status: 201, body: shown });
	expect(again.body.token).toBeUndefined();
	const kept: { body: unknown }[] = await site.world.deps.db.query("SELECT * FROM idempotent_answer");
	expect(JSON.stringify(kept)).not.toContain(token);
	const listed = await site.api("GET", "/tokens?limit=1");
	const { items: rest, next } = (await site.api("GET", `/tokens?cursor=${listed.body.next}`)).body;
	expect([...listed.body.items, ...rest]).toContainEqual(shown);
	expect([listed.body.items.length, next]).toEqual([1, null]);
	for (const list of ["tokens", "people", "policies"])
		expect(await site.api("GET", `/${list}?cursor=00000000-0000-4000-8000-000000000000`)).toMatchObject({
			...{ status: 400, body: { code: "bad_cursor" } },
		});
	expect(JSON.stringify([listed.body, rest])).not.toContain(token);
	expect((await site.api("GET", "/runs", { token })).status).toBe(200);
	expect((await site.api("DELETE", `/tokens/${shown.id}`)).status).toBe(204);
	expect((await site.api("GET", "/runs", { token })).status).toBe(401);
	expect((await trail("token.revoked"))[0]).toMatchObject({ actor: { via: "api" }, data: { token: shown.id } });
});

test("a token is made with the answer to its key or not at all: none is left that nobody was told of", async () => {
	const { db } = site.world.deps;
	const body = { name: "lost", role: "viewer" };
	await db.query(
		"CREATE FUNCTION no_answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the answer cannot be kept'; END $$",
	);
	await db.query("CREATE TRIGGER no_answer BEFORE UPDATE ON idempotent_answer EXECUTE FUNCTION no_answer()");
	try {
		const { status } = await site.api("POST", "/tokens", { body, headers: { "idempotency-key": "make-lost" } });
		expect(status).toBe(500);
	} finally {
		await db.query("DROP TRIGGER no_answer ON idempotent_answer");
	}
	expect(await db.query("SELECT 1 FROM api_token WHERE name = 'lost'")).toEqual([]);
	const headers = { "idempotency-key": "make-it" };
	expect((await site.api("POST", "/tokens", { body, headers })).body.token).toMatch(/^drv_/);
	expect((await site.api("POST", "/tokens", { body, headers })).status).toBe(201);
	expect(await db.query("SELECT 1 FROM api_token WHERE name = 'lost'")).toHaveLength(1);
});

test.each([
	{ name: "x" },
	{ name: "x", role: "emergency" },
	{ name: "x", role: "viewer", projects: ["a b"] },
	{ name: "x", runner: true, projects: ["shop"] },
	{ name: "x", role: "viewer", integration: "fake" },
	{ name: "x", role: "viewer", expires: "soon" },
])("a token that makes no sense is not made: %j", async (body) => {
	expect(await site.api("POST", "/tokens", { body })).toMatchObject({ status: 422, body: { code: "invalid_body" } });
});

test("a person is found, has an account linked, and is signed out everywhere; the page does the same", async () => {
	const ops = new Browser(site);
	await ops.signIn("U_OPS");
	const other = new Browser(site);
	await other.signIn("U_OPS");
	const {
		items: [person],
	} = (await site.api("GET", "/people?q=u_ops")).body;
	expect(person.accounts).toMatchObject([{ externalId: "U_OPS" }]);
	const rights = (await site.api("GET", `/people/${person.id}`)).body;
	expect(rights.places).toContainEqual({
		...{ project: "shop", environment: "stage" },
		roles: expect.arrayContaining(["viewer", "operator"]),
	});
	const linked = await site.api("POST", `/people/${person.id}/accounts`, {
		body: { kind: "login", account: "fake:Ops" },
	});
	expect(linked.body).toMatchObject({ account: { externalId: "ops" }, movedFrom: null });
	expect((await trail("person.linked"))[0]).toMatchObject({ actor: { via: "api" } });
	expect((await ops.get("/account")).status).toBe(200);
	expect((await site.api("POST", `/people/${person.id}/sign-out`)).body).toEqual({ sessions: 2 });
	for (const one of [ops, other]) expect((await one.get("/account")).to).toContain("/sign-in");
	expect((await trail("web.signed_out_everywhere"))[0]).toMatchObject({
		actor: { via: "api" },
		data: { person: { id: person.id }, sessions: 2 },
	});
	await ops.signIn("U_OPS");
	const admin = new Browser(site);
	await admin.signIn("U_ADA");
	await admin.submit(`/admin/people/${person.id}`, `/admin/people/${person.id}/-sign-out`);
	expect((await admin.get(`/admin/people/${person.id}`)).text).toContain("1 session is ended");
	expect((await ops.get("/account")).to).toContain("/sign-in");
	expect((await trail("web.signed_out_everywhere"))[0]).toMatchObject({ actor: { name: "U_ADA", via: "web" } });
});

test("an integration is checked, tells when it was heard, and is given another secret, shown once", async () => {
	const entry = { slug: "git", provider: "gitlab", token: "glpat-1234", webhookSecret: "abcd" };
	await site.api("POST", "/integrations", { body: entry });
	const check = (body?: unknown) => site.api("POST", "/integrations/git/check", { body });
	expect((await check()).body.findings).toMatchObject([{ state: "ok", found: "It is there." }]);
	expect((await check({ fix: true })).body.findings).toMatchObject([{ found: "It was set up." }]);
	expect((await site.api("GET", "/integrations/git/last-delivery")).body).toMatchObject({ lastVerified: null });
	const headers = { "idempotency-key": "secret" };
	const made = await site.api("POST", "/integrations/git/webhook-secret", { headers });
	expect(made.body).toMatchObject({ url: expect.stringMatching(/\/webhooks\/gitlab\/git$/) });
	expect(made.body.webhookSecret).toMatch(/^[0-9a-f]{64}$/);
	const again = await site.api("POST", "/integrations/git/webhook-secret", { headers });
	expect(again.body).toEqual({ url: made.body.url });
	expect(JSON.stringify(await trail("config.changed"))).not.toContain(made.body.webhookSecret);
});

test("a policy tells what it would change before it is written", async () => {
	await site.api("POST", "/policies", { body: { slug: "calm", extends: "stage", rules: {} } });
	const environments = [{ slug: "live", policy: "calm" }];
	await site.api("POST", "/projects", { body: { slug: "blog", integration: "git", repository: "a/b", environments } });
	const ask = (rules: unknown) =>
		site.api("POST", "/policies/calm/what-would-change", { body: { extends: "stage", rules } });
	expect((await ask({ approvals: { required: 2 } })).body).toMatchObject({
		places: ["blog/live"],
		lookedAt: 0,
		refused: [],
	});
	expect(await ask({ approvals: "many" })).toMatchObject({ status: 422, body: { code: "invalid_configuration" } });
	expect((await site.api("GET", "/policies/calm")).body.rules).toEqual({});
});

test("the trail is verified aside, one look at a time, and the last one is told of", async () => {
	const token = await site.token("viewer");
	const ask = (method: string) => site.api(method, "/audit/verification", { token });
	expect(await ask("GET")).toMatchObject({ status: 404, body: { code: "unknown_verification" } });
	const [one, two] = await Promise.all([ask("POST"), ask("POST")]);
	expect([one.status, two.status]).toEqual([200, 200]);
	const done = async () => {
		for (;;) {
			const { body } = await ask("GET");
			if (body.state !== "running") return body;
		}
	};
	const whole = await done();
	expect(whole).toMatchObject({ state: "done", whole: true, found: 0, findings: [] });
	expect(whole.rows).toBeGreaterThan(3);
	const { db } = site.world.deps;
	await db.query("ALTER TABLE audit_entry DISABLE TRIGGER USER");
	await db.query("UPDATE audit_entry SET entry = replace(entry, 'token', 'tocen') WHERE chain = 'system' AND seq = 2");
	await ask("POST");
	expect(await done()).toMatchObject({
		whole: false,
		findings: expect.arrayContaining([expect.objectContaining({ chain: "system", seq: 2, problem: "changed" })]),
	});
	await db.query("UPDATE audit_entry SET entry = replace(entry, 'tocen', 'token') WHERE chain = 'system' AND seq = 2");
	await db.query("ALTER TABLE audit_entry ENABLE TRIGGER USER");
	const may = { role: "admin", reach: { projects: ["shop"], environments: ["*"] } } as const;
	const { plain } = await site.newToken({ may });
	expect((await site.api("GET", "/audit/verification", { token: plain })).status).toBe(403);
});

test("a verification is seen at work, and that its server stopped in the middle is told", async () => {
	const { db } = site.world.deps;
	const token = await site.token("viewer");
	const browser = new Browser(site);
	await browser.signIn("U_ANN");
	const seen = async () => (await browser.get("/audit/verification")).text;
	// As one that takes long: it waits for a table that somebody else holds.
	const holder = db.createQueryRunner();
	await holder.startTransaction();
	try {
		await holder.query("LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE");
		const one = await site.api("POST", "/audit/verification", { token });
		expect(one.body).toMatchObject({ state: "running", rows: 0, whole: null });
		expect((await site.api("POST", "/audit/verification", { token })).body).toEqual(one.body);
		expect(await seen()).toMatch(/hx-trigger="every 2s".*is being verified: 0 of [1-9]\d* entries/s);
		// What a server leaves that died two minutes ago.
		await db.query(
			"UPDATE setting SET value = jsonb_set(value::jsonb, '{seenAt}', to_jsonb($1::text))::text WHERE name = $2",
			[new Date(site.world.now().getTime() - 120_000).toISOString(), "audit_verification"],
		);
		expect(await seen()).toMatch(/was not verified to its end: .* was broken off\. Verify it again/s);
		expect(await seen()).not.toContain("hx-trigger");
		expect((await site.api("GET", "/audit/verification", { token })).body.state).toBe("failed");
	} finally {
		await holder.rollbackTransaction();
		await holder.release();
	}
	// It was alive after all, and only slow.
	while (!(await seen()).includes("The audit trail is whole")) await site.api("GET", "/audit/verification", { token });
});

test("who changes what somebody else changed meanwhile is told so, by the API and on a form", async () => {
	await site.api("POST", "/policies", { body: { slug: "quiet", extends: "stage", rules: {} } });
	const first = await site.api("GET", "/policies/quiet");
	const version = first.headers.get("etag") ?? "";
	expect(version).toMatch(/^".{22}"$/);
	const patch = (required: number, headers: Record<string, string>) =>
		site.api("PATCH", "/policies/quiet", { body: { rules: { approvals: { required } } }, headers });
	const changed = await patch(1, { "if-match": version });
	expect(changed.status).toBe(200);
	expect(changed.headers.get("etag")).not.toBe(version);
	for (const method of ["PATCH", "DELETE"]) {
		const body = method === "PATCH" ? { extends: "demo" } : undefined;
		const stale = await site.api(method, "/policies/quiet", { body, headers: { "if-match": version } });
		expect(stale).toMatchObject({ status: 412, body: { code: "changed_meanwhile" } });
		expect(stale.body.detail).toMatch(/^The policy quiet was changed meanwhile by admin: .*rules/);
	}
	expect((await patch(2, { "if-match": "*" })).status).toBe(200);

	const environments = [{ slug: "live", policy: "quiet" }];
	const project = { slug: "news", integration: "fake", repository: "a/news", pipeline: "deploy.yml", environments };
	expect((await site.api("POST", "/projects", { body: project })).status).toBe(201);
	const ada = new Browser(site);
	await ada.signIn("U_ADA");
	const { text } = await ada.get("/admin/projects/news");
	const hidden = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? "";
	const form = {
		...{ csrf: hidden("csrf"), version: hidden("version"), name: "News", integration: "fake", repository: "a/news" },
		...{ pipeline: "deploy.yml", defaultRef: "main" },
	};
	await site.api("PATCH", "/projects/news", { body: { defaultRef: "trunk" } });
	const refused = await ada.ask("POST", "/admin/projects/news", { form });
	expect(refused.text).toContain("The project news was changed meanwhile by admin: defaultRef.");
	expect((await site.api("GET", "/projects/news")).body.defaultRef).toBe("trunk");
	// The form that was shown again knows how it is now.
	const seen = /name="version" value="([^"]*)"/.exec(refused.text)?.[1] ?? "";
	expect((await ada.ask("POST", "/admin/projects/news", { form: { ...form, version: seen } })).status).toBe(303);
	expect((await site.api("GET", "/projects/news")).body.defaultRef).toBe("main");
});

describe("what somebody else changed under an open form is not overwritten", () => {
	const environments = [{ slug: "live", policy: "stage" }];
	const subjects = [{ email: "eve@acme.test" }];
	const places = { projects: ["shop"], environments: ["stage"] };
	const form = {
		name: "Papers",
		integration: "fake",
		repository: "a/papers",
		pipeline: "deploy.yml",
		defaultRef: "main",
	};
	test.each([
		{
			...{
				kind: "integration",
				page: "integrations/vault",
				body: { slug: "vault", provider: "github", token: "first" },
			},
			...{ change: { token: "second" }, form: { token: "third" }, what: "token" },
		},
		{
			...{ kind: "policy", page: "policies/slow", body: { slug: "slow", extends: "stage", rules: {} } },
			...{ change: { rules: { approvals: { required: 2 } } }, form: { slug: "slow", extends: "demo" }, what: "rules" },
		},
		{
			...{ kind: "project", page: "projects/papers", body: { ...form, slug: "papers", environments } },
			...{ change: { defaultRef: "trunk" }, form, what: "defaultRef" },
		},
		{
			...{
				kind: "environment",
				page: "projects/papers/two",
				body: { project: "papers", slug: "two", policy: "stage" },
			},
			...{ change: { aliases: ["zwei"] }, form: { policy: "demo" }, what: "aliases" },
		},
		{
			...{ kind: "access", page: "access", body: { role: "operator", subjects, ...places } },
			...{ change: { projects: ["*"] }, form: { role: "approver", "subjects.email": "eve@acme.test" }, what: "" },
		},
	])("$kind", async ({ kind, page, body, change, form, what }) => {
		const path = kind === "access" ? "/access" : `/${kind.replace(/y$/, "ie")}s`;
		const made = await site.api("POST", path, { body });
		expect(made.status).toBe(201);
		const entry = `${path}/${kind === "access" ? made.body.id : page.replace(/^\w+\//, "")}`;
		const at = kind === "access" ? `/admin/access/${made.body.id}` : `/admin/${page}`;
		const ada = new Browser(site);
		await ada.signIn("U_ADA");
		const versionIn = (text: string) => /name="version" value="([^"]*)"/.exec(text)?.[1] ?? "";
		const version = versionIn((await ada.get(at)).text);
		const changed = await site.api("PATCH", entry, { body: change });
		expect(changed.status).toBe(200);
		const refused = await ada.submit(at, at, { ...form, version });
		expect(refused.text).toMatch(/was changed meanwhile by admin: /);
		expect(refused.text).toContain(what);
		expect((await site.api("GET", entry)).headers.get("etag")).toBe(changed.headers.get("etag"));
		// The form that was shown again knows how it is now.
		expect(versionIn(refused.text)).toBe((changed.headers.get("etag") ?? "").slice(1, -1));
	});
});

test("environments are put into another order, without scripts", async () => {
	const environments = ["one", "two", "three"].map((slug) => ({ slug, policy: "stage" }));
	const project = { slug: "order", integration: "fake", repository: "a/order", pipeline: "deploy.yml", environments };
	expect((await site.api("POST", "/projects", { body: project })).status).toBe(201);
	const order = async (): Promise<string[]> =>
		(await site.api("GET", "/projects/order")).body.environments.map(({ slug }: { slug: string }) => slug);
	expect(await order()).toEqual(["one", "two", "three"]);
	const ada = new Browser(site);
	await ada.signIn("U_ADA");
	const moved = await ada.submit("/admin/projects/order", "/admin/projects/order/three/-move");
	expect(moved).toMatchObject({ status: 303, to: "/admin/projects/order" });
	expect(await order()).toEqual(["one", "three", "two"]);
	await ada.submit("/admin/projects/order", "/admin/projects/order/one/-move");
	expect(await order()).toEqual(["three", "one", "two"]);
	const said = await site.api("POST", "/commands", { body: { text: "status order" } });
	expect(said.body.text).toMatch(/three.*one.*two/s);
	// Whoever adds one at the same moment loses nothing by it.
	for (let n = 0; n < 8; n++) {
		const body = { project: "order", slug: `more-${n}`, policy: "stage" };
		await Promise.all([
			ada.submit("/admin/projects/order", "/admin/projects/order/one/-move"),
			site.api("POST", "/environments", { body }),
		]);
	}
	expect((await order()).filter((slug) => slug.startsWith("more-"))).toHaveLength(8);
});

test("an account is taken from a person, whose sessions by it end; the only one, a token and what is not theirs are not", async () => {
	const two = new Browser(site);
	await two.signIn("U_TWO");
	const bob = new Browser(site);
	await bob.signIn("U_BOB");
	const personOf = async (user: string) => (await site.api("GET", `/people?q=${user.toLowerCase()}`)).body.items[0];
	const { id } = await personOf("U_BOB");
	const unlink = (path: string) => site.api("DELETE", `/people/${id}/accounts/${path}`);
	expect(await unlink("slack/U_BOB")).toMatchObject({
		status: 409,
		body: { code: "not_possible_now", detail: expect.stringContaining("only account by which U_BOB speaks here") },
	});
	for (const account of ["T1:U_TWO", "U_TWO"])
		await site.api("POST", `/people/${id}/accounts`, { body: { kind: "slack", account } });
	expect((await unlink("slack/U_TWO?tenant=T9")).status).toBe(404);
	const answer = await unlink("slack/U_TWO?tenant=T1");
	expect(answer).toMatchObject({
		status: 200,
		body: { person: { name: "U_BOB" }, movedTo: { name: "U_TWO" }, sessions: 1, sharedAddress: null },
	});
	expect((await two.get("/account")).to).toContain("/sign-in");
	expect((await bob.get("/account")).status).toBe(200);
	expect((await trail("person.unlinked"))[0]).toMatchObject({
		actor: { via: "api" },
		data: { person: { id }, platform: "slack", tenant: "T1", externalId: "U_TWO", movedTo: answer.body.movedTo },
	});
	expect((await unlink("slack/U_TWO")).status).toBe(404);
	await two.signIn("U_TWO");
	const own = (await site.api("GET", `/people/${answer.body.movedTo.id}`)).body;
	expect(own).toMatchObject({ name: "U_TWO", accounts: [{ externalId: "U_TWO" }] });

	await site.api("POST", `/people/${id}/accounts`, { body: { kind: "login", account: "fake:bob" } });
	expect((await unlink("github/bob")).body).toMatchObject({ movedTo: null });
	expect((await site.api("GET", "/people?q=bob")).body.items).toMatchObject([
		{ id, accounts: [{ platform: "slack" }] },
	]);
	const { personId: ci } = await site.newToken({ may: { role: "viewer" } });
	const [token] = (await site.api("GET", `/people/${ci}`)).body.accounts;
	expect((await site.api("DELETE", `/people/${ci}/accounts/token/${token.externalId}`)).status).toBe(422);
});

test("all of it is for admins of everything", async () => {
	const may = { role: "admin", reach: { projects: ["shop"], environments: ["*"] } } as const;
	const tokens = [await site.token("operator"), (await site.newToken({ may })).plain];
	const ways = [
		["GET", "/tokens"],
		["POST", "/tokens", { name: "x", role: "admin" }],
		["DELETE", "/tokens/none"],
		["GET", "/people"],
		["GET", "/people/none"],
		["POST", "/people/none/accounts", { kind: "email", account: "a@b.test" }],
		["DELETE", "/people/none/accounts/slack/U_ANN"],
		["POST", "/people/none/sign-out"],
		["POST", "/integrations/fake/check"],
		["GET", "/integrations/fake/last-delivery"],
		["POST", "/integrations/fake/webhook-secret"],
		["POST", "/policies/stage/what-would-change", { rules: {} }],
	] as const;
	for (const token of tokens)
		for (const [method, path, body] of ways)
			expect([path, (await site.api(method, path, { token, body })).status]).toEqual([path, 403]);
});
