import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { openSecrets } from "../../src/configuration/integrations.ts";
import type { CheckupPort } from "../../src/ports/checkup.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import { chromiumPath } from "../pictures/chromium.ts";
import { linkOf } from "../web/browser.ts";
import { Site } from "../web/site.ts";

const path = chromiumPath();
if (path === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (path === null)
	process.stderr.write("Skipped: changes by an admin in a browser need Chromium (Debian's package chromium).\n");

const SENT = { event: "workflow_run completed", at: new Date("2026-03-04T09:58:00Z") };
/** What was asked to be sent again. */
const resent: string[] = [];
const CHECKUP: CheckupPort = {
	examine: async () => [],
	ensureWebhook: async () => "present",
	deliveries: {
		last: async () => [
			{ ...SENT, ref: { hook: "41", delivery: "12000000001" }, same: "a", answer: "timed out", taken: false },
		],
		sendAgain: async (_, { delivery }) => {
			resent.push(delivery);
			return null;
		},
	},
};

let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What a page said of itself that nobody expects: errors of scripts, of the policy, of what could not be loaded. */
const complaints: string[] = [];

async function signIn(one: Page, user: string): Promise<void> {
	await one.goto(`${site.url}${await linkOf(site, user)}`);
	await one.getByRole("button", { name: `Sign in as ${user}` }).click();
	await one.getByRole("heading", { name: "Board" }).waitFor();
}

const open = (at: string) => page.goto(`${site.url}${at}`);
const fill = (label: string, text: string) => page.getByLabel(label, { exact: true }).fill(text);
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
/** What stands beside a field that is wrong, found as a screen reader finds it. */
async function besides(label: string): Promise<string> {
	const field = page.getByLabel(label, { exact: true });
	expect(await field.getAttribute("aria-invalid")).toBe("true");
	const ids = (await field.getAttribute("aria-describedby"))?.split(" ") ?? [];
	return (await page.locator(`[id="${ids.at(-1)}"]`).textContent()) ?? "";
}
async function api(at: string): Promise<Awaited<ReturnType<Site["api"]>>["body"]> {
	return (await site.api("GET", at)).body;
}

(path === null ? describe.skip : describe)("what an admin changes in a browser", () => {
	beforeAll(async () => {
		site = await Site.open({
			deps: () => ({ checkupOf: () => CHECKUP }),
			examineIntegration:
				() =>
				async (_, { fix }) => [
					{ check: "Token", state: "ok", found: "it works", mend: null },
					fix
						? { check: "Webhook", state: "ok", found: "it was not there and was created", mend: null }
						: { check: "Webhook", state: "warning", found: "there is none", mend: "Set the webhooks up." },
				],
		});
		browser = await chromium.launch({ executablePath: path ?? "", args: ["--no-sandbox", "--disable-gpu"] });
		context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
		context.on("weberror", (error) => complaints.push(error.error().message));
		context.on("console", (message) => {
			if (message.type() === "error" && !message.text().includes("422")) complaints.push(message.text());
		});
		page = await context.newPage();
		await signIn(page, "U_ADA");
	}, 60_000);
	beforeEach(() => {
		complaints.length = 0;
	});
	afterAll(async () => {
		await browser.close();
		await site.close();
	});

	test("an integration is made, corrected where it was wrong, checked, given another secret, and removed", async () => {
		const kept = async () => {
			const row = await site.world.deps.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "acme" });
			return openSecrets(site.world.deps.box, row);
		};
		await open("/admin/integrations");
		await page.getByRole("link", { name: /new integration|add an integration/i }).click();
		await page.getByRole("link", { name: /^GitHub/ }).click();
		await fill("Slug", "Acme!");
		await fill("Token", "t0ken-one");
		await press("Add the integration");
		await shows("Nothing was changed.");
		expect(await besides("Slug")).toMatch(/^Slug is no slug/);
		// Secrets come back in no page.
		expect(await page.getByLabel("Token", { exact: true }).inputValue()).toBe("");
		await fill("Slug", "acme");
		await fill("Token", "t0ken-one");
		await press("Add the integration");
		await shows("The integration acme is there.");

		await press("Check it now");
		await shows("there is none");
		await press("Set the webhooks up");
		await shows("it was not there and was created");

		await page.getByRole("button", { name: "Copy: Address of the webhook" }).click();
		await shows("Copied");
		const copied = () => page.evaluate<string>("navigator.clipboard.readText()");
		expect(await copied()).toBe("http://127.0.0.1:3000/webhooks/github/acme");
		await press("Make a secret");
		await page.getByRole("button", { name: "Copy: Secret of the webhook" }).click();
		await shows("Copied");
		const first = await copied();
		expect(await kept()).toEqual({ token: "t0ken-one", webhookSecret: first });
		await press("Make another secret");
		await page.locator(`input[aria-label="Secret of the webhook"]:not([value="${first}"])`).waitFor();
		const { webhookSecret: second } = await kept();
		expect(second).not.toBe(first);
		await open("/admin/integrations/acme");
		expect(await page.content()).not.toContain(second);

		await fill("Token", "t0ken-two");
		await press("Save the integration");
		await shows("The integration acme is changed.");
		expect(await kept()).toEqual({ token: "t0ken-two", webhookSecret: second });
		await fill("Address of its API", "http://169.254.169.254");
		await press("Save the integration");
		await shows("Nothing was changed.");
		expect(await besides("Address of its API")).toMatch(/^Address of its API /);

		await site.api("POST", "/projects", {
			body: { slug: "blog", integration: "acme", repository: "acme/blog", pipeline: "deploy.yml", environments: [] },
		});
		await open("/admin/integrations/acme");
		await page.getByRole("link", { name: "Show the last ones" }).click();
		await page.getByRole("button", { name: /^Send again: workflow_run completed/ }).click();
		await shows("is sent again: look in a moment whether it was taken.");
		expect(resent).toEqual(["12000000001"]);

		const removes = async () => {
			await page.getByText("Remove this integration").click();
			await press("Remove acme");
		};
		await removes();
		await shows(/blog/);
		expect(await kept()).toMatchObject({ token: "t0ken-two" });
		await site.api("DELETE", "/projects/blog");
		await open("/admin/integrations/acme");
		await removes();
		await shows("because the archived project blog points to it, and their past is kept.");
		const { db } = site.world.deps;
		// The project that is archived still points to it: what stays keeps no secret.
		expect(await db.getRepository(IntegrationTable).findOneBy({ slug: "acme" })).toMatchObject({ secrets: null });
		expect(complaints).toEqual([]);
	}, 60_000);

	test("a role is given, corrected where it was wrong, changed and taken back, and holds in chat at once", async () => {
		const may = async () => (await site.world.say("U0NEW", "deploy shop@v1.0.0 stage")).card.text;
		await open("/admin/access");
		await page.getByRole("link", { name: "Give a role" }).click();
		await page.getByLabel("Role").selectOption("operator");
		await fill("Slack people", "U0NEW");
		await fill("Projects", "sh[op");
		await press("Give the role");
		await shows("Nothing was changed.");
		expect(await besides("Projects")).toContain("Projects, entry 1,");
		expect(await page.getByLabel("Slack people", { exact: true }).inputValue()).toBe("U0NEW");
		await fill("Projects", "sh*");
		await fill("Environments", "production");
		await press("Give the role");
		await shows("Given: ");
		const given = async () =>
			(await api("/access")).items.find((one: { managedBy: string }) => one.managedBy === "api") ?? null;
		expect(await given()).toMatchObject({ role: "operator", projects: ["sh*"], environments: ["production"] });
		expect(await may()).not.toContain("#1");
		const { id } = await given();
		await page.locator(`a[href="/admin/access/${id}"]`).click();
		await fill("Environments", "stage");
		await press("Save");
		await shows("Changed: ");
		expect(await may()).toContain("#1");
		await page.locator(`a[href="/admin/access/${id}"]`).click();
		await page.getByText("Take this role back").click();
		await press("Take it back");
		await shows("The role is taken back.");
		expect(await given()).toBeNull();
		expect(complaints).toEqual([]);
	}, 60_000);

	test("an account is linked to a person and goes on to another; their sessions are ended by the admin", async () => {
		const other = await (await browser.newContext()).newPage();
		await signIn(other, "U_BOB");
		await site.world.say("U_ANN", "whoami");
		const show = async (name: string) => {
			await open("/admin/people");
			await page.getByLabel("Name, address or account").fill(name);
			await press("Search");
			await page.getByRole("link", { name, exact: true }).click();
		};
		await show("U_BOB");
		await fill("Account", "no address");
		await press("Link it");
		await shows("Nothing was changed.");
		await fill("Account", "bob@acme.test");
		await press("Link it");
		await shows("e-mail bob@acme.test belongs to U_BOB.");
		await show("U_ANN");
		await fill("Account", "bob@acme.test");
		await press("Link it");
		await shows("belongs to U_ANN. It was U_BOB's until now.");
		await show("U_BOB");
		expect(await page.getByRole("region", { name: "Accounts", exact: true }).textContent()).not.toContain("bob@");
		await show("U_ANN");
		await page.getByRole("region", { name: "Accounts", exact: true }).getByText("Not theirs").click();
		await press("Unlink e-mail bob@acme.test");
		await shows("e-mail bob@acme.test is not U_ANN's any more, but a person of its own.");
		await show("U_BOB");
		await press("Sign U_BOB out everywhere");
		await shows("1 session is ended, and no link of theirs is good any more.");
		await other.goto(`${site.url}/account`);
		await other.getByRole("heading", { name: "Sign in" }).waitFor();
		await other.context().close();
		expect(complaints).toEqual([]);
	}, 60_000);

	test("a freeze is set, corrected where it was wrong, stops a release, and is lifted", async () => {
		await open("/admin/freezes");
		await fill("Scope", "shop/production");
		await fill("Until", "someday");
		await fill("Reason", "the database moves");
		await press("Freeze");
		await shows("Nothing was changed.");
		expect(await besides("Until")).toMatch(/^Until is no time: write /);
		expect(await page.getByLabel("Scope", { exact: true }).inputValue()).toBe("shop/production");
		await fill("Until", "2h");
		await press("Freeze");
		await shows(/shop\/production is frozen until /);
		const stopped = await site.world.say("U_OPS", "deploy shop@v1.0.0 to production");
		expect(stopped.card.text).toContain("the database moves");
		await press("Lift the freeze of shop/production");
		await shows("shop/production is no longer frozen.");
		await shows("Nothing is frozen by hand.");
		expect(complaints).toEqual([]);
	}, 60_000);

	test("environments are moved up and down, and the board has them in that order", async () => {
		const body = {
			...{ slug: "site", integration: "fake", repository: "acme/site", pipeline: "deploy.yml" },
			environments: ["one", "two", "three"].map((slug) => ({ slug, policy: "stage" })),
		};
		await site.api("POST", "/projects", { body });
		const order = async () => (await api("/projects/site")).environments.map(({ slug }: { slug: string }) => slug);
		await open("/admin/projects/site");
		expect(await page.getByRole("button", { name: "Move one earlier" }).count()).toBe(0);
		await press("Move one later");
		await shows("one is number 2 now.");
		expect(await order()).toEqual(["two", "one", "three"]);
		await press("Move three earlier");
		await shows("three is number 2 now.");
		expect(await order()).toEqual(["two", "three", "one"]);
		await open("/projects/site");
		const heads = await page.locator("main h2, main h3").allTextContents();
		expect(heads.filter((one) => /^(one|two|three)$/.test(one))).toEqual(["two", "three", "one"]);
		expect(complaints).toEqual([]);
	}, 60_000);

	test("who signs out everywhere is out in each browser, and a link that was not used is void", async () => {
		const other = await (await browser.newContext()).newPage();
		await signIn(other, "U_ADA");
		const unused = await linkOf(site, "U_ADA");
		await open("/account");
		await press("Sign out everywhere");
		await page.getByRole("heading", { name: "Sign in" }).waitFor();
		await other.goto(`${site.url}/account`);
		await other.getByRole("heading", { name: "Sign in" }).waitFor();
		await other.goto(`${site.url}${unused}`);
		await other.getByRole("heading", { name: "This link does not work" }).waitFor();
		await other.context().close();
	}, 60_000);
});
