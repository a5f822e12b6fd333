import { DateTime } from "luxon";
import { type HandFreeze, scopeText } from "../freeze.ts";
import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

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
	const [byHand] = frozenByHand;
	if (byHand !== undefined)
		return none(
			refuses(
				"freezes",
				"frozen_by_hand",
				[...frozenByHand.map((one) => handWords(one, policy)), ...(denied === undefined ? [] : [ruleWords(denied)])]
					.slice(0, 3)
					.join(" "),
				`${byHand.until === null ? "Ask" : "Wait for its end, or ask"} ${byHand.person.name} or another admin to lift it: deploy unfreeze ${scopeText(byHand)}.`,
			),
		);
	if (denied !== undefined)
		return none(
			refuses("freezes", "frozen", ruleWords(denied), "Wait for its end, or ask an admin to change the freeze."),
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

/** What stops releases at an environment, for those who look; null: nothing does. */
export function standingFreeze(
	policy: EffectivePolicy | null,
	frozenByHand: readonly HandFreeze[],
	now: Date,
): { readonly says: string; readonly until: Date | null } | null {
	const ends = frozenByHand.map((one) => ({ says: handWords(one, policy), until: one.until }));
	for (const rule of policy?.freezes ?? [])
		if (rule.mode === "deny" && isOn(rule, now))
			ends.push({ says: ruleWords(rule), until: at(rule.until, rule.timezone).toJSDate() });
	// The one that lasts longest is the one to wait for.
	return ends.reduce<(typeof ends)[number] | null>(
		(last, one) =>
			last === null || (last.until !== null && (one.until === null || one.until > last.until)) ? one : last,
		null,
	);
}

type RuleFreeze = EffectivePolicy["freezes"][number];

const at = (time: string, zone: string) => DateTime.fromISO(time, { zone });

function isOn(freeze: RuleFreeze, now: Date): boolean {
	return (
		at(freeze.from, freeze.timezone).toMillis() <= now.getTime() &&
		now.getTime() < at(freeze.until, freeze.timezone).toMillis()
	);
}

function ruleWords({ until, timezone, reason }: RuleFreeze): string {
	return `Releases stop until ${until.replace("T", " ")} (${timezone}): ${bare(reason)}.`;
}

function handWords(freeze: HandFreeze, policy: EffectivePolicy | null): string {
	const zone = policy?.windows?.timezone ?? "UTC";
	const end =
		freeze.until === null
			? "until the freeze is lifted"
			: `until ${DateTime.fromJSDate(freeze.until, { zone }).toFormat("yyyy-MM-dd HH:mm")} (${zone})`;
	const scope = scopeText(freeze);
	const what = scope === "*" ? "all releases" : `releases to ${scope}`;
	return `${freeze.person.name} stopped ${what} ${end}: ${bare(freeze.reason)}.`;
}

function bare(reason: string): string {
	return reason.replace(/\.$/, "");
}
