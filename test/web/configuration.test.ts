import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { exportDocument } from "../../src/configuration/export.ts";
import { openSecrets } from "../../src/configuration/integrations.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open();
});
afterAll(() => site.close());

const SECRET = "glpat-t0ps3cret-0001";
const gitlab = { slug: "acme-gitlab", provider: "gitlab", token: SECRET, webhookSecret: "hook-t0ps3cret" };

async function audited(): Promise<readonly { action: string; actor: { name: string }; data: object }[]> {
	return (await site.api("GET", "/audit?action=config.changed&limit=100")).body.items;
}

test("an integration, a policy, a project with environments and a right: made, read, changed, removed; each is on the trail", async () => {
	const made = await site.api("POST", "/integrations", { body: gitlab });
	expect(made).toMatchObject({
		status: 201,
		body: { slug: "acme-gitlab", token: `\${ACME_GITLAB_TOKEN}`, managedBy: "api" },
	});
	expect(made.headers.get("location")).toBe(`/api/v1/integrations/${made.body.id}`);
	expect((await site.api("GET", made.headers.get("location")?.slice(7) ?? "")).body).toEqual(made.body);

	const policy = { slug: "careful", extends: "stage", rules: { approvals: { required: 1 }, ci: { mode: "off" } } };
	expect(await site.api("POST", "/policies", { body: policy })).toMatchObject({ status: 201, body: policy });
	const changed = await site.api("PATCH", "/policies/careful", {
		body: { rules: { approvals: { required: 2 }, ci: null } },
	});
	expect(changed).toMatchObject({ status: 200, body: { rules: { approvals: { required: 2 } } } });
	expect(changed.body.rules).not.toHaveProperty("ci");

	const project = { slug: "blog", integration: "acme-gitlab", repository: "acme/team/blog" };
	expect(await site.api("POST", "/projects", { body: project })).toMatchObject({
		status: 201,
		body: { ...project, name: "blog", defaultRef: "main", environments: [] },
	});
	const stage = { project: "blog", slug: "stage", policy: "stage", channels: { slack: "C0BLOG" } };
	expect(await site.api("POST", "/environments", { body: stage })).toMatchObject({ status: 201, body: stage });
	const live = { project: "blog", slug: "live", aliases: ["prod"], policy: "careful" };
	const made2 = await site.api("POST", "/environments", { body: live });
	expect((await site.api("GET", "/projects/blog")).body.environments).toMatchObject([
		{ slug: "stage" },
		{ slug: "live" },
	]);
	for (const name of ["blog/live", "blog%2Flive", made2.body.id])
		expect((await site.api("GET", `/environments/${name}`)).body).toEqual(made2.body);
	expect((await site.api("GET", "/environments?project=blog")).body.items).toHaveLength(2);

	// A project that is written anew without a word of its environments keeps them; with a list it has those.
	const anew = await site.api("PUT", "/projects/blog", { body: { ...project, name: "The blog" } });
	expect(anew.body).toMatchObject({ name: "The blog", environments: [{ slug: "stage" }, { slug: "live" }] });
	const fewer = await site.api("PATCH", "/projects/blog", {
		body: { environments: [{ slug: "stage", policy: "stage" }] },
	});
	expect(fewer.body.environments).toEqual([{ slug: "stage", policy: "stage" }]);
	expect(await site.api("GET", "/environments/blog/live")).toMatchObject({ status: 404 });

	const right = { role: "operator", subjects: [{ slackGroup: "S0BLOG" }], projects: ["blog"], environments: ["*"] };
	const bound = await site.api("POST", "/access", { body: right });
	expect(bound).toMatchObject({ status: 201, body: right });
	const second = await site.api("POST", "/access", { body: { ...right, subjects: [{ email: "ann@acme.test" }] } });
	expect(second.body.id).not.toBe(bound.body.id);
	expect((await site.api("PATCH", `/access/${bound.body.id}`, { body: { role: "approver" } })).body).toEqual({
		...{ ...bound.body, role: "approver" },
	});
	expect((await site.api("GET", "/access")).body.items).toHaveLength(6);
	for (const { id } of [bound.body, second.body]) expect((await site.api("DELETE", `/access/${id}`)).status).toBe(204);

	expect((await site.api("DELETE", "/projects/blog")).status).toBe(204);
	expect((await site.api("DELETE", "/policies/careful")).status).toBe(204);
	expect(await site.api("GET", "/projects/blog")).toMatchObject({ status: 404, body: { code: "unknown_project" } });
	const entries = await audited();
	expect(entries).toHaveLength(15);
	expect(entries[0]).toMatchObject({ actor: { name: "admin", via: "api" } });
	expect(JSON.stringify(entries)).not.toContain(SECRET);
});

