import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { externalOf } from "../../src/core/run.ts";
import type { CheckupPort } from "../../src/ports/checkup.ts";
import { IdentityTable } from "../../src/store/entities.ts";
import { PAGES } from "../../src/web/pages/register.ts";
import { chromiumPath } from "../pictures/chromium.ts";
import { linkOf } from "../web/browser.ts";
import { Site } from "../web/site.ts";

const path = chromiumPath();
if (path === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (path === null)
	process.stderr.write("Skipped: every page in a browser needs Chromium (Debian's package chromium).\n");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** No space in it at which it could be broken. */
const LONG = "a".repeat(63);
/** Breaks out of a text, of an attribute and of a script. Whatever comes of it is found by its mark. */
const EVIL = `'"></script><img src=x onerror=pwned=1 data-pwned><script data-pwned>pwned=1</script><b data-pwned onmouseover="pwned=1">`;
/** Each tells where it is shown; of each so many letters at least, more than the first mark is long. */
const SHOWN = 90;
const [TITLE, AUTHOR, STEP] = ["title", "author", "step"].map((what) => `${what} ${EVIL}`) as [string, string, string];
const FOUND = `found ${EVIL}`;
const HOSTILE_LINES = [
	EVIL,
	`\u001b[31m${EVIL}\u001b[0m`,
	"\u001b]8;;javascript:pwned=1\u0007click\u001b]8;;\u0007",
	`\u001b[38;5;"onmouseover=pwned=1 data-pwned;1mx\u001b[0m`,
];

const SENT = { event: `push ${EVIL}`, at: new Date("2026-03-04T09:58:00Z") };
const CHECKUP: CheckupPort = {
	examine: async () => [],
	ensureWebhook: async () => "present",
	deliveries: {
		last: async () => [
			{ ...SENT, ref: { hook: "41", delivery: "12000000002" }, same: "b", answer: "202", taken: true },
			{ ...SENT, ref: { hook: "41", delivery: "12000000001" }, same: "a", answer: `none ${EVIL}`, taken: false },
		],
		sendAgain: async () => null,
	},
};

/** What came of the mark in a page. */
const LOOK = `({
	marks: document.querySelectorAll("[data-pwned], [onerror], [onmouseover], img[src=x], script:not([src])").length,
	ran: "pwned" in window,
	links: [...document.querySelectorAll("[href], [src], [action], [formaction]")]
		.flatMap((one) => ["href", "src", "action", "formaction"].map((name) => one.getAttribute(name) ?? ""))
		.filter((to) => /^\\s*(javascript|data:text|vbscript):/i.test(to)),
	shows: document.body.textContent.includes("data-pwned"),
})`;

/** What is no page by itself: files, and parts that a page fetches. */
const NO_PAGES = /\.(json|csv)$|^\/board$|\/live$|\/log\/lines$|\/-delivery$|^\/audit\/verification$/;
/** Forms that scripts alone send: what is typed is checked meanwhile, and again when it is saved. */
const BY_SCRIPTS = ["/admin/policies/-new/-check", "/admin/policies/:policy/-check"];

let site: Site;
let browser: Browser;
let params: Readonly<Record<string, string>>;
/** What a page said of itself that nobody expects: errors of scripts, of the policy, of what could not be loaded. */
const complaints: string[] = [];

async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
	const context = await browser.newContext(options);
	context.on("weberror", (error) => complaints.push(error.error().message));
	context.on("console", (message) => {
		if (message.type() === "error") complaints.push(`${message.location().url}: ${message.text()}`);
	});
	context.on("dialog", (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
	return context;
}

async function signedIn(options: Parameters<Browser["newContext"]>[0] = {}, user = "U_ADA"): Promise<Page> {
	const page = await (await open(options)).newPage();
	await page.goto(`${site.url}${await linkOf(site, user)}`);
	await page.getByRole("button", { name: /^Sign in as/ }).click();
	await page.getByRole("heading", { name: "Board" }).waitFor();
	return page;
}

/** Where each page that is registered lies in this world; in one of several states where it has more. */
function addresses(): readonly string[] {
	const more: Record<string, readonly string[]> = {
		"/runs/:run": ["2", "3", "4", "5", "6"].map((run) => `/runs/${run}`),
		"/admin/projects/:project": ["shop", "blog"].map((slug) => `/admin/projects/${slug}`),
		"/admin/policies/:policy": ["mine", "production", "demo"].map((slug) => `/admin/policies/${slug}`),
		"/admin/integrations/:integration": ["hub", "boxes", "fake"].map((slug) => `/admin/integrations/${slug}`),
		"/admin/integrations/-new/:provider": ["github", "runner"].map((one) => `/admin/integrations/-new/${one}`),
	};
	return PAGES.filter(({ method, path: at }) => method === "GET" && !NO_PAGES.test(at)).flatMap(
		({ path: at }) => more[at] ?? [at.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? `no-${name}`)],
	);
}

/** Adds the mark to each sentence in what lies in a column as JSON. */
function spoiled(value: unknown): unknown {
	if (typeof value === "string") return value.includes(" ") ? `${value} ${EVIL}` : value;
	if (Array.isArray(value)) return value.map(spoiled);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, spoiled(one)]));
}

