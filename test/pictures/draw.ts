import { writeFile } from "node:fs/promises";
import { drawApprovalCard } from "./approval-card.ts";
import { chromiumPath } from "./chromium.ts";

/** `npm run picture`: makes docs/approval-card.png anew. */
const chromium = chromiumPath();
if (chromium === null) {
	process.stderr.write("There is no Chromium: install Debian's package chromium, or name one with DRAVEN_CHROMIUM.\n");
	process.exitCode = 1;
} else {
	const { png } = await drawApprovalCard(chromium);
	await writeFile("docs/approval-card.png", png);
	process.stdout.write("docs/approval-card.png is drawn.\n");
}
