import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

type Force = EffectivePolicy["force"];

/** Whether force may be used; what it sets aside is done by `waive`. Never the lock, the right or the trail. */
export function forceRule(force: Force, facts: Facts): RuleVerdict {
	if (facts.force === null) return notApplicable("force", "Nothing is forced.");
	if (!force.enabled)
		return refuses(
			"force",
			"force_disabled",
			"The policy allows no --force here.",
			"Ask again without it, or ask an admin.",
		);
	if (facts.force.reason.trim() === "")
		return refuses("force", "force_without_reason", "Force needs a reason.", 'Say it again with: --force "why".');
	if (!facts.force.roles.includes(force.role))
		return refuses(
			"force",
			"force_role_missing",
			`Only the role ${force.role} may use --force here.`,
			`Ask somebody with the role ${force.role}.`,
		);
	return holds("force", "forced", `Forced: ${facts.force.reason}`);
}

/**
 * Rules that force sets aside: those that do not hold, and the approvals where the policy says so. These take the role emergency,
 * whatever role the policy lets force at all: without them one person alone would release.
 */
export function waive(force: Force, rules: readonly RuleVerdict[], roles: readonly string[]): RuleVerdict[] {
	const named: readonly string[] = force.waives;
	return rules.map((rule) => {
		const stands =
			rule.rule === "approvals"
				? rule.code !== "no_approval" && roles.includes("emergency")
				: rule.outcome === "refused";
		return stands && named.includes(rule.rule) ? { ...rule, outcome: "waived", remedy: null } : rule;
	});
}
