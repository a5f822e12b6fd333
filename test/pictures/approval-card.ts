import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { DateTime } from "luxon";
import { chromium } from "playwright-core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { type Block, Message } from "slack-blocks-to-jsx";
import { renderCard } from "../../adapters/slack/render-card.ts";
import type { Evidence } from "../../src/core/evidence.ts";
import type { Run } from "../../src/core/run.ts";
import { runCard } from "../../src/words/run-card.ts";

const EXAMPLE: Run = {
	id: "5c2a7f1e-9a57-4c43-9d0d-0d6a0f3a1c11",
	number: 142,
	projectId: "project",
	environmentId: "environment",
	project: "web",
	environment: "production",
	type: "deploy",
	ref: { name: "v1.4.2", kind: "tag", sha: "8f3c1b27d94e0a6b5c1d2e3f4a5b6c7d8e9f0a1b" },
	parameters: { migrate: "true" },
	requestedBy: { id: "cleo", name: "Cleo" },
	note: "Checkout fix for the weekend",
	force: null,
	fingerprint: "example",
	approvalsRequired: 2,
	retryOf: null,
	rollback: null,
	promotedFrom: null,
	createdAt: new Date("2026-11-23T09:12:00Z"),
	version: 2,
	progress: { state: "waiting_approval", deadline: new Date("2026-11-23T13:12:00Z") },
};

const commit = (sha: string, title: string, author: string) => ({ sha, title, author });
const check = (name: string) => ({ name, state: "success", url: null }) as const;

const EVIDENCE: Evidence = {
	sha: EXAMPLE.ref.sha,
	live: { run: 138, ref: "v1.4.1", sha: "51d9a0c3b7e84f1f9a6d2c3b4a5e6f708192a3b4" },
	comparison: {
		...{ known: true, ahead: 3, behind: 0, more: false, authors: ["Cleo", "Ben"], furtherAuthors: 0 },
		commits: [
			commit("8f3c1b27", "Checkout: keep the basket when a card is declined", "Cleo"),
			commit("a1e5d904", "Prices come with their currency", "Ben"),
			commit("77b0c2fe", "Update the translations", "Ben"),
		],
		url: "https://github.com/acme/web/compare/51d9a0c3...8f3c1b27",
	},
	ci: { known: true, checks: [check("build"), check("test"), check("lint")] },
	last: { run: 138, state: "succeeded" },
	waiting: [],
};

/** The very blocks that Slack gets for a run that waits for its second approval, as a page. */
export async function approvalCardPage(): Promise<string> {
	const ada = { id: "ada", name: "Ada" };
	const approval = {
		person: ada,
		decision: "approved",
		fingerprint: "example",
		reason: null,
		at: EXAMPLE.createdAt,
	} as const;
	const { blocks } = renderCard(
		runCard(EXAMPLE, { approvals: [approval], waitsFor: null, evidence: EVIDENCE, notes: [] }),
	);
	const style = await readFile(createRequire(import.meta.url).resolve("slack-blocks-to-jsx/dist/style.css"), "utf8");
	const message = createElement(Message, {
		// Its types are its own, and it takes `verbatim` for "unformatted"; in Slack that only keeps links from being made.
		blocks: JSON.parse(JSON.stringify(blocks), (key, value) => (key === "verbatim" ? undefined : value)) as Block[],
		theme: "light",
		// Slack's "Yesterday" would make another picture each day.
		hooks: {
			date: ({ timestamp }) => DateTime.fromSeconds(Number(timestamp)).setZone("utc").toFormat("LLL d 'at' h:mm a"),
		},
		logo: LOGO,
		name: "DRAVEN",
		time: new Date("2026-11-23T10:12:00"),
	});
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>The approval card</title><style>${style}${PAGE}</style>
<main>${renderToStaticMarkup(message)}</main></html>`;
}

const LOGO = `data:image/svg+xml,${encodeURIComponent(
	'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="8" fill="#1f2937"/><path d="M10 8h8a10 10 0 0 1 0 20h-8z M15 13v10h3a5 5 0 0 0 0-10z" fill="#34d399" fill-rule="evenodd"/></svg>',
)}`;

const PAGE = `
body { margin: 0; background: #fff; font-family: "DejaVu Sans", sans-serif; }
main { width: 640px; padding: 20px 24px; }`;

/** Opens the page in Debian's (or the given) Chromium and takes its picture. */
export async function drawApprovalCard(
	executablePath: string,
): Promise<{ png: Buffer; buttons: string[]; text: string }> {
	const browser = await chromium.launch({
		executablePath,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
	try {
		const page = await browser.newPage({
			viewport: { width: 700, height: 600 },
			deviceScaleFactor: 2,
			timezoneId: "UTC",
		});
		await page.setContent(await approvalCardPage());
		const main = page.locator("main");
		return {
			png: await main.screenshot({ type: "png" }),
			buttons: await page.getByRole("button").allInnerTexts(),
			text: (await main.textContent()) ?? "",
		};
	} finally {
		await browser.close();
	}
}