test("a secret is never shown; sent back as it was shown, or not named at all, it stays what it was", async () => {
	const slug = "kept";
	const { body } = await site.api("POST", "/integrations", { body: { ...gitlab, slug } });
	expect(JSON.stringify(body)).not.toContain("t0ps3cret");
	const { id, managedBy, ...shown } = body;
	// Or whoever may change an address could have the token sent to a host of theirs.
	const baseUrl = "https://git.acme.test";
	for (const [method, sent] of [
		["PUT", { ...shown, baseUrl }],
		["PATCH", { baseUrl }],
	] as const) {
		const moved = await site.api(method, `/integrations/${slug}`, { body: sent });
		expect(moved).toMatchObject({ status: 422, body: { code: "invalid_configuration" } });
		expect(moved.body.detail).toMatch(/^token has to be given again/);
	}
	await site.api("PUT", `/integrations/${slug}`, { body: { ...shown, baseUrl, token: SECRET } });
	await site.api("PATCH", `/integrations/${slug}`, { body: { mode: "inputs", webhookSecret: "another-t0ps3cret" } });
	const { db, box } = site.world.deps;
	const row = await db.getRepository(IntegrationTable).findOneByOrFail({ slug });
	expect(row).toMatchObject({ baseUrl: "https://git.acme.test", settings: { mode: "inputs" } });
	expect(openSecrets(box, row)).toEqual({ token: SECRET, webhookSecret: "another-t0ps3cret" });
	expect(await exportDocument(site.world.deps)).toContain(`token: \${KEPT_TOKEN}`);
	const guessed = await site.api("PATCH", `/integrations/${slug}`, { body: { token: `\${DRAVEN_SECRET_KEY}` } });
	expect(guessed).toMatchObject({ status: 422, body: { code: "invalid_configuration" } });
	expect(guessed.body.detail).toMatch(/^token names a variable: here it has to be the secret itself/);
});

test("an entry that was read is sent back as it was read, with what changes in it", async () => {
	await site.api("POST", "/policies", { body: { slug: "read-back", rules: {} } });
	await site.api("POST", "/integrations", { body: { ...gitlab, slug: "read-back" } });
	const environments = [{ slug: "stage", policy: "read-back" }];
	const project = { slug: "read-back", integration: "read-back", repository: "acme/read", environments };
	await site.api("POST", "/projects", { body: project });
	const access = await site.api("POST", "/access", { body: { role: "viewer", subjects: [{ email: "a@acme.test" }] } });
	const paths = [
		...["/environments/read-back/stage", "/projects/read-back", "/integrations/read-back", "/policies/read-back"],
		`/access/${access.body.id}`,
	];
	for (const path of paths) {
		const { body: shown } = await site.api("GET", path);
		for (const method of ["PUT", "PATCH"])
			expect(await site.api(method, path, { body: shown })).toMatchObject({ status: 200, body: { id: shown.id } });
	}
	const { body: shown } = await site.api("GET", "/policies/read-back");
	const changed = await site.api("PUT", "/policies/read-back", { body: { ...shown, extends: "stage" } });
	expect(changed).toMatchObject({ status: 200, body: { ...shown, extends: "stage" } });
	const another = await site.api("PUT", "/policies/read-back", { body: { ...shown, id: "another" } });
	expect(another).toMatchObject({ status: 422, body: { code: "invalid_configuration" } });
	expect(another.body.detail).toMatch(/^id is no key/);
	for (const path of paths) expect((await site.api("DELETE", path)).status).toBe(204);
});

