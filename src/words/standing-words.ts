import type { PersonLock } from "../core/person-lock.ts";
import type { StandingFreeze } from "../core/rules/standing-freeze.ts";
import type { Run } from "../core/run.ts";
import type { Card, CardBlock, Inline, Rich } from "../ports/chat.ts";
import { heldBy } from "./refusal-words.ts";
import { card } from "./rich.ts";
import { refName, runTitle } from "./run-card.ts";
import { stateLabel } from "./state-label.ts";

/** How one environment stands: what `status` shows. */
export interface Standing {
	readonly project: string;
	readonly environment: string;
	/** The last run that succeeded there. */
	readonly live: Run | null;
	readonly active: Run | null;
	readonly lock: PersonLock | null;
	/** What stops releases there, by hand or by rule. */
	readonly frozen: StandingFreeze | null;
	/** How its windows stand; null: it has none. */
	readonly window: { readonly open: boolean } | null;
	/** From when on neither a freeze nor the windows stop releases; null: that is not foreseen. */
	readonly again: Date | null;
	/** Queued first, then what waits for approval. */
	readonly waiting: readonly Run[];
}

export function statusCard(standings: readonly Standing[]): Card {
	if (standings.length === 0)
		return card({
			kind: "text",
			text: ["No project is set up yet. An admin adds them with `draven apply -f draven.yaml`."],
		});
	const blocks: CardBlock[] = standings.slice(0, 40).map((one) => ({ kind: "text", text: standingLine(one) }));
	if (standings.length > 40)
		blocks.push({
			kind: "small",
			text: [`… and ${standings.length - 40} more. Name a project: deploy status <project>.`],
		});
	return card(...blocks);
}

function standingLine(one: Standing): Rich {
	const line: Inline[] = [{ bold: `${one.project}/${one.environment}` }, ": "];
	if (one.live === null) line.push("nothing released yet");
	else {
		line.push(
			{ code: refName(one.live) },
			` (${one.live.ref.sha.slice(0, 8)}, #${one.live.number} by ${one.live.requestedBy.name}`,
		);
		if ("finishedAt" in one.live.progress) line.push(", ", { time: one.live.progress.finishedAt });
		line.push(")");
	}
	if (one.active !== null) line.push(`\n   ${stateLabel(one.active.progress.state)}: ${short(one.active)}`);
	if (one.lock !== null) line.push(`\n   🔒 Locked by ${heldBy(one.lock)}`);
	if (one.frozen !== null) line.push(`\n   ❄️ ${one.frozen.says}`);
	for (const run of one.waiting.slice(0, 5)) line.push(`\n   ${stateLabel(run.progress.state)}: ${short(run)}`);
	if (one.waiting.length > 5) line.push(`\n   … and ${one.waiting.length - 5} more`);
	return line;
}

function short(run: Run): string {
	return `#${run.number} ${run.type} of ${refName(run)} by ${run.requestedBy.name}`;
}

export function queueCard(standings: readonly Standing[]): Card {
	const blocks = standings.map((one): CardBlock => {
		const line: Inline[] = [{ bold: `${one.project}/${one.environment}` }];
		if (one.active === null && one.waiting.length === 0) line.push(": nothing waits");
		if (one.active !== null) line.push(`\n   ${stateLabel(one.active.progress.state)}: ${short(one.active)}`);
		let place = 0;
		for (const run of one.waiting) {
			const at = run.progress.state === "queued" ? `${++place}.` : "–";
			line.push(`\n   ${at} ${stateLabel(run.progress.state)}: ${short(run)}`);
		}
		return { kind: "text", text: line };
	});
	return card(...blocks);
}

export function historyCard(where: string, runs: readonly Run[]): Card {
	if (runs.length === 0) return card({ kind: "text", text: [`Nothing has run on ${where} yet.`] });
	return card(
		{ kind: "text", text: [{ bold: `The last runs on ${where}` }] },
		...runs.map(
			(run): CardBlock => ({
				kind: "text",
				text: [
					`${stateLabel(run.progress.state)} `,
					{ bold: runTitle(run) },
					` by ${run.requestedBy.name}, `,
					{ time: run.createdAt },
				],
			}),
		),
	);
}
