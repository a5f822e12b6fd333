import type { RuleName, RuleVerdict } from "../verdict.ts";

type Children = RuleVerdict["children"];

export function holds(rule: RuleName, code: string, reason: string, children: Children = []): RuleVerdict {
	return { rule, outcome: "holds", code, reason, remedy: null, children };
}

export function refuses(
	rule: RuleName,
	code: string,
	reason: string,
	remedy: string,
	children: Children = [],
): RuleVerdict {
	return { rule, outcome: "refused", code, reason, remedy, children };
}

export function notApplicable(rule: RuleName, reason: string): RuleVerdict {
	return { rule, outcome: "not_applicable", code: "not_applicable", reason, remedy: null, children: [] };
}
