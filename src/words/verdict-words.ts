import type { RuleOutcome, Verdict } from "../core/verdict.ts";
import type { Card, CardBlock } from "../ports/chat.ts";
import { card } from "./rich.ts";

const MARKS: Record<RuleOutcome, string> = {
	holds: "✅",
	refused: "❌",
	waived: "⚠️ set aside",
	not_applicable: "–",
};

/** Every rule, whether it holds, and what to do where it does not. `then`: as it was when its run was asked for. */
export function verdictCard(title: string, verdict: Verdict, when: "now" | "then" = "now"): Card {
	const rules = verdict.rules.filter((rule) => rule.outcome !== "not_applicable");
	const blocks = rules.map((rule): CardBlock => {
		const children = rule.children.map((child) => `\n   ${child.holds ? "✅" : "❌"} ${child.name}: ${child.reason}`);
		const remedy = rule.remedy === null ? "" : ` ${rule.remedy}`;
		return {
			kind: "text",
			text: [`${MARKS[rule.outcome]} `, { bold: rule.rule }, `: ${rule.reason}${remedy}`, ...children],
		};
	});
	const approvals =
		verdict.approvals === 0
			? "no approval"
			: verdict.approvals === 1
				? "one approval"
				: `${verdict.approvals} approvals`;
	const sum =
		verdict.outcome === "refused"
			? "It would be refused."
			: when === "now"
				? `It would be allowed and needs ${approvals}.`
				: `It was allowed and needed ${approvals}.`;
	return card({ kind: "title", text: title }, ...blocks, { kind: "text", text: [{ bold: sum }] });
}
