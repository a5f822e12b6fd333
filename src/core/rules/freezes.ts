import { DateTime } from "luxon";
import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

/** A freeze that is on denies, asks for one approver more than the policy, or only warns. */
export function freezesRule(
	policy: EffectivePolicy,
	{ now, type, succeededHereAs }: Facts,
): { readonly verdict: RuleVerdict; readonly moreApprovers: number } {
	const none = (verdict: RuleVerdict) => ({ verdict, moreApprovers: 0 });
	if (policy.freezes.length === 0) return none(notApplicable("freezes", "The policy has no freezes."));
	if (type === "dry-run") return none(notApplicable("freezes", "A dry-run may go during a freeze."));
	if (type === "rollback" && succeededHereAs !== null && policy.rollback.ignoresWindows)
		return none(notApplicable("freezes", "A rollback may go during a freeze."));
	const on = policy.freezes.filter((freeze) => {
		const from = DateTime.fromISO(freeze.from, { zone: freeze.timezone });
		const until = DateTime.fromISO(freeze.until, { zone: freeze.timezone });
		return from.toMillis() <= now.getTime() && now.getTime() < until.toMillis();
	});
	const denied = on.find((freeze) => freeze.mode === "deny");
	if (denied !== undefined)
		return none(
			refuses(
				"freezes",
				"frozen",
				`Releases stop until ${denied.until.replace("T", " ")} (${denied.timezone}): ${denied.reason}.`,
				"Wait for its end, or ask an admin to change the freeze.",
			),
		);
	const approval = on.find((freeze) => freeze.mode === "approval");
	if (approval !== undefined)
		return {
			verdict: holds("freezes", "freeze_approval", `A freeze (${approval.reason}) asks for one more approver.`),
			moreApprovers: 1,
		};
	const [warned] = on;
	return none(
		warned === undefined
			? holds("freezes", "no_freeze", "No freeze is on.")
			: holds("freezes", "freeze_warning", `Take care, a freeze is on: ${warned.reason}.`),
	);
}
