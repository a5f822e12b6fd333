import type { Evidence } from "../core/evidence.ts";
import type { CheckState } from "../core/verdict.ts";
import type { Card, CardBlock, Inline } from "../ports/chat.ts";
import { card } from "./rich.ts";
import { stateLabel } from "./state-label.ts";

const CHECK_MARKS: Record<CheckState, string> = { success: "✅", pending: "⏳", failure: "❌", left_out: "⏭️" };
const CHECKS = 10;
const WAITING = 8;

/** What somebody looks at before they say yes. */
export function evidenceBlocks(evidence: Evidence): CardBlock[] {
	return [
		{ kind: "text", text: changes(evidence) },
		...commits(evidence),
		{ kind: "small", text: [...ci(evidence), " · ", ...around(evidence), ...readAt(evidence)] },
	];
}

/** How far each environment is behind a ref. */
export function diffCard(
	title: string,
	places: readonly { readonly name: string; readonly evidence: Evidence }[],
): Card {
	return card(
		{ kind: "title", text: title },
		...places.flatMap(({ name, evidence }): CardBlock[] => [
			{ kind: "text", text: [{ bold: name }] },
			...evidenceBlocks(evidence),
		]),
	);
}

function changes({ live, sha, comparison }: Evidence): Inline[] {
	const head: Inline[] = [{ bold: "Changes:" }, " "];
	if (live === null) return [...head, "nothing has been released here before, so there is nothing to compare with."];
	if (comparison === null) return [...head, "none, ", { code: sha.slice(0, 8) }, ` is live already (#${live.run}).`];
	const way: Inline[] = [
		...head,
		{ code: live.sha.slice(0, 8) },
		` (live, ${live.ref}, #${live.run}) → `,
		{ code: sha.slice(0, 8) },
	];
	if (!comparison.known) return [...way, `. The comparison could not be read: ${comparison.why}`];
	const { ahead, behind, more, authors, furtherAuthors, url } = comparison;
	const by =
		ahead === 0 || authors.length === 0
			? ""
			: ` by ${authors.join(", ")}${furtherAuthors === 0 ? "" : ` and ${furtherAuthors} more`}`;
	return [
		...way,
		`: ${counted(ahead)}${more ? " or more" : ""}${by}.`,
		...(behind === 0
			? []
			: [
					" ",
					{ bold: `⏪ It goes back: ${counted(behind)} of what is live ${behind === 1 ? "is" : "are"} not in it.` },
				]),
		...(url === null ? [] : [" ", { link: url, text: "Compare" }]),
	];
}

function commits({ comparison }: Evidence): CardBlock[] {
	if (comparison === null || !comparison.known || comparison.commits.length === 0) return [];
	const left = comparison.ahead - comparison.commits.length;
	return [
		{
			kind: "text",
			text: [
				...comparison.commits.flatMap(({ sha, title, author }, n): Inline[] => [
					n === 0 ? "" : "\n",
					{ code: sha.slice(0, 8) },
					` ${title} (${author})`,
				]),
				...(left > 0 ? [`\nand ${left} more`] : []),
			],
		},
	];
}

function ci({ ci }: Evidence): Inline[] {
	if (ci === null) return ["CI: the policy does not ask for it"];
	if (!ci.known) return [`CI: could not be read. ${ci.why}`];
	if (ci.checks.length === 0) return ["CI: no checks"];
	// What is not green is what people look for.
	const order: CheckState[] = ["failure", "pending", "success", "left_out"];
	const sorted = [...ci.checks].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
	const left = sorted.length - CHECKS;
	return [
		"CI: ",
		...sorted
			.slice(0, CHECKS)
			.flatMap(({ name, state, url }, n): Inline[] => [
				`${n === 0 ? "" : ", "}${CHECK_MARKS[state]} `,
				url === null ? name : { link: url, text: name },
			]),
		...(left > 0 ? [` and ${left} more`] : []),
	];
}

function around({ last, waiting }: Evidence): Inline[] {
	const before = last === null ? "no run was at work here before" : `last here: #${last.run} ${stateLabel(last.state)}`;
	const numbers = waiting.slice(0, WAITING).map((number) => `#${number}`);
	const left = waiting.length - WAITING;
	const others =
		waiting.length === 0
			? "nothing else waits"
			: `also waiting: ${numbers.join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
	return [`${before} · ${others}`];
}

function readAt({ at }: Evidence): Inline[] {
	return at === undefined ? [] : [" · read ", { time: new Date(at) }];
}

function counted(commits: number): string {
	return commits === 1 ? "1 commit" : `${commits} commits`;
}
