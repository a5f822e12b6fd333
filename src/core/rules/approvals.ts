import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, refuses } from "./outcome.ts";

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
	if (approvals === 0) return { verdict: holds("approvals", "no_approval", "No approval is needed."), approvals };
	// Nobody tells us yet who wrote the commits: a rule that cannot be kept refuses, instead of letting them approve.
	if (!policy.approvals.commitAuthors)
		return {
			verdict: refuses(
				"approvals",
				"authors_unreadable",
				"The policy lets no author of the commits approve (commitAuthors: false), and who they are cannot be read in this version.",
				"Ask an admin to set approvals.commitAuthors to true.",
			),
			approvals,
		};
	const many = approvals === 1 ? "One approval" : `${approvals} approvals`;
	const by = policy.approvals.self ? "people with the right" : "somebody other than the requester";
	return { verdict: holds("approvals", "approval_needed", `${many} by ${by}.`), approvals };
}
