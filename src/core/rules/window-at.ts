import { DateTime } from "luxon";
import type { EffectivePolicy } from "../policy.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
type Windows = NonNullable<EffectivePolicy["windows"]>;

/** How the windows of a policy stand, for those who wait for one. Null: it has none. */
export function windowAt(
	{ windows }: Pick<EffectivePolicy, "windows">,
	now: Date,
): { readonly open: true } | { readonly open: false; readonly next: Date | null } | null {
	if (windows === null) return null;
	const local = DateTime.fromJSDate(now, { zone: windows.timezone });
	return isOpen(windows, local)
		? { open: true }
		: { open: false, next: nextOpening(windows, local)?.toJSDate() ?? null };
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
			.flatMap((one) => openings(day, one))
			.filter((start) => start > at && isOpen(windows, start))
			.sort((a, b) => a.toMillis() - b.toMillis());
		if (starts[0] !== undefined) return starts[0];
	}
	return null;
}

/** When a window begins on a day: twice when the clock is set back over its beginning, and where the clock is set forward over it, then. */
function openings(day: DateTime, one: Windows["allow"][number]): DateTime[] {
	const start = day.set({ hour: Number(one.from.slice(0, 2)), minute: Number(one.from.slice(3)) });
	if (start.toFormat("HH:mm") === one.from) return start.getPossibleOffsets();
	// The clock never shows that time: luxon counted on over the gap, by as much as the beginning lies within it.
	let first = start;
	while (first.minus({ minutes: 1 }).toFormat("HH:mm") >= one.from && first.minus({ minutes: 1 }).hasSame(day, "day"))
		first = first.minus({ minutes: 1 });
	return [first];
}
