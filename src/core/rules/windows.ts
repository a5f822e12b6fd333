import { DateTime } from "luxon";
import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";
import { releasesAgain } from "./releases-again.ts";
import { windowAt } from "./window-at.ts";

/** Days and times are wall-clock in the named zone, also across a change of daylight saving. */
export function windowsRule(policy: EffectivePolicy, { now, type, succeededHereAs, frozenByHand }: Facts): RuleVerdict {
	const { windows } = policy;
	if (windows === null) return notApplicable("windows", "The policy has no windows.");
	if (type === "dry-run") return notApplicable("windows", "A dry-run may go at any time.");
	if (type === "rollback" && succeededHereAs !== null && policy.rollback.ignoresWindows)
		return notApplicable("windows", "A rollback may go at any time.");
	const here = windowAt(policy, now);
	if (here === null || here.open) return holds("windows", "window_open", "The window is open.");
	const words = (time: Date, form: string) => DateTime.fromJSDate(time, { zone: windows.timezone }).toFormat(form);
	const remedy = (opens: Date) => {
		const first = `The next one opens on ${words(opens, OPENS)} (${windows.timezone})`;
		const again = releasesAgain(policy, frozenByHand, now);
		if (again?.getTime() === opens.getTime()) return `${first}.`;
		return again === null
			? `${first}, but no end of the freeze is known.`
			: `${first}, but it is frozen then: releases may go again on ${words(again, OPENS)}.`;
	};
	return refuses(
		"windows",
		"window_closed",
		`It is ${words(now, "ccc HH:mm")} in ${windows.timezone}, outside of the windows of the policy.`,
		here.next === null ? "Ask an admin to change the windows." : remedy(here.next),
	);
}

const OPENS = "ccc d LLL 'at' HH:mm";
