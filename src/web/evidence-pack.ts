import { isLogCut } from "../core/log-cut.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { approvalsOf } from "../store/approvals.ts";
import { hashedStoryOf } from "../store/audit-pages.ts";
import { linesFrom } from "../store/run-log.ts";
import { evidenceOf, verdictOf } from "../store/runs.ts";
import { oneRunJson } from "./api/run-json.ts";

const AT_ONCE = 1_000;

/** All that an auditor needs of one run as one JSON object, its log line by line: however long it is, a page of it is held. */
export async function* evidencePack(deps: Deps, run: Run): AsyncGenerator<string> {
	const head = {
		run: await oneRunJson(deps, run),
		verdict: await verdictOf(deps.db, run.id),
		approvals: (await approvalsOf(deps.db, run.id)).map(({ at, ...one }) => ({ ...one, at: at.toISOString() })),
		shownToApprovers: await evidenceOf(deps.db, run.id),
		audit: {
			about:
				"Each hash is over the entry and the hash before it, with a key that only the server has: `draven audit verify` checks them.",
			entries: await hashedStoryOf(deps.db, run.id),
		},
		madeAt: deps.now().toISOString(),
	};
	yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "log": [`;
	const cuts: { readonly line: number; readonly says: string }[] = [];
	let told = 0;
	for (;;) {
		const lines = await linesFrom(deps.db, run.id, told, AT_ONCE);
		if (lines.length === 0) break;
		yield lines.map(({ line }, n) => `${told + n === 0 ? "" : ","}\n    ${JSON.stringify(line)}`).join("");
		for (const { n, line } of lines) if (isLogCut(line)) cuts.push({ line: n, says: line });
		told = (lines.at(-1)?.n ?? told) + 1;
	}
	yield `\n  ],\n  "logAbout": ${JSON.stringify({ lines: told, whole: cuts.length === 0, cuts, about: ABOUT })}\n}\n`;
}

const ABOUT =
	"`log` has every line that was kept. `cuts` are the lines of it, counted from 0, that say that the source left something out there. A line of more than 8192 letters ends in …; what was masked stands as ***.";
