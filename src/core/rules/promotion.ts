import { formatDuration } from "../duration.ts";
import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

/** This commit must have succeeded in another environment before, and long enough ago. */
export function promotionRule(promotion: EffectivePolicy["promotion"], facts: Facts): RuleVerdict {
	if (promotion === null) return notApplicable("promotion", "The policy asks for no earlier environment.");
	if (facts.type === "dry-run") return notApplicable("promotion", "A dry-run may go first.");
	if (facts.type === "rollback" && facts.succeededHereAs !== null)
		return holds("promotion", "ran_here_before", `This commit already succeeded here as #${facts.succeededHereAs}.`);
	const commit = facts.ref.sha.slice(0, 8);
	const at = facts.succeededIn[promotion.from];
	if (at === undefined)
		return refuses(
			"promotion",
			"not_promoted",
			`The commit ${commit} has not succeeded in ${promotion.from} yet.`,
			`Deploy it to ${promotion.from} first.`,
		);
	const age = facts.now.getTime() - at.getTime();
	if (age < promotion.soak)
		return refuses(
			"promotion",
			"soaking",
			`The commit ${commit} succeeded in ${promotion.from} ${formatDuration(age)} ago, and has to stay there for ${formatDuration(promotion.soak)}.`,
			`Ask again in ${formatDuration(promotion.soak - age)}.`,
		);
	return holds("promotion", "promoted", `The commit ${commit} succeeded in ${promotion.from}.`);
}
