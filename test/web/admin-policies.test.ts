import { afterAll, beforeAll, expect, test } from "@jest/globals";
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

const NEW = "/admin/policies/-new";
const csrfOf = async () => /name="csrf" value="([^"]+)"/.exec((await ada.get(NEW)).text)?.[1] ?? "";
const policy = async (slug: string) => (await site.api("GET", `/policies/${slug}`)).body;

test("a policy is made from YAML and form together: what the form says goes into the YAML", async () => {
	const rules = "# ours\nci: { mode: off }\nparameters: { migrate: { type: boolean } }\n";
	const made = await ada.submit(NEW, NEW, {
		...{ slug: "careful", extends: "stage", base: "", rules },
		"rules.approvals.required": "2",
		"rules.windows.allow": "mon-wed, fri 09:00-17:30",
		"rules.windows.timezone": "Europe/Rome",
		"rules.refs.shas": "false",
	});
	expect(made).toMatchObject({ status: 303, to: "/admin/policies/careful" });
	expect(await policy("careful")).toMatchObject({
		extends: "stage",
		rules: {
			...{ ci: { mode: "off" }, parameters: { migrate: { type: "boolean" } }, refs: { shas: false } },
			approvals: { required: 2 },
			windows: { allow: [{ days: ["mon", "tue", "wed", "fri"], from: "09:00", to: "17:30" }], timezone: "Europe/Rome" },
		},
	});
	const { text } = await ada.get("/admin/policies/careful");
	expect(text).toContain("The policy careful is there.");
	expect(text).toMatch(/name="rules.approvals.required" value="2"/);
	expect(text).toMatch(/These rules can be read, and hold together/);
});

test("what is cleared in the form is left out again, and what it does not show stays", async () => {
	const page = "/admin/policies/careful";
	const shown = await ada.get(page);
	const base = unescaped(/name="base" value="([^"]*)"/.exec(shown.text)?.[1] ?? "");
	const fields = {
		...{ extends: "stage", rules: base },
		...{ "rules.windows.allow": "", "rules.windows.timezone": "", "rules.refs.shas": "" },
	};
	await ada.submit(page, page, fields);
	expect((await policy("careful")).rules).toEqual({
		...{ ci: { mode: "off" }, parameters: { migrate: { type: "boolean" } }, approvals: { required: 2 } },
	});
});

