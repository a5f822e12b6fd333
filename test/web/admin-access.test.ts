import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { auditPage } from "../../src/store/audit-pages.ts";
import { IdentityTable } from "../../src/store/entities.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
let ada: Browser;
beforeAll(async () => {
	site = await Site.open();
	ada = new Browser(site);
	await ada.signIn("U_ADA");
});
afterAll(() => site.close());

async function trail(
	action: "config.changed" | "person.linked" | "person.unlinked" | "token.created" | "token.revoked",
) {
	const found = await auditPage(site.world.deps.db, { after: undefined, runId: undefined, action, limit: 100 });
	return found.map(({ entry }) => entry).filter(({ actor }) => actor.via === "web");
}

async function signedIn(user: string): Promise<Browser> {
	const made = new Browser(site);
	await made.signIn(user);
	return made;
}

const csrfOf = async (browser: Browser) =>
	/name="csrf" value="([^"]+)"/.exec((await browser.get("/account")).text)?.[1] ?? "";
const plain = (html: string) => html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
const NEW = "/admin/access/-new";

test("a role is given, changed and taken back", async () => {
	const given = await ada.submit(NEW, NEW, {
		...{ role: "operator", projects: "shop", environments: "stage, demo" },
		...{ "subjects.slackGroup": "S0DEVS\nS0MORE", "subjects.email": "Ann@Acme.test" },
	});
	expect(given).toMatchObject({ status: 303, to: "/admin/access" });
	const items = () =>
		site
			.api("GET", "/access")
			.then(({ body }) => body.items.filter((one: { managedBy: string }) => one.managedBy === "api"));
	const [binding] = await items();
	expect(binding).toMatchObject({
		...{ role: "operator", projects: ["shop"], environments: ["stage", "demo"] },
		subjects: [{ slackGroup: "S0DEVS" }, { slackGroup: "S0MORE" }, { email: "ann@acme.test" }],
	});
	const page = `/admin/access/${binding.id}`;
	expect((await ada.get(page)).text).toMatch(/name="subjects.slackGroup"[^>]*>S0DEVS\nS0MORE</);
	await ada.submit(page, page, { role: "approver", projects: "", environments: "", "subjects.slackUser": "U0BEN" });
	expect(await items()).toMatchObject([
		{ id: binding.id, role: "approver", projects: ["*"], environments: ["*"], subjects: [{ slackUser: "U0BEN" }] },
	]);
	await ada.submit(page, `${page}/-remove`);
	expect(await items()).toEqual([]);
	expect(await trail("config.changed")).toHaveLength(3);
});

test("a wrong subject is told at the field that it was written in, by its line", async () => {
	const { status, text } = await ada.submit(NEW, NEW, {
		...{ role: "operator", projects: "sh[op", environments: "*" },
		...{ "subjects.slackGroup": "S0DEVS", "subjects.slackUser": "U0ANN\nben", "subjects.email": "<b>@x" },
	});
	expect(status).toBe(422);
	expect(text).toMatch(/id="f-subjects.slackUser-wrong">Slack people, entry 2, has to be the person/);
	expect(text).toMatch(/id="f-subjects.email-wrong">E-mail addresses, entry 1, is no e-mail address/);
	expect(text).toMatch(/id="f-projects-wrong">Projects, entry 1, is no glob/);
	expect(text).toContain("&lt;b>@x");
	expect(text).not.toContain("<b>@x");
	const nobody = await ada.submit(NEW, NEW, { role: "operator" });
	expect(nobody.text).toContain("subjects is empty, so nobody would have the role.");
});

