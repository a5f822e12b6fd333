import type { RuleOutcome, RuleVerdict, Verdict } from "../core/verdict.ts";
import type { Card, CardBlock, Rich } from "../ports/chat.ts";
import { card } from "./rich.ts";

const MARKS: Record<RuleOutcome, string> = {
	holds: "✅",
	refused: "❌",
	waived: "⚠️ set aside",
	not_applicable: "–",
};

/** As it was when its run was asked for; or as it is now for somebody, who may or may not release there, and who can approve. */
type When = "then" | { readonly approvers: Rich; readonly may: boolean };

/** Every rule, whether it holds, and what to do where it does not. */
export function verdictCard(title: string, verdict: Verdict, when: When): Card {
	const idle = verdict.rules.filter((rule) => rule.outcome === "not_applicable");
	const blocks = verdict.rules.filter((rule) => !idle.includes(rule)).map(ruleBlock);
	if (idle.length > 0)
		blocks.push({
			kind: "small",
			text: [`Not asked for: ${idle.map(({ rule, reason }) => `${rule} (${bare(reason)})`).join(", ")}.`],
		});
	return card({ kind: "title", text: title }, ...blocks, { kind: "text", text: sum(verdict, when) });
}

function ruleBlock(rule: RuleVerdict): CardBlock {
	const children = rule.children.map((child) => `\n   ${child.holds ? "✅" : "❌"} ${child.name}: ${child.reason}`);
	const remedy = rule.remedy === null ? "" : ` ${rule.remedy}`;
	return {
		kind: "text",
		text: [`${MARKS[rule.outcome]} `, { bold: rule.rule }, `: ${rule.reason}${remedy}`, ...children],
	};
}

function sum({ outcome, approvals }: Verdict, when: When): Rich {
	if (outcome === "refused") return [{ bold: "It would be refused." }];
	if (when !== "then" && !when.may) return [{ bold: "Its policy would allow it, but not to you." }];
	const many = approvals === 0 ? "no approval" : approvals === 1 ? "one approval" : `${approvals} approvals`;
	if (when === "then") return [{ bold: `It was allowed and needed ${many}.` }];
	if (approvals === 0) return [{ bold: `It would be allowed and needs ${many}.` }];
	return [{ bold: `It would be allowed and needs ${many}` }, " by ", ...when.approvers, "."];
}

function bare(sentence: string): string {
	return sentence.replace(/\.$/, "");
}
