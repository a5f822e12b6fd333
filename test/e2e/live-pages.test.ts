import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, chromium, type Page } from "playwright-core";
import { evidenceOf, putEvidence } from "../../src/store/runs.ts";
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

	test("the page of locks goes on while somebody writes why they unlock", async () => {
		const { world } = site;
		await world.say("U_OPS", "lock shop production for 1h");
		const page = await signedIn("U_ADA");
		await page.goto(`${site.url}/admin/locks`);
		const why = page.getByLabel("Reason: Unlock shop/production");
		await why.pressSequentially("the fix is");
		await world.say("U_OPS", "lock shop stage for 1h");
		await page.getByRole("heading", { name: "shop/stage" }).waitFor();
		await page.keyboard.type(" out");
		expect(await why.inputValue()).toBe("the fix is out");
		// Its own card follows too, but for what is written in.
		await world.say("U_OPS", "lock shop production for 2h the board meets");
		await page.getByText(": the board meets").waitFor();
		await world.say("U_OPS", "unlock shop stage");
		await page.getByRole("heading", { name: "shop/stage" }).waitFor({ state: "detached" });
		await page.keyboard.type("!");
		expect(await why.inputValue()).toBe("the fix is out!");
		await page.getByRole("button", { name: "Unlock: shop/production" }).click();
		await page.getByText("Nothing is locked.").waitFor();
	}, 60_000);

	test("what moved after a page was made and before it listened is there", async () => {
		const page = await signedIn("U_ANN");
		// The page is held after it is made, until the lock is on.
		await page.route(`${site.url}/`, async (route) => {
			const response = await route.fetch();
			await site.world.say("U_OPS", "lock shop stage for 1h between two looks");
			await route.fulfill({ response });
		});
		await page.goto(`${site.url}/`);
		await page.getByText("between two looks").waitFor();
		await site.world.say("U_OPS", "unlock shop stage");
		await page.getByText("between two looks").waitFor({ state: "detached" });
	}, 60_000);

	test("times stay in the reader's zone, and where the keyboard is stays", async () => {
		const { world } = site;
		const asked = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
		await world.work();
		const page = await signedIn("U_ANN", { timezoneId: "Asia/Tokyo", locale: "en-GB" });
		// As it is while a provider takes long.
		const evidence = await evidenceOf(world.deps.db, asked.id);
		await world.deps.db.query("UPDATE run SET evidence = NULL WHERE id = $1", [asked.id]);
		await page.goto(`${site.url}/runs/${asked.number}`);
		await page.getByText("It is being gathered.").waitFor();
		if (evidence !== null) await putEvidence(world.deps.db, asked.id, evidence);
		await page.getByText("Changes:").waitFor();
		await page.getByRole("link", { name: "All of it, in one file" }).focus();
		await world.say("U_BOB", `approve ${asked.number}`);
		await page.getByText("1 of 2 given").waitFor();
		expect(await page.evaluate("document.activeElement.textContent")).toBe("All of it, in one file");
		expect(await page.locator("time:not([data-local])").count()).toBe(0);
		expect(await page.locator("time").allTextContents()).not.toContainEqual(expect.stringContaining("UTC"));
	}, 60_000);

	test("a log follows its end by itself, keeps its place and its search, and the provider's comes after its run", async () => {
		const { world } = site;
		const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
		await world.work();
		const page = await signedIn("U_ANN");
		await page.goto(`${site.url}/runs/${run.number}`);
		await page.getByText("There is no log yet.").waitFor();
		const push = async (...lines: string[]) => {
			const { status } = await site.api("POST", `/runs/${run.number}/log`, { body: { lines } });
			expect(status).toBe(200);
		};
		await push("\u001b[32mbegin\u001b[0m <b>", ...Array.from({ length: 200 }, (_, n) => `step ${n}`));
		await page.getByText("step 199").waitFor();
		expect(await page.locator(".log .ansi-32").textContent()).toBe("begin");
		const fromEnd = () =>
			page.locator(".log").evaluate((log: Scrolled) => log.scrollHeight - log.scrollTop - log.clientHeight);
		expect(await fromEnd()).toBeLessThan(2);
		// Whoever reads further up is left there, with the keyboard in the box.
		await page.locator(".log").focus();
		await page.keyboard.press("Home");
		while ((await page.locator(".log").evaluate((log: Scrolled) => log.scrollTop)) > 0)
			await page.keyboard.press("Home");
		await push("late 1", "late 2");
		await page.getByRole("button", { name: "2 new lines" }).waitFor();
		expect(await page.locator(".log").evaluate((log: Scrolled) => log.scrollTop)).toBe(0);
		expect(await page.evaluate("document.activeElement.className")).toBe("log");
		await page.getByRole("button", { name: "2 new lines" }).click();
		expect(await fromEnd()).toBeLessThan(2);
		// A search goes on while lines come.
		await page.getByLabel("Search the log").fill("LATE");
		await page.getByText("2 lines", { exact: true }).waitFor();
		await page.getByLabel("Only lines that have it").check();
		await push("late 3", "later on: nothing", "else");
		await page.getByText("4 lines", { exact: true }).waitFor();
		expect(await page.locator(".log li:visible").count()).toBe(4);
		await page.getByRole("button", { name: "To the next line with it" }).click();
		await page.getByText("1 of 4 lines", { exact: true }).waitFor();
		await page.getByRole("button", { name: "To the line with it before this one" }).click();
		await page.getByText("4 of 4 lines", { exact: true }).waitFor();
		await page.getByLabel("Search the log").fill("");
		// Its run ends; the provider has the log a little later.
		const { progress } = await world.finish(run, "succeeded");
		await page.getByText("Succeeded").first().waitFor();
		const external = "external" in progress ? (progress.external?.externalId ?? "") : "";
		world.pipeline.logOf.set(external, ["from the provider"]);
		await world.pass(16_000);
		await page.getByText("from the provider", { exact: true }).waitFor();
		await page.getByText("The log is whole: nothing more comes.").waitFor();
		expect(await page.locator(".log[role=log]").getAttribute("aria-live")).toBe("off");
	}, 60_000);

	test("a page that does not follow any more says so, and follows again by itself", async () => {
		const page = await signedIn("U_ANN");
		const context = page.context();
		await context.setOffline(true);
		await page.evaluate(
			"dispatchEvent(new Event('pagehide')), dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
		);
		await page.getByText("This page does not follow what happens").waitFor();
		await context.setOffline(false);
		await page.getByText("This page does not follow what happens").waitFor({ state: "detached", timeout: 20_000 });
	}, 60_000);

	test("ten thousand lines come, are searched and looked at without a wait", async () => {
		const { world } = site;
		const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to stage"));
		await world.work();
		const lines = Array.from({ length: 12_000 }, (_, n) => `\u001b[36m[build]\u001b[0m line ${n} of a long log`);
		for (let from = 0; from < 4_000; from += 1_000)
			await site.api("POST", `/runs/${run.number}/log`, { body: { lines: lines.slice(from, from + 1_000) } });
		const page = await signedIn("U_ANN");
		await page.goto(`${site.url}/runs/${run.number}`);
		expect(await page.locator(".log li").count()).toBe(1_000);
		await page.evaluate(
			"window.slowest = 0; new PerformanceObserver((l) => { for (const e of l.getEntries()) slowest = Math.max(slowest, e.duration) }).observe({ type: 'longtask' })",
		);
		for (let from = 4_000; from < 12_000; from += 1_000)
			await site.api("POST", `/runs/${run.number}/log`, { body: { lines: lines.slice(from, from + 1_000) } });
		await page.getByText("line 11999 of").waitFor();
		await page.getByLabel("Search the log").fill("line 2500 of");
		await page.getByText(/^1 line/).waitFor();
		await page.keyboard.press("Enter");
		await page.getByText(/^1 of 1 line/).waitFor();
		expect(await page.locator(".log li").count()).toBe(10_000);
		const slowest = await page.evaluate<number>("slowest");
		process.stderr.write(`the longest task of the page: ${slowest} ms\n`);
		expect(slowest).toBeLessThan(2_000);
	}, 120_000);
});

interface Scrolled {
	readonly scrollHeight: number;
	readonly scrollTop: number;
	readonly clientHeight: number;
}