test("what is wrong is said with its place, and nothing changes", async () => {
	const before = await exportDocument(site.world.deps);
	const cases: readonly [string, string, unknown, number, string, RegExp][] = [
		[
			"POST",
			"/policies",
			{ slug: "x", rules: { refs: { branches: ["["] } } },
			422,
			"invalid_configuration",
			/^rules\.refs\.branches\[0\] /,
		],
		["POST", "/policies", { slug: "x", rules: { aprovals: {} } }, 422, "invalid_configuration", /^rules\.aprovals /],
		[
			"POST",
			"/policies",
			{ slug: "x", extends: "nowhere", rules: {} },
			422,
			"invalid_configuration",
			/^extends is "nowhere"/,
		],
		[
			"POST",
			"/projects",
			{ slug: "x", integration: "none", repository: "a/b" },
			422,
			"invalid_configuration",
			/^integration is "none"/,
		],
		[
			"POST",
			"/projects",
			{ slug: "deploy", integration: "kept", repository: "a/b" },
			422,
			"invalid_configuration",
			/^slug is "deploy"/,
		],
		["POST", "/projects", { slug: "shop", integration: "kept", repository: "a/b" }, 409, "already_exists", /already/],
		["POST", "/environments", { slug: "x", policy: "stage" }, 422, "invalid_configuration", /^project is missing/],
		[
			"POST",
			"/environments",
			{ project: "nope", slug: "x", policy: "stage" },
			422,
			"invalid_configuration",
			/^project is "nope"/,
		],
		[
			"POST",
			"/environments",
			{ project: "shop", slug: "x", policy: "stage" },
			409,
			"configuration_refused",
			/managed by draven.yaml/,
		],
		[
			"POST",
			"/integrations",
			{ ...gitlab, slug: "x", baseUrl: "http://169.254.169.254" },
			422,
			"invalid_configuration",
			/^baseUrl /,
		],
		["POST", "/integrations", { slug: "x", provider: "jenkins" }, 422, "invalid_configuration", /provider/],
		["POST", "/access", { role: "king", subjects: [{ slackUser: "U1" }] }, 422, "invalid_configuration", /^role /],
		[
			"PATCH",
			"/policies/production",
			{ rules: { approvals: { required: 0 } } },
			409,
			"configuration_refused",
			/managed by draven.yaml/,
		],
		["DELETE", "/projects/shop", undefined, 409, "configuration_refused", /managed by draven.yaml/],
		["PATCH", "/integrations/kept", { slug: "other" }, 422, "invalid_configuration", /^slug stays "kept"/],
		["PATCH", "/policies/none", {}, 404, "unknown_policy", /no policy "none"/],
		["POST", "/policies", [], 422, "invalid_body", /./],
	];
	for (const [method, path, body, status, code, detail] of cases) {
		const answer = await site.api(method, path, body === undefined ? {} : { body });
		expect({ path, sent: body, ...answer }).toMatchObject({ status, body: { code } });
		expect(answer.body.detail).toMatch(detail);
	}
	expect(await exportDocument(site.world.deps)).toBe(before);
});

test("only an admin changes it; everybody with a token reads it", async () => {
	for (const role of ["viewer", "operator", "approver"] as const) {
		const token = await site.token(role);
		const body = { slug: "mine", rules: {} };
		const answer = await site.api("POST", "/policies", { token, body });
		expect(answer).toMatchObject({ status: 403, body: { code: "no_right" } });
		expect((await site.api("DELETE", "/integrations/kept", { token })).status).toBe(403);
		expect((await site.api("GET", "/policies", { token })).status).toBe(200);
	}
	expect((await site.api("GET", "/policies", { token: null })).status).toBe(401);
});

test("what is in use stays: a policy, an integration, an environment with a run that is not over", async () => {
	await site.api("POST", "/policies", { body: { slug: "used", extends: "stage" } });
	const environments = [{ slug: "stage", policy: "used" }];
	const body = { slug: "busy", integration: "kept", repository: "acme/shop", environments };
	expect((await site.api("POST", "/projects", { body })).status).toBe(201);
	const refused = async (path: string, why: RegExp) => {
		const answer = await site.api("DELETE", path);
		expect(answer).toMatchObject({ status: 409, body: { code: "configuration_refused" } });
		expect(answer.body.detail).toMatch(why);
	};
	await refused("/policies/used", /environment busy\/stage would be left without rules/);
	await refused("/integrations/kept", /project busy would be left without one/);
	const rule = { approvals: { required: 1 }, refs: { branches: ["**"], tags: ["**"] }, ci: { mode: "off" } };
	expect((await site.api("PATCH", "/policies/used", { body: { rules: rule } })).status).toBe(200);
	const { body: run } = await site.api("POST", "/runs", {
		token: await site.token("operator"),
		body: { project: "busy", environment: "stage", ref: "v1.0.0" },
	});
	expect(run).toMatchObject({ state: "waiting_approval" });
	await refused("/environments/busy/stage", new RegExp(`the run #${run.number} is not at an end`));
	await refused("/projects/busy", new RegExp(`the run #${run.number} is not at an end`));
	await site.api("POST", `/runs/${run.number}/cancel`);
	expect((await site.api("DELETE", "/environments/busy/stage")).status).toBe(204);
	expect((await site.api("DELETE", "/projects/busy")).status).toBe(204);
});