/** A world in which whoever may write a text somewhere wrote the same. */
async function spoil(): Promise<void> {
	const { db } = site.world.deps;
	const set = (table: string, columns: readonly string[], where = "true") =>
		db.query(
			`UPDATE ${table} SET ${columns.map((column) => `${column} = left(coalesce(${column}, ''), 20) || $1`).join(", ")} WHERE ${where}`,
			[EVIL],
		);
	await set("person", ["name"]);
	await set("project", ["name", "repository", "pipeline", "default_ref"]);
	await set("run", ["requested_by_name", "note", "ref_name", "reason"]);
	await set("approval", ["person_name", "reason"]);
	await set("environment_lock", ["person_name", "reason"]);
	await set("release_freeze", ["person_name", "reason"]);
	await set("api_token", ["name"]);
	await set("integration", ["base_url"], "slug = 'fake'");
	await set("identity", ["email"]);
	await db.query("UPDATE run SET external_url = 'javascript:pwned=1', parameters = $1", [{ [EVIL]: EVIL }]);
	await db.query("UPDATE environment SET labels = $1 WHERE slug = 'stage'", [[EVIL]]);
	await db.query("UPDATE access_binding SET subjects = $1, projects = $2 WHERE role = 'operator'", [
		JSON.stringify([{ email: EVIL }, { slackUser: EVIL }, { slackGroup: "S_OPS" }]),
		["*", EVIL],
	]);
	await db.query(`UPDATE policy SET rules = $1 WHERE slug = 'production'`, [
		{ refs: { branches: [EVIL], tags: ["**"] }, approvals: { required: 2 } },
	]);
	const runs: { id: string; verdict: unknown }[] = await db.query("SELECT id, verdict FROM run");
	for (const { id, verdict } of runs)
		await db.query("UPDATE run SET verdict = $2 WHERE id = $1", [id, spoiled(verdict)]);
}

