import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, chromium, type Page } from "playwright-core";
import type { CheckupPort } from "../../src/ports/checkup.ts";
import { chromiumPath } from "../pictures/chromium.ts";
import { linkOf } from "../web/browser.ts";
import { Site } from "../web/site.ts";

const path = chromiumPath();
if (path === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (path === null)
	process.stderr.write("Skipped: the admin pages in a browser need Chromium (Debian's package chromium).\n");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const SENT = { event: "workflow_run completed", at: new Date("2026-03-04T09:58:00Z") };
const CHECKUP: CheckupPort = {
	examine: async () => [],
	ensureWebhook: async () => "present",
	deliveries: {
		last: async () => [
			{ ...SENT, ref: { hook: "41", delivery: "12000000002" }, same: "b", answer: "202", taken: true },
			{ ...SENT, ref: { hook: "41", delivery: "12000000001" }, same: "a", answer: "timed out", taken: false },
		],
		sendAgain: async () => null,
	},
};

let site: Site;
let browser: Browser;
/** What a page said of itself that nobody expects: errors of scripts, of the policy, of what could not be loaded. */
const complaints: string[] = [];

async function admin(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
	const context = await browser.newContext(options);
	context.on("weberror", (error) => complaints.push(error.error().message));
	context.on("console", (message) => {
		if (message.type() === "error" && !message.text().includes("422")) complaints.push(message.text());
	});
	const page = await context.newPage();
	await page.goto(`${site.url}${await linkOf(site, "U_ADA")}`);
	await page.getByRole("button", { name: "Sign in as U_ADA" }).click();
	await page.getByRole("heading", { name: "Board" }).waitFor();
	return page;
}

(path === null ? describe.skip : describe)("the admin pages in a browser", () => {
	beforeAll(async () => {
		site = await Site.open({ deps: () => ({ checkupOf: () => CHECKUP }) });
		browser = await chromium.launch({ executablePath: path ?? "", args: ["--no-sandbox", "--disable-gpu"] });
		const hub = { slug: "hub", provider: "github", token: "t0ken-of-hub" };
		await site.api("POST", "/integrations", { body: hub });
		await site.api("POST", "/integrations", { body: { slug: "boxes", provider: "runner" } });
		await site.api("POST", "/policies", {
			body: { slug: "mine", extends: "stage", rules: { refs: { tags: ["v*"] } } },
		});
		const environments = [{ slug: "stage", policy: "mine", aliases: ["staging"], channels: { slack: "C0BLOG" } }];
		await site.api("POST", "/projects", {
			body: { slug: "blog", integration: "hub", repository: "acme/blog", pipeline: "deploy.yml", environments },
		});
		await site.world.say("U_OPS", "deploy blog@v1.0.0 stage");
		await site.world.say("U_OPS", "deploy blog@main stage");
		await site.world.say("U_OPS", "lock shop stage for 1h testing");
		await site.world.say("U_ADA", "freeze */production until friday 09:00 the database moves");
	}, 60_000);
	afterAll(async () => {
		await browser.close();
		await site.close();
	});

	test("form and YAML of a policy follow each other, what they come to follows both, and one save writes it", async () => {
		const page = await admin();
		await page.goto(`${site.url}/admin/policies/mine`);
		const yaml = page.getByLabel("Rules", { exact: true });
		await page.getByLabel("How many", { exact: true }).fill("2");
		await page.getByText("It would need 2 approvals instead of 0").first().waitFor();
		expect(await yaml.inputValue()).toBe("refs:\n  tags: [ v* ]\napprovals:\n  required: 2\n");
		await yaml.fill("# ours\napprovals: { required: 1 }\nrefs: { branches: [release/**] }\n");
		await page.getByText("The branch main may not go here").waitFor();
		expect(await page.getByLabel("How many", { exact: true }).inputValue()).toBe("1");
		expect(await page.getByLabel("Branches").inputValue()).toBe("release/**");
		await yaml.fill("approvals: { requird: 1 }");
		await page.getByText("rules.approvals.requird is no key that is known here").waitFor();
		// What was typed in the form and not yet answered is saved too.
		await yaml.fill("# ours\n");
		await page.getByText("hold together").waitFor();
		await page.getByLabel("Runs that may wait").fill("7");
		await page.getByRole("button", { name: "Save the policy" }).click();
		await page.getByText("The policy mine is changed.").waitFor();
		expect((await site.api("GET", "/policies/mine")).body.rules).toEqual({ queue: { limit: 7 } });
		expect(complaints).toEqual([]);
	}, 60_000);

	test("without scripts a project is made with its environment, corrected where it was wrong, and removed", async () => {
		const page = await admin({ javaScriptEnabled: false });
		await page.goto(`${site.url}/admin/projects/-new`);
		await page.getByLabel("Slug").fill("Docs!");
		await page.getByLabel("Integration").selectOption("hub");
		await page.getByLabel("Repository").fill("acme/docs");
		await page.getByLabel("Pipeline").fill("deploy.yml");
		await page.getByRole("button", { name: "Add the project" }).click();
		await page.getByText("Slug is no slug").waitFor();
		expect(await page.getByLabel("Repository").inputValue()).toBe("acme/docs");
		await page.getByLabel("Slug").fill("docs");
		await page.getByRole("button", { name: "Add the project" }).click();
		await page.getByText("The project docs is there.").waitFor();
		await page.getByRole("link", { name: "Add an environment" }).click();
		await page.getByLabel("Slug").fill("live");
		await page.getByLabel("Policy").selectOption("production");
		await page.getByRole("button", { name: "Add the environment" }).click();
		await page.getByText("The environment docs/live is there.").waitFor();
		await page.getByText("Remove this project").click();
		await page.getByRole("button", { name: "Remove docs" }).click();
		await page.getByText("The project docs is removed.").waitFor();
		expect((await site.api("GET", "/projects/docs")).status).toBe(404);
	}, 60_000);

	test("by the keyboard and with scripts: an environment is locked and unlocked, a token is made and revoked", async () => {
		site.world.people.groups.get("S_OPS")?.add("U_ADA");
		const page = await admin();
		const press = async (name: string | RegExp) => {
			await page.getByRole("button", { name }).focus();
			await page.keyboard.press("Enter");
		};
		await page.goto(`${site.url}/admin/locks`);
		await page.getByLabel("Environment").selectOption("shop/production");
		await page.getByLabel("For", { exact: true }).fill("soon");
		await press("Lock it");
		await page.getByText("is no duration: write 90s, 15m, 4h or 7d").waitFor();
		await page.getByLabel("For", { exact: true }).fill("2h");
		await press("Lock it");
		await page.getByText("shop/production is locked").waitFor();
		expect((await site.api("GET", "/locks?project=shop&environment=production")).body.items).toHaveLength(1);
		await press("Unlock: shop/production");
		await page.getByText("shop/production is unlocked.").waitFor();
		expect((await site.api("GET", "/locks?project=shop&environment=production")).body.items).toEqual([]);

		await page.goto(`${site.url}/admin/tokens`);
		await page.getByLabel("Name").fill("by keyboard");
		await press("Make the token");
		const token = await page.getByRole("textbox", { name: "Token", exact: true }).inputValue();
		expect((await site.api("GET", "/runs", { token })).status).toBe(200);
		await page.goto(`${site.url}/admin/tokens`);
		await press("Revoke by keyboard");
		await page.getByText("The token is revoked").waitFor();
		expect((await site.api("GET", "/runs", { token })).status).toBe(401);
	}, 60_000);

	test.each(["light", "dark"] as const)(
		"what a form answers has nothing that axe objects to, nor scrolls sideways on a phone: %s",
		async (colorScheme) => {
			const page = await admin({ colorScheme, viewport: { width: 390, height: 800 } });
			const look = async (address: string) => {
				await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
				// Behind the policy of the page, which lets nothing else in.
				await page.evaluate(AXE);
				const found = await page.evaluate<string[]>(
					"axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
				);
				expect({ address, found }).toEqual({ address, found: [] });
				const wide = await page.evaluate<number>(
					"document.documentElement.scrollWidth - document.documentElement.clientWidth",
				);
				expect({ address, wide }).toEqual({ address, wide: 0 });
			};
			// A form with all that can be wrong in it, and a token that is shown.
			await page.goto(`${site.url}/admin/access/-new`);
			await page.getByLabel("Slack people").fill("ben");
			await page.getByRole("button", { name: "Give the role" }).click();
			await page.getByText("Nothing was changed.").waitFor();
			await look("a wrong form");
			await page.goto(`${site.url}/admin/tokens`);
			await page.getByLabel("Name").fill(`ci in ${colorScheme}`);
			await page.getByRole("button", { name: "Make the token" }).click();
			await page.getByText("Keep it now").waitFor();
			await look("a token");
			expect(complaints).toEqual([]);
		},
		180_000,
	);
});