test("a binding that is asked for twice with one Idempotency-Key, also at the same moment, is made once", async () => {
	const count = async () => (await site.api("GET", "/access")).body.items.length;
	const before = await count();
	const body = { role: "viewer", subjects: [{ email: "bea@acme.test" }] };
	const headers = { "idempotency-key": "once" };
	const answers = await Promise.all([1, 2, 3].map(() => site.api("POST", "/access", { body, headers })));
	expect(new Set(answers.map((one) => one.body.id)).size).toBe(1);
	expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
	expect(await count()).toBe(before + 1);
});

test("a policy of a baseline's name takes nobody's rules away behind their back", async () => {
	// The shop's policies are a draven.yaml's, and extend the baselines.
	const loose = { slug: "demo", rules: { refs: { branches: ["**"] } } };
	expect((await site.api("POST", "/policies", { body: { slug: "mine", extends: "demo" } })).status).toBe(201);
	expect((await site.api("POST", "/policies", { body: loose })).status).toBe(201);
	const [entry] = await audited();
	expect(JSON.stringify(entry)).toContain("it takes the place of the baseline demo for the policy mine");
	await site.world.deps.db.query("UPDATE policy SET managed_by = 'file' WHERE slug = 'mine'");
	expect((await site.api("DELETE", "/policies/demo")).status).toBe(204);
	const refused = await site.api("POST", "/policies", { body: loose });
	expect(refused).toMatchObject({ status: 409, body: { code: "configuration_refused" } });
	expect(refused.body.detail).toContain("the policy mine, managed by draven.yaml");
	await site.world.deps.db.query("DELETE FROM policy WHERE slug = 'mine'");
});

test("a list is read on with its cursor", async () => {
	for (const slug of ["p1", "p2", "p3"]) await site.api("POST", "/policies", { body: { slug, extends: "stage" } });
	const names: string[] = [];
	for (let cursor: string | null = ""; cursor !== null; ) {
		const at: string = cursor === "" ? "" : `&cursor=${cursor}`;
		const { body } = await site.api("GET", `/policies?limit=2${at}`);
		expect(body.items.length).toBeLessThanOrEqual(2);
		names.push(...body.items.map(({ slug }: { slug: string }) => slug));
		cursor = body.next;
	}
	expect(names).toEqual(["p1", "p2", "p3", "production", "stage", "used"]);
});

test("locks and freezes are read on with their cursors, as every list is", async () => {
	const places = [
		{ project: "shop", environment: "stage" },
		{ project: "shop", environment: "production" },
	];
	for (const place of places) {
		await site.api("POST", "/locks", { body: { ...place, reason: "works" } });
		await site.api("POST", "/freezes", { body: { scope: `${place.project}/${place.environment}`, reason: "works" } });
	}
	for (const path of ["/locks", "/freezes"]) {
		const { body: all } = await site.api("GET", path);
		expect(all).toMatchObject({ items: [{}, {}], next: null });
		const { body: first } = await site.api("GET", `${path}?limit=1`);
		const { body: second } = await site.api("GET", `${path}?limit=1&cursor=${encodeURIComponent(first.next)}`);
		expect([...first.items, ...second.items]).toEqual(all.items);
		expect(second.next).toBeNull();
		expect((await site.api("GET", `${path}?limit=0`)).body).toMatchObject({ code: "invalid_query" });
		expect(await site.api("GET", `${path}?cursor=gone%2Fgone`)).toMatchObject({
			...{ status: 400, body: { code: "bad_cursor", detail: expect.stringContaining("from the beginning") } },
		});
	}
	for (const { project, environment } of places) {
		await site.api("DELETE", `/locks?project=${project}&environment=${environment}`);
		await site.api("DELETE", `/freezes?scope=${project}/${environment}`);
	}
});
