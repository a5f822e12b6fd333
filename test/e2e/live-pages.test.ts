import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumPath } from "../pictures/chromium.ts";
import { linkOf } from "../web/browser.ts";
import { Site } from "../web/site.ts";

const path = chromiumPath();
if (path === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (path === null)
	process.stderr.write("Skipped: what pages do while things happen needs Chromium (Debian's package chromium).\n");

let site: Site;
let browser: Browser;
const complaints: string[] = [];

async function signedIn(user: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
	const context = await browser.newContext(options);
	context.on("weberror", (error) => complaints.push(error.error().message));
	const page = await context.newPage();
	await page.goto(`${site.url}${await linkOf(site, user)}`);
	await page.getByRole("button", { name: `Sign in as ${user}` }).click();
	await page.getByRole("heading", { name: "Board" }).waitFor();
	return page;
}

(path === null ? describe.skip : describe)("while things happen", () => {
	beforeAll(async () => {
		site = await Site.open();
		browser = await chromium.launch({ executablePath: path ?? "", args: ["--no-sandbox", "--disable-gpu"] });
	}, 60_000);
	afterAll(async () => {
		await browser.close();
		await site.close();
		expect(complaints).toEqual([]);
	});

	test("what somebody types, opened and marked stays, and the new state is there all the same", async () => {
		const { world } = site;
		const asked = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to production"));
		await world.work();
		const page = await signedIn("U_ANN");
		await page.goto(`${site.url}/runs/${asked.number}`);
		await page.locator("details summary").first().click();
		const reason = page.getByLabel("Reason to reject");
		await reason.pressSequentially("not before the wee");
		await world.say("U_BOB", `approve ${asked.number}`);
		await page.getByText("1 of 2 given").waitFor();
		await page.keyboard.type("kend");
		expect(await reason.inputValue()).toBe("not before the weekend");
		expect(await page.locator("details").first().getAttribute("open")).not.toBeNull();
		// It can be rejected no more; what was typed is still not taken away.
		await world.say("U_OPS", `cancel ${asked.number}`);
		await page.getByText("Cancelled").first().waitFor();
		await page.keyboard.type("!");
		expect(await reason.inputValue()).toBe("not before the weekend!");
		await reason.fill("");
		await page.getByRole("heading", { name: "What happened" }).click();
		await reason.waitFor({ state: "detached" });
		await page.getByRole("button", { name: `Retry #${asked.number}` }).waitFor();
	}, 60_000);

	test("times stay in the reader's zone, and where the keyboard is stays", async () => {
		const { world } = site;
		const asked = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
		await world.work();
		const page = await signedIn("U_ANN", { timezoneId: "Asia/Tokyo", locale: "en-GB" });
		await page.goto(`${site.url}/runs/${asked.number}`);
		await page.getByRole("link", { name: "All of it, in one file" }).focus();
		await world.say("U_BOB", `approve ${asked.number}`);
		await page.getByText("1 of 2 given").waitFor();
		expect(await page.evaluate("document.activeElement.textContent")).toBe("All of it, in one file");
		expect(await page.locator("time:not([data-local])").count()).toBe(0);
		expect(await page.locator("time").allTextContents()).not.toContainEqual(expect.stringContaining("UTC"));
	}, 60_000);
});