function unescaped(text: string): string {
	return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

test("what is wrong is said beside the field and the YAML, with all that was typed", async () => {
	const page = "/admin/policies/careful";
	const before = await policy("careful");
	const cases: readonly [string, RegExp][] = [
		[
			"approvals: { required: many }",
			/f-rules.approvals.required-wrong">How many has to be a number|How many .* number/,
		],
		["aprovals: { required: 1 }", /Rules, aprovals, is no key that is known here/],
		["refs: { branches: ['['] }", /Branches, entry 1, is no glob/],
		["ci: [", /Rules is no valid YAML/],
		["a: &a [x]\nb: [*a,*a]\n<script>: 1", /is no key that is known here/],
	];
	for (const [rules, sentence] of cases) {
		const { status, text } = await ada.submit(page, page, { extends: "stage", base: rules, rules });
		expect({ rules, status }).toEqual({ rules, status: 422 });
		expect(text).toMatch(sentence);
		expect(text).not.toContain("<script>:");
		expect(unescaped(text)).toContain(rules);
	}
	expect(await policy("careful")).toEqual(before);
});

test("it is checked as one types, with the token of the session, and nothing is written", async () => {
	const check = "/admin/policies/careful/-check";
	const csrf = await csrfOf();
	expect((await ada.ask("POST", check, { form: { rules: "" } })).status).toBe(403);
	const typed = await ada.ask("POST", check, {
		form: { csrf, side: "yaml", extends: "stage", base: "", rules: "ci: { mode: maybe }" },
	});
	expect(typed.status).toBe(200);
	expect(typed.text).toContain("rules.ci.mode has to be one of required, off.");
	expect(typed.text).toContain('id="rules-form"');
	expect(typed.text).not.toContain("<html");
	const clicked = await ada.ask("POST", check, {
		form: {
			csrf,
			side: "form",
			extends: "stage",
			base: "",
			rules: "# ours\nqueue: { limit: 3 }\n",
			"rules.ci.mode": "off",
		},
	});
	expect(clicked.text).toMatch(/<textarea[^>]*># ours\nqueue: \{ limit: 3 \}\nci:\n {2}mode: off\n<\/textarea>/);
	expect(clicked.text).toContain("hold together");
	expect((await policy("careful")).rules).toHaveProperty("approvals");
});

test("what would change: runs that would be refused or need other approvals, refusals that would go, and what cannot be told", async () => {
	await site.api("POST", "/integrations", { body: { slug: "hub", provider: "github", token: "t0ken-of-hub" } });
	await site.api("POST", "/policies", { body: { slug: "mine", extends: "stage", rules: { refs: { tags: ["v*"] } } } });
	const environments = [{ slug: "stage", policy: "mine" }];
	await site.api("POST", "/projects", {
		body: { slug: "blog", integration: "hub", repository: "acme/shop", pipeline: "deploy.yml", environments },
	});
	site.world.pipeline.tag("old", "a".repeat(40));
	const tag = await site.world.runOf(await site.world.say("U_OPS", "deploy blog@v1.0.0 stage"));
	const branch = await site.world.runOf(await site.world.say("U_ANN", "deploy blog@main stage"));
	expect(await site.world.say("U_TWO", "deploy blog@old stage")).toMatchObject({ outcome: "refused" });

	const csrf = await csrfOf();
	const changes = async (rules: string) => {
		const form = { csrf, side: "yaml", extends: "stage", base: rules, rules };
		const { text } = await ada.ask("POST", "/admin/policies/mine/-check", { form });
		return text.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
	};
	expect(await changes('refs: { tags: ["v*"] }')).toContain("They would all have gone as they went.");
	const strict = await changes('refs: { tags: ["v*"], branches: ["release/**"] }');
	expect(strict).toMatch(
		new RegExp(
			`Now refused 1 #${branch.number} deploy of main to blog/stage by U_ANN, .* The branch main may not go here`,
		),
	);
	expect(strict).not.toContain("Now let through");
	const lax = await changes('refs: { tags: ["**"] }\napprovals: { required: 1 }');
	expect(lax).toMatch(
		/Now let through 1 Refused then deploy of old to blog\/stage by U_TWO, .* It would go, with 1 approval\./,
	);
	expect(lax).toMatch(
		new RegExp(`Other approvals 2 .*#${tag.number} .*It would need 1 approval instead of 0; 0 given`),
	);
	expect(await changes('refs: { tags: ["v*"] }\nci: { checks: [never-seen] }')).toMatch(
		/Cannot be told 2 .*was not looked at, or not all of it was kept/,
	);
	expect(await changes('refs: { tags: ["v*"] }\npromotion: { from: demo }')).toMatch(
		/Now refused 2 .*has not succeeded in demo yet/,
	);
});

test("what draven.yaml manages, and what is built in, is shown alone; what is in use stays", async () => {
	for (const [slug, said] of [
		["production", "draven.yaml manages the policy production"],
		["demo", "This policy is built in"],
	] as const) {
		const { text } = await ada.get(`/admin/policies/${slug}`);
		expect(text).toContain(said);
		expect(text).not.toMatch(/<form[^>]*action="\/admin/);
		const csrf = await csrfOf();
		const answer = await ada.ask("POST", `/admin/policies/${slug}`, { form: { csrf, extends: "", rules: "" } });
		expect(answer.status).toBe(slug === "demo" ? 404 : 303);
		const flash = slug === "demo" ? "There is nothing here" : "is managed by draven.yaml: change it there.";
		expect(slug === "demo" ? answer.text : (await ada.get(`/admin/policies/${slug}`)).text).toContain(flash);
	}
	expect(await policy("production")).toMatchObject({ rules: { approvals: { required: 2 } }, managedBy: "file" });
	await ada.submit("/admin/policies/mine", "/admin/policies/mine/-remove");
	expect((await ada.get("/admin/policies/mine")).text).toContain("environment blog/stage would be left without rules");
	await ada.submit("/admin/policies/careful", "/admin/policies/careful/-remove");
	expect((await ada.get("/admin/policies/careful")).status).toBe(404);
});

test("nobody but an admin sees, checks or changes a policy", async () => {
	const ops = new Browser(site);
	await ops.signIn("U_OPS");
	const csrf = /name="csrf" value="([^"]+)"/.exec((await ops.get("/account")).text)?.[1] ?? "";
	for (const path of ["/admin/policies", NEW, "/admin/policies/mine"]) expect((await ops.get(path)).status).toBe(403);
	for (const path of [
		NEW,
		`${NEW}/-check`,
		"/admin/policies/mine",
		"/admin/policies/mine/-check",
		"/admin/policies/mine/-remove",
	])
		expect((await ops.ask("POST", path, { form: { csrf, rules: "" } })).status).toBe(403);
	expect((await policy("mine")).rules).toEqual({ refs: { tags: ["v*"] } });
});
