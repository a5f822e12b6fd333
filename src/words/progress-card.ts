import type { Run } from "../core/run.ts";
import type { Card, CardBlock, Inline, Rich } from "../ports/chat.ts";
import type { PipelineStatus, PipelineStep } from "../ports/pipeline.ts";
import { card } from "./rich.ts";

const MARKS: Record<PipelineStatus, { readonly mark: string; readonly word: string }> = {
	queued: { mark: "🕒", word: "queued" },
	running: { mark: "🔄", word: "running" },
	waiting: { mark: "⏸️", word: "waits for an approval at the provider" },
	succeeded: { mark: "✅", word: "succeeded" },
	failed: { mark: "❌", word: "failed" },
	cancelled: { mark: "⚪", word: "cancelled" },
	timed_out: { mark: "⏰", word: "timed out" },
};
const LINES = 25;
const LETTERS = 100;

/** The jobs and steps of a run, in the order in which they run. */
export function progressCard(run: Run, steps: readonly PipelineStep[]): Card {
	const shown = chosen(steps);
	const left = steps.length - shown.length;
	return card({
		kind: "text",
		text: [
			{ bold: `Progress of #${run.number}` },
			...(left > 0 ? [`\n${left} earlier ones are done`] : []),
			...shown.flatMap((step): Inline[] => {
				const { mark, word } = step.status === null ? { mark: "❔", word: "not known" } : MARKS[step.status];
				const name = step.name.length > LETTERS ? `${step.name.slice(0, LETTERS - 1)}…` : step.name;
				return [`\n${mark} `, step.url === null ? name : { link: step.url, text: name }, `: ${word}`];
			}),
		],
	});
}

/** The jobs and steps alone, out of the blocks of such a card as they are kept. */
export function progressLines(shown: string): Rich {
	const blocks: readonly CardBlock[] = JSON.parse(shown);
	const [, first, ...rest] = blocks.flatMap((block) => (block.kind === "text" ? block.text : []));
	return first === undefined ? [] : [typeof first === "string" ? first.replace(/^\n/, "") : first, ...rest];
}

/** Of many: what is done well is what people miss least, the first of it before the last. */
function chosen(steps: readonly PipelineStep[]): readonly PipelineStep[] {
	let surplus = steps.length - LINES;
	const kept = steps.filter(({ status }) => {
		if (surplus <= 0 || status !== "succeeded") return true;
		surplus -= 1;
		return false;
	});
	return kept.slice(-LINES);
}
