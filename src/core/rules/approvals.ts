import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds } from "./outcome.ts";

/** How many approvals it takes. They are asked for after the verdict: needing some refuses nothing. */
export function approvalsRule(
	policy: EffectivePolicy,
	{ type, succeededHereAs }: Facts,
	moreApprovers: number,
): { readonly verdict: RuleVerdict; readonly approvals: number } {
	const own = {
		deploy: policy.approvals.required,
		// What never ran here is new here, whatever it is called.
		rollback:
			succeededHereAs === null
				? Math.max(policy.approvals.required, policy.rollback.approvals)
				: policy.rollback.approvals,
		"dry-run": policy.dryRun.approvals,
	}[type];
	const approvals = own + moreApprovers;
	if (approvals === 0) return { verdict: holds("approvals", "no_approval", "No approval is needed."), approvals };
	const many = approvals === 1 ? "One approval" : `${approvals} approvals`;
	const by = policy.approvals.self ? "people with the right" : "somebody other than the requester";
	const not = policy.approvals.commitAuthors ? "" : " who wrote none of the commits";
	return { verdict: holds("approvals", "approval_needed", `${many} by ${by}${not}.`), approvals };
}
