import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { auditPage } from "../../src/store/audit-pages.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
let ada: Browser;
beforeAll(async () => {
	site = await Site.open();
	await site.api("POST", "/integrations", { body: { slug: "hub", provider: "github", token: "t0ken-of-hub" } });
	ada = new Browser(site);
	await ada.signIn("U_ADA");
});
afterAll(() => site.close());

const blog = { slug: "blog", name: "The blog", integration: "hub", repository: "acme/blog", pipeline: "deploy.yml" };
const form = { ...blog, defaultRef: "main" };

test("a project and its environments are made, changed and removed, each on the trail by name", async () => {
	const made = await ada.submit("/admin/projects/-new", "/admin/projects/-new", form);
	expect(made).toMatchObject({ status: 303, to: "/admin/projects/blog" });
	expect((await ada.get("/admin/projects/blog")).text).toContain("The project blog is there.");
	expect((await site.api("GET", "/projects/blog")).body).toMatchObject({
		...blog,
		defaultRef: "main",
		managedBy: "api",
	});

	const stage = {
		...{ slug: "stage", policy: "stage", aliases: "staging, pre", labels: "" },
		...{ "channels.slack": "C0BLOG", "channels.teams": "" },
	};
	const page = "/admin/projects/blog/-new";
	expect(await ada.submit(page, page, stage)).toMatchObject({ status: 303, to: "/admin/projects/blog" });
	expect((await ada.get("/admin/projects/blog")).text).toContain("C0BLOG");
	const where = "/admin/projects/blog/stage";
	await ada.submit(where, where, { ...stage, aliases: "staging", labels: "linux\nfast", "channels.slack": "" });
	expect((await site.api("GET", "/environments/blog/stage")).body).toEqual({
		...{ id: expect.any(String), project: "blog", slug: "stage", policy: "stage", managedBy: "api" },
		...{ aliases: ["staging"], labels: ["linux", "fast"] },
	});
	// What a project is called changes, and its environments stay.
	await ada.submit("/admin/projects/blog", "/admin/projects/blog", { ...form, name: "Our blog" });
	expect((await site.api("GET", "/projects/blog")).body).toMatchObject({
		name: "Our blog",
		environments: [{ slug: "stage" }],
	});

	await ada.submit(where, `${where}/-remove`);
	expect((await site.api("GET", "/environments/blog/stage")).status).toBe(404);
	expect(await ada.submit("/admin/projects/blog", "/admin/projects/blog/-remove")).toMatchObject({
		to: "/admin/projects",
	});
	expect((await site.api("GET", "/projects/blog")).status).toBe(404);
	expect((await ada.get("/admin/projects/blog")).status).toBe(404);
	const filter = { after: undefined, runId: undefined, action: "config.changed" as const, limit: 100 };
	const trail = (await auditPage(site.world.deps.db, filter)).filter(({ entry }) => entry.actor.via === "web");
	expect(trail).toHaveLength(6);
	expect(trail[0]?.entry.actor.name).toBe("U_ADA");
});

test("what is wrong stands beside its field, and nothing that was typed is lost", async () => {
	const evil = `<img src=x onerror=alert(1)>"'`;
	const wrong = { ...form, slug: "Deploy!", name: evil, repository: "no-repository" };
	const { status, text } = await ada.submit("/admin/projects/-new", "/admin/projects/-new", wrong);
	expect(status).toBe(422);
	expect(text).toMatch(
		/<input[^>]*aria-describedby="f-slug-hint f-slug-wrong"[^>]*aria-invalid[^>]*name="slug" value="Deploy!"/,
	);
	expect(text).toMatch(/id="f-slug-wrong">Slug is no slug: 1 to 63 lower-case letters/);
	expect(text).toMatch(/id="f-repository-wrong">Repository is no repository of github: write owner\/name/);
	expect(text).toContain("&lt;img src=x");
	expect(text).not.toContain("<img");
	expect((await site.api("GET", "/projects")).body.items).toHaveLength(1);
});

test("what is in the way of another entry is said above the form", async () => {
	await ada.submit("/admin/projects/-new", "/admin/projects/-new", form);
	const again = await ada.submit("/admin/projects/-new", "/admin/projects/-new", form);
	expect(again).toMatchObject({ status: 422 });
	expect(again.text).toContain("another project has that name: choose another one");
	const page = "/admin/projects/blog/-new";
	const stage = {
		slug: "stage",
		policy: "stage",
		aliases: "",
		labels: "",
		"channels.slack": "general",
		"channels.teams": "",
	};
	const refused = await ada.submit(page, page, stage);
	expect(refused.text).toMatch(
		/id="f-channels.slack-wrong">Slack channel has to be the channel&#39;s ID|Slack channel has to be the channel's ID/,
	);
	await ada.submit("/admin/projects/blog", "/admin/projects/blog/-remove");
});

