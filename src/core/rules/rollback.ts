import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

export function rollbackRule(rollback: EffectivePolicy["rollback"], { type }: Facts): RuleVerdict {
	if (type !== "rollback") return notApplicable("rollback", "This is no rollback.");
	return rollback.enabled
		? holds("rollback", "rollback_enabled", "Rollbacks are allowed here.")
		: refuses(
				"rollback",
				"rollback_disabled",
				"The policy allows no rollback here.",
				"Deploy the version that you want back.",
			);
}
