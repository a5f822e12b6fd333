import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

export function dryRunRule(dryRun: EffectivePolicy["dryRun"], { type }: Facts): RuleVerdict {
	if (type !== "dry-run") return notApplicable("dryRun", "This is no dry-run.");
	return dryRun.enabled
		? holds("dryRun", "dry_run_enabled", "Dry-runs are allowed here.")
		: refuses("dryRun", "dry_run_disabled", "The policy allows no dry-run here.", "Ask an admin to enable dryRun.");
}