(path === null ? describe.skip : describe)("every page that is registered", () => {
	beforeAll(async () => {
		site = await Site.open({
			deps: () => ({ checkupOf: () => CHECKUP }),
			examineIntegration: () => async () => [{ check: EVIL, state: "wrong", found: FOUND, mend: EVIL }],
		});
		browser = await chromium.launch({ executablePath: path ?? "", args: ["--no-sandbox", "--disable-gpu"] });
		const { world } = site;
		world.people.profile = async (user) => ({ name: `${user} ${EVIL}`, email: null, outsider: false, timezone: null });
		world.pipeline.checksOf = () => [{ name: `check ${EVIL}`, state: "success", url: null }];
		world.pipeline.comparisonOf = () => ({
			...{ ahead: 1, behind: 0, more: false, url: "javascript:pwned=1" },
			commits: [{ sha: "a".repeat(40), title: TITLE, author: { name: AUTHOR, email: null, login: EVIL } }],
		});
		await site.api("POST", "/integrations", { body: { slug: "hub", provider: "github", token: "t0ken-of-hub" } });
		await site.api("POST", "/integrations", { body: { slug: "boxes", provider: "runner" } });
		await site.api("POST", "/policies", {
			body: { slug: "mine", extends: "stage", rules: { refs: { tags: ["v*"] } } },
		});
		const environments = [
			{ slug: "stage", policy: "mine", aliases: ["staging", LONG], channels: { slack: "C0BLOG" } },
			// Two of them, so that they can be put into another order.
			{ slug: "live", policy: "mine" },
		];
		await site.api("POST", "/projects", {
			body: { slug: "blog", integration: "hub", repository: "acme/blog", pipeline: "deploy.yml", environments },
		});
		await site.api("POST", "/access", { body: { role: "viewer", subjects: [{ slackUser: "U0VIEW" }] } });
		await world.deployed("U_OPS", "deploy shop@v1.2.0 to stage");
		await world.deployed("U_OPS", "deploy shop@v1.1.0 to stage");
		const first = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
		await world.work();
		await site.api("POST", `/runs/${first.number}/log`, { body: { lines: HOSTILE_LINES } });
		const { externalId = "" } = externalOf(await world.run(first.number)) ?? {};
		world.pipeline.stepsOf.set(externalId, [
			{ id: "1", name: STEP, status: "failed", url: "javascript:pwned=1" },
			{ id: "2", name: "release".repeat(30), status: "failed", url: null },
		]);
		await world.hear(world.pipeline.set(first.id, "running"));
		await world.work();
		world.pipeline.set(first.id, "failed", EVIL);
		await world.pass(31_000);
		await world.say("U_OPS", "deploy shop@v1.1.0 to production");
		await world.say("U_BOB", `reject 4 ${EVIL}`);
		await world.say("U_OPS", "deploy shop@v1.0.0 to production");
		await world.say("U_BOB", "approve 5");
		await world.say("U_ANN", "approve 5");
		await world.work();
		await world.finish(await world.run(5), "succeeded");
		// What is live now is what those who decide compare it with.
		await world.say("U_OPS", "deploy shop@v1.2.0 to production");
		await world.work();
		await world.say("U_BOB", "approve 6");
		await world.say("U_OPS", `lock shop stage for 1h ${EVIL}`);
		await world.say("U_ADA", `freeze blog/stage for 2h ${EVIL}`);
		await world.work();
		const bindings = (await site.api("GET", "/access")).body.items;
		const asker = await world.deps.db.getRepository(IdentityTable).findOneByOrFail({ externalId: "U_OPS" });
		// A second account: one of them can be taken away.
		const account = `${asker.tenant}:U_OPS2`;
		await site.api("POST", `/people/${asker.personId}/accounts`, { body: { kind: "slack", account } });
		params = {
			...{ project: "blog", environment: "stage", policy: "mine", integration: "hub", provider: "github", run: "3" },
			...{ binding: bindings.at(-1).id, person: asker.personId, token: "" },
		};
		await spoil();
	}, 60_000);
	afterAll(async () => {
		await browser.close();
		await site.close();
	});

	test("shows what people and pipelines wrote as text: no script runs, no mark of it is in any page", async () => {
		const page = await signedIn({ viewport: { width: 1280, height: 900 } });
		const given = encodeURIComponent(EVIL);
		const asked = [
			...[`/runs?project=${given}&state=${given}`, `/audit?q=${given}&actor=${given}`, `/runs/3?q=${given}`],
			...[`/reports?project=${given}&by=${given}`, `/reports/runs?metric=deployments&project=${given}`],
			...[`/sign-in?next=${given}`, "/audit?action=run.rejected"],
		];
		let shown = 0;
		const look = async (address: string) => {
			const found = await page.evaluate<{ marks: number; ran: boolean; links: string[]; shows: boolean }>(LOOK);
			if (found.shows) shown += 1;
			expect({ address, ...found }).toEqual({ address, marks: 0, ran: false, links: [], shows: found.shows });
			return found.shows;
		};
		for (const address of [...addresses(), ...asked]) {
			await page.goto(`${site.url}${address}`);
			await look(address);
		}
		// It was there to be shown.
		expect(shown).toBeGreaterThan(15);
		for (const { address, texts } of [
			{ address: "/runs/3", texts: [STEP] },
			{ address: "/runs/6", texts: [TITLE, AUTHOR] },
		]) {
			await page.goto(`${site.url}${address}`);
			const text = (await page.locator("main").textContent()) ?? "";
			expect({ address, missing: texts.filter((one) => !text.includes(one.slice(0, SHOWN))) }).toEqual({
				address,
				missing: [],
			});
		}

		await page.goto(`${site.url}/admin/integrations/hub`);
		await page.getByRole("button", { name: "Check it now" }).click();
		await page.locator("main").getByText(FOUND).first().waitFor();
		expect(await look("the findings of a check-up")).toBe(true);

		await page.goto(`${site.url}/admin/policies/mine`);
		await page.getByLabel("Rules", { exact: true }).fill(`refs: [${EVIL}`);
		await page.getByText("is no valid YAML").first().waitFor();
		expect(await look("a policy that is typed")).toBe(true);
		await page.getByRole("button", { name: "Save the policy" }).click();
		await page.getByText("Nothing was changed.").waitFor();
		expect(await look("a policy that is refused")).toBe(true);
		expect(complaints.filter((one) => !/\b(40[034]|422)\b/.test(one))).toEqual([]);
	}, 120_000);

	test("has nothing that axe objects to in light and in dark, nor scrolls sideways on a phone", async () => {
		const page = await signedIn({ viewport: { width: 390, height: 800 } });
		for (const address of addresses()) {
			const answer = await page.goto(`${site.url}${address}`);
			await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
			const wide = await page.evaluate<number>(
				"document.documentElement.scrollWidth - document.documentElement.clientWidth",
			);
			expect({ address, status: answer?.status(), wide }).toEqual({ address, status: 200, wide: 0 });
			// Behind the policy of the page, which lets nothing else in.
			await page.evaluate(AXE);
			for (const colorScheme of ["light", "dark"] as const) {
				await page.emulateMedia({ colorScheme });
				const found = await page.evaluate<string[]>(
					"axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
				);
				expect({ address, colorScheme, found }).toEqual({ address, colorScheme, found: [] });
			}
		}
	}, 240_000);

	test("can be read without scripts, and each form that is registered can be sent without", async () => {
		const admin = await signedIn({ javaScriptEnabled: false });
		// Who decides on runs and asks for them.
		const ann = await signedIn({ javaScriptEnabled: false }, "U_ANN");
		const forms = new Set<string>();
		const looks = addresses().flatMap((address) =>
			(address.startsWith("/runs/") ? [admin, ann] : [admin]).map((page) => ({ address, page })),
		);
		for (const { address, page } of looks) {
			await page.goto(`${site.url}${address}`);
			expect({ address, heads: await page.locator("main h1").count() }).toEqual({ address, heads: 1 });
			const text = await page.content();
			for (const [, attributes = "", inner = ""] of text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
				if (!/method="post"/.test(attributes)) continue;
				forms.add(/action="([^"]*)"/.exec(attributes)?.[1] ?? "");
				expect({ address, inner: /name="csrf"/.test(inner) && /<button(?![^>]*type="button")/.test(inner) }).toEqual({
					...{ address, inner: true },
				});
				for (const [, to = ""] of inner.matchAll(/formaction="([^"]*)"/g)) forms.add(to);
			}
		}
		const missing = PAGES.filter(({ method }) => method === "POST")
			.map(({ path: at }) => at)
			.filter((at) => !BY_SCRIPTS.includes(at))
			.filter((at) => ![...forms].some((to) => new RegExp(`^${at.replaceAll(/:\w+/g, "[^/-][^/]*")}$`).test(to)));
		expect(missing).toEqual([]);
	}, 120_000);
});
