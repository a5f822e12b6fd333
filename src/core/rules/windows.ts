import { DateTime } from "luxon";
import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
type Windows = NonNullable<EffectivePolicy["windows"]>;

/** Days and times are wall-clock in the named zone, also across a change of daylight saving. */
export function windowsRule(policy: EffectivePolicy, { now, type }: Facts): RuleVerdict {
	const { windows } = policy;
	if (windows === null) return notApplicable("windows", "The policy has no windows.");
	if (type === "dry-run") return notApplicable("windows", "A dry-run may go at any time.");
	if (type === "rollback" && policy.rollback.ignoresWindows)
		return notApplicable("windows", "A rollback may go at any time.");
	const local = DateTime.fromJSDate(now, { zone: windows.timezone });
	if (isOpen(windows, local)) return holds("windows", "window_open", "The window is open.");
	const opens = nextOpening(windows, local);
	return refuses(
		"windows",
		"window_closed",
		`It is ${local.toFormat("ccc HH:mm")} in ${windows.timezone}, outside of the windows of the policy.`,
		opens === null ? null : `The next one opens on ${opens.toFormat("ccc d LLL 'at' HH:mm")} (${windows.timezone}).`,
	);
}

function isOpen(windows: Windows, at: DateTime): boolean {
	const clock = at.toFormat("HH:mm");
	return windows.allow.some(
		(one) => one.days.some((day) => day === DAYS[at.weekday - 1]) && one.from <= clock && clock < one.to,
	);
}

function nextOpening(windows: Windows, at: DateTime): DateTime | null {
	for (let ahead = 0; ahead <= 7; ahead++) {
		const day = at.plus({ days: ahead }).startOf("day");
		const starts = windows.allow
			.filter((one) => one.days.some((name) => name === DAYS[day.weekday - 1]))
			.map((one) => day.set({ hour: Number(one.from.slice(0, 2)), minute: Number(one.from.slice(3)) }))
			.filter((start) => start > at)
			.sort((a, b) => a.toMillis() - b.toMillis());
		if (starts[0] !== undefined) return starts[0];
	}
	return null;
}
