import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds } from "./outcome.ts";

/** How many approvals it takes. They are asked for after the verdict: needing some refuses nothing. */
export function approvalsRule(
	policy: EffectivePolicy,
	{ type }: Facts,
	moreApprovers: number,
): { readonly verdict: RuleVerdict; readonly approvals: number } {
	const own = {
		deploy: policy.approvals.required,
		rollback: policy.rollback.approvals,
		"dry-run": policy.dryRun.approvals,
	}[type];
	const approvals = own + moreApprovers;
	const reason =
		approvals === 0
			? "No approval is needed."
			: `${approvals === 1 ? "One approval" : `${approvals} approvals`} by ${policy.approvals.self ? "people with the right" : "somebody other than the requester"}.`;
	return { verdict: holds("approvals", approvals === 0 ? "no_approval" : "approval_needed", reason), approvals };
}