test("what people are called is text, wherever it is shown", async () => {
	const evil = `<img src=x onerror=alert(1)>"'&`;
	await ada.submit("/admin/projects/-new", "/admin/projects/-new", { ...form, slug: "evil", name: evil });
	for (const path of ["/admin/projects", "/admin/projects/evil", "/admin", "/"])
		expect((await ada.get(path)).text).not.toContain("<img");
	expect((await ada.get("/admin/projects")).text).toContain("&lt;img src=x");
	await ada.submit("/admin/projects/evil", "/admin/projects/evil/-remove");
});

test("what draven.yaml manages is shown alone: no form, and none that is made up does anything", async () => {
	for (const path of ["/admin/projects/shop", "/admin/projects/shop/stage", "/admin/projects/shop/-new"]) {
		const { text } = await ada.get(path);
		expect(text).toContain("draven.yaml manages");
		expect(text).not.toMatch(/<form[^>]*action="\/admin/);
	}
	const csrf = /name="csrf" value="([^"]+)"/.exec((await ada.get("/admin")).text)?.[1] ?? "";
	const before = (await site.api("GET", "/projects/shop")).body;
	for (const path of ["", "/-remove", "/-new", "/stage", "/stage/-remove"])
		await ada.ask("POST", `/admin/projects/shop${path}`, { form: { csrf, slug: "x", policy: "stage" } });
	expect((await site.api("GET", "/projects/shop")).body).toEqual(before);
	expect((await ada.get("/admin/projects/shop")).text).toContain("is managed by draven.yaml: change it there.");
});

test("whoever changes an environment of the sample has its project from then on", async () => {
	await ada.submit("/admin/projects/-new", "/admin/projects/-new", form);
	const stage = {
		...{ policy: "stage", aliases: "", labels: "" },
		...{ "channels.slack": "", "channels.teams": "" },
	};
	const page = "/admin/projects/blog/-new";
	for (const slug of ["stage", "live"]) await ada.submit(page, page, { ...stage, slug });
	const { db } = site.world.deps;
	const sample = () => db.query("UPDATE project SET managed_by = 'sample' WHERE slug = 'blog'");
	await sample();
	expect((await ada.get("/admin/projects/blog/stage")).text).toContain('<span class="badge ">sample</span>');
	const where = "/admin/projects/blog/stage";
	await ada.submit(where, where, { ...stage, aliases: "pre" });
	expect((await site.api("GET", "/projects/blog")).body.managedBy).toBe("api");
	await sample();
	await ada.submit(where, `${where}/-remove`);
	expect((await site.api("GET", "/projects/blog")).body.managedBy).toBe("api");
	await ada.submit("/admin/projects/blog", "/admin/projects/blog/-remove");
});

test("an environment is reached by its own project alone", async () => {
	await ada.submit("/admin/projects/-new", "/admin/projects/-new", form);
	for (const path of ["/admin/projects/blog/stage", "/admin/projects/none/stage", "/admin/projects/none"])
		expect((await ada.get(path)).status).toBe(404);
	await ada.submit("/admin/projects/blog", "/admin/projects/blog/-remove");
});

test("nobody but an admin sees or changes any of it, and no form goes without the token of its session", async () => {
	for (const user of ["U_OPS", "U_BOB"]) {
		const other = new Browser(site);
		await other.signIn(user);
		const csrf = /name="csrf" value="([^"]+)"/.exec((await other.get("/account")).text)?.[1] ?? "";
		for (const path of [
			"/admin",
			"/admin/projects",
			"/admin/projects/-new",
			"/admin/projects/shop",
			"/admin/projects/shop/stage",
		])
			expect(await other.get(path)).toMatchObject({ status: 403 });
		for (const path of ["/admin/projects/-new", "/admin/projects/shop", "/admin/projects/shop/stage/-remove"])
			expect((await other.ask("POST", path, { form: { ...form, csrf } })).status).toBe(403);
		expect((await other.get("/")).text).not.toContain('href="/admin"');
	}
	for (const csrf of ["", "x".repeat(43)])
		expect((await ada.ask("POST", "/admin/projects/-new", { form: { ...form, csrf } })).status).toBe(403);
	expect(await new Browser(site).get("/admin")).toMatchObject({ status: 303, to: "/sign-in?next=%2Fadmin" });
	expect((await site.api("GET", "/projects")).body.items).toHaveLength(1);
});
