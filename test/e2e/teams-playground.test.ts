import { mkdir } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { chromiumPath } from "../pictures/chromium.ts";
import { RELEASES } from "./playground.ts";
import { openStage } from "./stage.ts";

const chromium = chromiumPath();
if (chromium === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (chromium === null)
	process.stderr.write("Skipped: Teams from end to end needs Chromium (Debian's package chromium).\n");

const ARTEFACTS = "artefacts";

async function openChannel(page: Page, name: string): Promise<void> {
	await page.getByRole("treeitem", { name: `Acme - ${name}` }).click();
}

/** Types a new post that mentions the bot: the client wants the mention to be picked from its list. */
async function mention(page: Page, text: string): Promise<void> {
	await page.getByRole("textbox").first().click();
	await page.keyboard.type("@");
	await page.getByText("DRAVEN", { exact: true }).last().click();
	await page.keyboard.type(` ${text}`);
	await page.keyboard.press("Enter");
}

// Where there is no browser it says so above; CI installs one and demands it.
(chromium === null ? test.skip : test)(
	"Microsoft's own client: a deploy by mention, an approval by button, and the thread tells them both",
	async () => {
		await mkdir(ARTEFACTS, { recursive: true });
		const stage = await openStage(chromium ?? "");
		const { page, world } = stage;
		const picture = (name: string) => page.screenshot({ path: `${ARTEFACTS}/teams-${name}.png` });
		const shows = (text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 40_000 });
		try {
			await openChannel(page, "General");
			await mention(page, "shop@v1.0.0 to stage");
			await shows("Deploy #1: shop v1.0.0 → stage");
			await shows(/The pipeline is at work/);
			await picture("deployed-by-mention");
			world.pipeline.set((await world.run(1)).id, "succeeded", null);
			await shows(/It succeeded\. The environment is free/);
			await shows("Took");
			expect(await page.getByRole("button", { name: "Cancel" }).count()).toBe(0);
			await picture("succeeded");

			await openChannel(page, "Releases");
			await stage.megan(RELEASES, "shop@v1.0.0 to production");
			await shows("Deploy #2: shop v1.0.0 → production");
			await shows(/0 of 1 given/);
			await picture("waits-for-approval");
			await page.getByRole("button", { name: "Approve" }).click();
			await shows(/Approved by Alex \(1 of 1\)/);
			await shows(/Running since/);
			expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
			world.pipeline.set((await world.run(2)).id, "succeeded", null);
			await shows("Took");
			await picture("approved-by-button");
			expect(await world.run(2)).toMatchObject({
				requestedBy: { name: "Megan" },
				progress: { state: "succeeded" },
			});

			await stage.megan(RELEASES, "shop@v1.1.0 to production");
			await shows("Deploy #3: shop v1.1.0 → production");
			await page.getByRole("button", { name: "Reject" }).click();
			await page.getByRole("textbox", { name: /Reason/ }).fill("not before the campaign");
			await picture("reject-asks-why");
			await page.getByRole("button", { name: "Reject" }).last().click();
			await shows(/Rejected by Alex: not before the campaign/);
			// The smallest part of the channel that holds the card and its story is one post, and no other card stands in it.
			const post = page.locator("div").filter({ hasText: "Deploy #3: shop v1.1.0" });
			const thread = await post.filter({ hasText: "It needs one approval by somebody else" }).last().textContent();
			expect(thread).not.toContain("Deploy #2");
			await picture("rejected");

			await page.getByRole("treeitem", { name: "Personal Chat" }).click();
			await page.getByRole("textbox").first().click();
			await page.keyboard.type("deploy");
			await page.keyboard.press("Enter");
			await shows("Deploy shop");
			await page.getByRole("combobox", { name: /environment/i }).click();
			await page.getByRole("option", { name: "stage" }).click();
			await page.getByRole("textbox", { name: /Or another version/ }).fill("v1.2.0");
			await picture("form");
			await page.getByRole("button", { name: "Deploy", exact: true }).click();
			await shows("Deploy #4: shop v1.2.0 → stage");
			await picture("personal-chat");
			expect(await world.run(4)).toMatchObject({ requestedBy: { name: "Alex" }, ref: { name: "v1.2.0" } });
		} catch (error) {
			await picture("where-it-stopped");
			throw error;
		} finally {
			await stage.close();
		}
	},
	240_000,
);
