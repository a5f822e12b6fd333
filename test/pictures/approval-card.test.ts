import { expect, test } from "@jest/globals";
import { drawApprovalCard } from "./approval-card.ts";
import { chromiumPath } from "./chromium.ts";

const chromium = chromiumPath();
if (chromium === null && process.env["DRAVEN_TEST_CHROMIUM"] === "required")
	throw new Error("Chromium is required here and is not installed.");
if (chromium === null)
	process.stderr.write("Skipped: the picture of the approval card needs Chromium (Debian's package chromium).\n");

// Where there is no browser it says so above; CI installs one and demands it.
(chromium === null ? test.skip : test)(
	"a browser shows the approval card with all that an approver needs",
	async () => {
		const { png, buttons, text } = await drawApprovalCard(chromium ?? "");
		expect(buttons).toEqual(["Approve", "Reject"]);
		for (const words of [
			"Deploy #142: web v1.4.2 → production",
			"1 of 2 given",
			"8f3c1b27",
			"Cleo",
			"Ada",
			"migrate=true",
			"3 commits by Cleo, Ben",
			"Update the translations",
			"build",
		])
			expect(text).toContain(words);
		expect(png.length).toBeGreaterThan(10_000);
	},
	60_000,
);