test("what draven.yaml gives is shown alone", async () => {
	const [first] = (await site.api("GET", "/access")).body.items;
	const page = `/admin/access/${first.id}`;
	const { text } = await ada.get(page);
	expect(text).toContain("draven.yaml manages this role");
	expect(text).not.toMatch(/<form[^>]*action="\/admin/);
	const form = { csrf: await csrfOf(ada), role: "admin", "subjects.slackUser": "U0EVIL" };
	for (const path of [page, `${page}/-remove`]) await ada.ask("POST", path, { form });
	expect((await site.api("GET", `/access/${first.id}`)).body).toEqual(first);
});

test("who may what, where and why: by which group or account, and what cannot be told", async () => {
	await signedIn("U_ANN");
	const { text: list } = await ada.get("/admin/people?q=u_ann");
	const person = /href="(\/admin\/people\/[\w-]+)"[^>]*><strong>U_ANN/.exec(list)?.[1] ?? "";
	expect(list).not.toContain("U_ADA</strong>");
	const shown = plain((await ada.get(person)).text);
	expect(shown).toMatch(/shop\/production operator Slack group S_OPS approver Slack group S_LEADS/);
	site.world.people.outsiders.add("U_ANN");
	expect(plain((await ada.get(person)).text)).toMatch(/A guest.*viewer, as everybody/);
	site.world.people.outsiders.delete("U_ANN");
	site.world.people.unreadable = true;
	const dark = plain((await ada.get(person)).text);
	site.world.people.unreadable = false;
	expect(dark).toMatch(/Their groups could not be read: .* operator: cannot be told Slack group S_OPS/);
});

test("an address or account is linked to a person, with its entry on the trail; what cannot be read is said, and kept in the form", async () => {
	await signedIn("U_ANN");
	const { text } = await ada.get("/admin/people?q=u_ann");
	const page = /href="(\/admin\/people\/[\w-]+)"/.exec(text)?.[1] ?? "";
	const cases: readonly [string, string, RegExp][] = [
		["email", "no address", /is no e-mail address/],
		["login", "nowhere:ann", /There is no integration .*nowhere/],
		["slack", "U0NOBODY", /has not spoken here yet: name the workspace too/],
		["teams", "<b>", /A Teams account is an Entra object id/],
	];
	for (const [kind, account, sentence] of cases) {
		const answer = await ada.submit(page, page, { kind, account });
		expect(answer.status).toBe(422);
		expect(answer.text).toMatch(sentence);
		expect(answer.text).toContain(`value="${account.replace("<", "&lt;")}"`);
	}
	expect(await ada.submit(page, page, { kind: "login", account: "fake:Ann" })).toMatchObject({ status: 303, to: page });
	expect((await ada.get(page)).text).toContain("GitHub ann belongs to U_ANN.");
	const row = await site.world.deps.db
		.getRepository(IdentityTable)
		.findOneBy({ platform: "github", externalId: "ann" });
	expect(page).toContain(row?.personId ?? "none");
	expect(await trail("person.linked")).toMatchObject([{ actor: { name: "U_ADA" }, data: { externalId: "ann" } }]);
	expect(await ada.submit(page, `${page}/-unlink`)).toMatchObject({ status: 303, to: page });
	expect(plain((await ada.get(page)).text)).toContain("GitHub ann is not U_ANN's any more, and nobody's");
	expect(await trail("person.unlinked")).toMatchObject([{ actor: { name: "U_ADA" }, data: { externalId: "ann" } }]);
	expect((await ada.get("/admin/people/00000000-0000-0000-0000-000000000000")).status).toBe(404);
	expect((await ada.get("/admin/people/nonsense")).status).toBe(404);
});

test("nobody takes an account from themselves", async () => {
	const { text } = await ada.get("/admin/people?q=u_ada");
	const page = /href="(\/admin\/people\/[\w-]+)"/.exec(text)?.[1] ?? "";
	await ada.submit(page, page, { kind: "email", account: "ada@acme.test" });
	expect((await ada.get(page)).text).not.toContain("-unlink");
	const form = { csrf: await csrfOf(ada), platform: "email", tenant: "", account: "ada@acme.test" };
	await ada.ask("POST", `${page}/-unlink`, { form });
	expect(plain((await ada.get(page)).text)).toContain("You cannot take an account from yourself");
	expect(await trail("person.unlinked")).toHaveLength(1);
});

test("a token is shown once, in the answer to its form, works, and is revoked", async () => {
	const form = { name: "ci <b>", may: "operator", integration: "", email: "", expires: "30d" };
	const made = await ada.submit("/admin/tokens", "/admin/tokens", form);
	expect(made.status).toBe(200);
	expect(made.headers.get("cache-control")).toBe("no-store");
	expect(made.headers.getSetCookie().join()).not.toContain("drv_");
	const token = /value="(drv_[\w-]+)"/.exec(made.text)?.[1] ?? "";
	expect((await site.api("GET", "/projects", { token })).status).toBe(200);
	const later = (await ada.get("/admin/tokens")).text;
	expect(later).not.toContain("drv_");
	expect(later).toContain("ci &lt;b>");
	expect(later).not.toContain("<b>");
	const action = /action="(\/admin\/tokens\/[\w-]+\/-revoke)"(?:(?!<\/form>).)*Revoke ci/.exec(later)?.[1] ?? "";
	expect(await ada.submit("/admin/tokens", action)).toMatchObject({ status: 303 });
	expect((await site.api("GET", "/projects", { token })).status).toBe(401);
	expect(await trail("token.created")).toHaveLength(1);
	expect(await trail("token.revoked")).toHaveLength(1);

	const wrong: readonly [Record<string, string>, RegExp][] = [
		[{ ...form, name: " " }, /f-name-wrong/],
		[{ ...form, may: "emergency" }, /f-may-wrong/],
		[{ ...form, integration: "fake" }, /goes with a runner alone/],
		[{ ...form, email: "x" }, /Whose it is has to be an e-mail address/],
		[{ ...form, projects: "sh[op" }, /In which projects, entry 1, has to be slugs/],
		[{ ...form, may: "runner", environments: "stage" }, /goes with a role/],
	];
	for (const [fields, sentence] of wrong) {
		const answer = await ada.submit("/admin/tokens", "/admin/tokens", fields);
		expect(answer.status).toBe(422);
		expect(answer.text).toMatch(sentence);
	}
	const runner = await ada.submit("/admin/tokens", "/admin/tokens", {
		...form,
		name: "box",
		may: "runner",
		integration: "fake",
	});
	expect(runner.text).toContain("The token box is made");
	expect(await trail("token.created")).toHaveLength(2);
	const narrow = await ada.submit("/admin/tokens", "/admin/tokens", { ...form, name: "narrow", environments: "stage" });
	expect(plain(narrow.text)).toMatch(/narrow operator in \* \/ stage/);
	const [, held = ""] = /value="(drv_[\w-]+)"/.exec(narrow.text) ?? [];
	const asked = { project: "shop", environment: "production", ref: "v1.0.0" };
	expect((await site.api("POST", "/runs", { token: held, body: asked })).status).toBe(403);
});

test("locks: another's is taken with a reason and told, unlocked, and what takes a right is refused in words", async () => {
	await site.world.say("U_OPS", "lock shop stage for 1h testing <b>");
	const { text } = await ada.get("/admin/locks");
	expect(text).toContain("testing &lt;b>");
	const place = "shop/stage";
	const act = async (verb: string, fields: Record<string, string>) => {
		const answer = await ada.ask("POST", `/admin/locks${verb}`, { form: { csrf: await csrfOf(ada), ...fields } });
		return answer.status === 303 ? plain((await ada.get("/admin/locks")).text) : plain(answer.text);
	};
	expect(await act("/-steal", { place })).toContain("Taking somebody's lock needs a reason");
	expect(await act("/-steal", { place, reason: "incident" })).toContain(
		"The lock on shop/stage is yours. U_OPS is told.",
	);
	expect(await act("/-unlock", { place })).toContain("shop/stage is unlocked.");
	// An admin who is no operator configures, and releases nothing.
	expect(await act("", { place, for: "2h", reason: "mine" })).toMatch(/role operator/);
	expect(await act("", { place, for: "soon", reason: "" })).toMatch(/For is no duration/);
	expect(await act("", { place: "shop/nowhere", for: "", reason: "" })).toMatch(/Environment has to be chosen/);
	expect(await act("/-unlock", { place: "none" })).toContain("not configured any more");
});

test("freezes: set, shown, changed and lifted; what is wrong is told beside its field, and hostile text is text", async () => {
	const act = async (verb: string, fields: Record<string, string>) => {
		const answer = await ada.ask("POST", `/admin/freezes${verb}`, { form: { csrf: await csrfOf(ada), ...fields } });
		return answer.status === 303 ? plain((await ada.get("/admin/freezes")).text) : plain(answer.text);
	};
	const asked = { scope: "*/prod", until: "2h", reason: "data <script>alert(1)</script>" };
	expect(await act("", { ...asked, scope: "*/nowhere" })).toContain("Scope takes no environment that there is.");
	expect(await act("", { ...asked, scope: "shop" })).toContain("Scope has to be project/environment, or *.");
	expect(await act("", { ...asked, scope: "shop/(a|b)<b>" })).toContain("Scope has to be project/environment");
	expect(await act("", { ...asked, until: "soon" })).toContain("Until is no time: write 18:00, friday 09:00");
	expect(await act("", { ...asked, until: "today 00:00" })).toContain("That time is over already. It was read in UTC.");
	expect(await act("", { ...asked, reason: " " })).toContain("Reason has to be said");
	expect((await site.api("GET", "/freezes")).body.items).toEqual([]);
	expect(await act("", asked)).toContain("*/production is frozen until 2026-03-04 12:00 UTC.");
	const { text } = await ada.get("/admin/freezes");
	expect(text).toContain("data &lt;script>alert(1)&lt;/script>");
	expect(text).toContain("Takes shop/production.");
	expect(plain((await ada.get("/admin")).text)).toContain("Releases are stopped by hand: */production .");
	const board = plain((await ada.get("/")).text);
	expect(board).toMatch(/U_ADA stopped releases to \*\/production until 4 Mar 2026, 12:00 UTC ?: data/);
	expect(board).toMatch(/Frozen .* Releases may go again:/);
	await site.api("POST", "/locks", { body: { project: "shop", environment: "production", reason: "mine" } });
	expect(plain((await ada.get("/")).text)).toMatch(/Frozen +Locked/);
	await site.api("DELETE", "/locks?project=shop&environment=production");
	expect(await act("/-lift", { scope: "*" })).toContain(
		"There is no freeze of * by hand. Frozen: */production by U_ADA",
	);
	expect(await act("/-lift", { scope: "*/production" })).toContain("*/production is no longer frozen.");
	expect(await act("/-lift", { scope: "(" })).toContain("That is no freeze.");
	expect(plain((await ada.get("/")).text)).not.toContain("stopped releases");
	const bob = await signedIn("U_BOB");
	for (const verb of ["", "/-lift"])
		expect(
			(await bob.ask("POST", `/admin/freezes${verb}`, { form: { csrf: await csrfOf(bob), ...asked } })).status,
		).toBe(403);
	expect((await bob.get("/admin/freezes")).status).toBe(403);
	expect((await ada.ask("POST", "/admin/freezes", { form: asked })).status).toBe(403);
});

test("nobody but an admin sees or does any of it", async () => {
	const bob = await signedIn("U_BOB");
	const csrf = await csrfOf(bob);
	const [{ id }] = (await site.api("GET", "/access")).body.items;
	for (const path of ["/admin/access", NEW, `/admin/access/${id}`, "/admin/people", "/admin/tokens", "/admin/locks"])
		expect((await bob.get(path)).status).toBe(403);
	const form = { csrf, name: "mine", may: "admin", role: "admin", place: "shop/stage", reason: "x" };
	for (const path of [
		NEW,
		`/admin/access/${id}`,
		`/admin/access/${id}/-remove`,
		"/admin/people/x",
		"/admin/tokens",
		`/admin/tokens/${id}/-revoke`,
	])
		expect((await bob.ask("POST", path, { form })).status).toBe(403);
	for (const path of ["/admin/locks", "/admin/locks/-steal", "/admin/locks/-unlock"])
		expect((await bob.ask("POST", path, { form })).status).toBe(403);
	expect((await ada.ask("POST", "/admin/tokens", { form: { name: "x", may: "admin" } })).status).toBe(403);
});
