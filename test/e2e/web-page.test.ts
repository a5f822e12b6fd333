import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { chromiumPath } from "../pictures/chromium.ts";
import { linkOf } from "../web/browser.ts";
import { Site } from "../web/site.ts";

const path = chromiumPath();
if (path === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (path === null)
	process.stderr.write("Skipped: the web page in a browser needs Chromium (Debian's package chromium).\n");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Of the signed in: what a page that is registered shows besides. */
const MORE = ["/audit?q=run", "/nothing"];

let site: Site;
let browser: Browser;
/** What a page said of itself that nobody expects: errors of scripts, of the policy, of what could not be loaded. */
const complaints: string[] = [];

async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
	const context = await browser.newContext(options);
	context.on("weberror", (error) => complaints.push(error.error().message));
	context.on("console", (message) => {
		// A page that is not there is meant not to be.
		if (message.type() === "error" && !message.text().includes("404")) complaints.push(message.text());
	});
	return context;
}

async function signedIn(user: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
	const page = await (await open(options)).newPage();
	await page.goto(`${site.url}${await linkOf(site, user)}`);
	await page.getByRole("button", { name: `Sign in as ${user}` }).click();
	await page.getByRole("heading", { name: "Board" }).waitFor();
	return page;
}

(path === null ? describe.skip : describe)("the web page in a browser", () => {
	beforeAll(async () => {
		site = await Site.open();
		browser = await chromium.launch({ executablePath: path ?? "", args: ["--no-sandbox", "--disable-gpu"] });
		const { world } = site;
		const first = await world.deployed("U_OPS", "deploy shop@v1.0.0 to stage");
		await site.api("POST", `/runs/${first.number}/log`, {
			body: { lines: ["one", "\u001b[32mtwo\u001b[0m", "three"] },
		});
		await world.say("U_OPS", "deploy shop@v1.0.0 to production");
		await world.work();
	}, 60_000);
	afterAll(async () => {
		await browser.close();
		await site.close();
	});

	test("an approval on the page is one in chat: the card follows, and the page by itself", async () => {
		const [ann, watcher] = [await signedIn("U_ANN"), await signedIn("U_BOB")];
		await watcher.goto(`${site.url}/runs/2`);
		await watcher.getByText("0 of 2 given").waitFor();
		await ann.goto(`${site.url}/`);
		await ann.getByRole("link", { name: "#2" }).click();
		await ann.getByRole("button", { name: "Approve #2" }).click();
		await ann.getByRole("status").getByText("Your approval is recorded.").waitFor();
		// Nobody loaded that page again.
		await watcher.getByText("1 of 2 given").waitFor();
		await site.world.work();
		const card = () => site.world.chat.roots("C_PRODUCTION").at(-1)?.card.text ?? "";
		expect(card()).toContain("1 of 2 given");
		await watcher.getByRole("button", { name: "Approve #2" }).click();
		await site.world.work();
		await watcher.getByText("The pipeline is at work").first().waitFor();
		expect(card()).toMatch(/Running/);
		await site.world.finish(await site.world.run(2), "succeeded");
		await watcher.getByText("Succeeded").first().waitFor();
		expect(complaints).toEqual([]);
	}, 60_000);

	test("a log is searched and coloured; times are the reader's own", async () => {
		const page = await signedIn("U_ANN", { timezoneId: "Asia/Tokyo", locale: "en-GB" });
		await page.goto(`${site.url}/runs/1`);
		expect(await page.locator(".ansi-32").textContent()).toBe("two");
		await page.getByLabel("Search the log").fill("thr");
		await page.getByRole("button", { name: "Search" }).click();
		await page.getByText("1 of 1 line", { exact: true }).waitFor();
		expect(await page.locator(".log .current").textContent()).toBe("3three");
		// 10:00 in UTC.
		await page.getByText("4 Mar 2026, 19:00").first().waitFor();
	}, 30_000);

	test("reports are plotted, and a number leads to its runs", async () => {
		const page = await signedIn("U_ANN");
		await page.goto(`${site.url}/reports`);
		await page.locator("canvas[data-drawn]").first().waitFor();
		await page
			.getByRole("row", { name: /in all/ })
			.getByRole("link")
			.first()
			.click();
		await page.getByRole("link", { name: "#1", exact: true }).waitFor();
	}, 30_000);

	test("without scripts everything can be read and done", async () => {
		const page = await signedIn("U_ANN", { javaScriptEnabled: false });
		await page.goto(`${site.url}/runs/1`);
		await page.getByText("three").waitFor();
		await page.getByLabel("Search the log").fill("thr");
		await page.getByRole("button", { name: "Search" }).click();
		expect(await page.locator(".log mark").allTextContents()).toEqual(["thr"]);
		await page.getByRole("link", { name: "The log as a whole" }).click();
		await page.getByText("two").waitFor();
		await page.getByRole("button", { name: "Retry #1" }).click();
		await page.getByText(/It is asked for again, as #\d+/).waitFor();
		await page.goto(`${site.url}/audit`);
		await page.getByRole("button", { name: "Verify the trail" }).click();
		await page.getByText("The audit trail is whole").waitFor();
	}, 30_000);

	test.each(["light", "dark"] as const)(
		"a search, the ways in and what is not there have nothing that axe objects to, nor scroll sideways on a phone: %s",
		async (colorScheme) => {
			const page = await signedIn("U_ANN", { colorScheme, viewport: { width: 390, height: 800 } });
			const look = async (address: string) => {
				await page.goto(`${site.url}${address}`);
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
			for (const address of MORE) await look(address);
			await page.goto(`${site.url}/account`);
			await page.getByRole("button", { name: "Sign out", exact: true }).click();
			for (const address of ["/sign-in", "/sign-in/nonsense", await linkOf(site, "U_BOB")]) await look(address);
		},
		120_000,
	);

	test("one can get everywhere with the keyboard alone", async () => {
		const page = await signedIn("U_ANN");
		await page.keyboard.press("Tab");
		expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
		await page.keyboard.press("Enter");
		await page.keyboard.press("Tab");
		expect(await page.evaluate("document.activeElement.closest('main') !== null")).toBe(true);
	}, 30_000);
});
