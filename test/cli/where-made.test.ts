import { expect, test } from "@jest/globals";
import { whereMade } from "../../src/cli/where-made.ts";
import { wrong } from "../../src/ports/checkup.ts";

const finding = wrong(
	"Token",
	"it has none: add one in draven.yaml.",
	"Correct it in draven.yaml and run `draven apply`.",
);

test("what was made on the page is mended there, and what stands in a draven.yaml in that", () => {
	expect(whereMade({ managedBy: "file" }, finding)).toEqual(finding);
	expect(whereMade({ managedBy: "api" }, finding)).toMatchObject({
		found: "it has none: add one on the page, where it was made.",
		mend: "Correct it on the page, where it was made.",
	});
	const set = "Set webhookSecret in draven.yaml, run `draven apply`, and then check it again.";
	expect(whereMade({ managedBy: "api" }, wrong("Webhook", "none", set)).mend).toBe(
		"Set webhookSecret on the page, where it was made, and then check it again.",
	);
});
