import { DateTime } from "luxon";
import { type HandFreeze, scopeText } from "../freeze.ts";
import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";
import { releasesAgain } from "./releases-again.ts";
import { handWords, isOn, ruleWords, standingFreeze } from "./standing-freeze.ts";

/**
 * A freeze that is on denies, asks for one approver more than the policy, or only warns; one by hand always denies. What force waives
 * and what a rollback ignores are the same for both.
 */
export function freezesRule(
	policy: EffectivePolicy,
	{ now, type, succeededHereAs, frozenByHand }: Pick<Facts, "now" | "type" | "succeededHereAs" | "frozenByHand">,
): { readonly verdict: RuleVerdict; readonly moreApprovers: number } {
	const none = (verdict: RuleVerdict) => ({ verdict, moreApprovers: 0 });
	if (policy.freezes.length === 0 && frozenByHand.length === 0)
		return none(notApplicable("freezes", "The policy has no freezes."));
	if (type === "dry-run") return none(notApplicable("freezes", "A dry-run may go during a freeze."));
	if (type === "rollback" && succeededHereAs !== null && policy.rollback.ignoresWindows)
		return none(notApplicable("freezes", "A rollback may go during a freeze."));
	const on = policy.freezes.filter((freeze) => isOn(freeze, now));
	const denied = on.find((freeze) => freeze.mode === "deny");
	const later = laterThanItsEnd(policy, frozenByHand, now);
	const [byHand] = frozenByHand;
	if (byHand !== undefined)
		return none(
			refuses(
				"freezes",
				"frozen_by_hand",
				[...frozenByHand.map((one) => handWords(one, policy)), ...(denied === undefined ? [] : [ruleWords(denied)])]
					.slice(0, 3)
					.join(" "),
				`${byHand.until === null ? "Ask" : "Wait for its end, or ask"} ${byHand.person.name} or another admin to lift it: deploy unfreeze ${scopeText(byHand)}.${later}`,
			),
		);
	if (denied !== undefined)
		return none(
			refuses(
				"freezes",
				"frozen",
				ruleWords(denied),
				`Wait for its end, or ask an admin to change the freeze.${later}`,
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

/** Whoever waits for its end may find that there is no window then. */
function laterThanItsEnd(policy: EffectivePolicy, frozenByHand: readonly HandFreeze[], now: Date): string {
	const end = standingFreeze(policy, frozenByHand, now)?.until ?? null;
	const again = end === null ? null : releasesAgain(policy, frozenByHand, now);
	if (end === null || again === null || again.getTime() === end.getTime()) return "";
	const zone = policy.windows?.timezone ?? "UTC";
	const time = DateTime.fromJSDate(again, { zone }).toFormat("ccc d LLL 'at' HH:mm");
	return ` After it there is no window yet: releases may go again on ${time} (${zone}).`;
}
