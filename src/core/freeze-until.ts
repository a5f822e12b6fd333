import { DateTime, IANAZone } from "luxon";
import { parseDuration } from "./duration.ts";

/** When something ends, as a person said it; the wall clock is that of `zone`, where they named one. */
export type Until =
	| { readonly kind: "for"; readonly ms: number }
	| { readonly kind: "at"; readonly at: Date }
	| {
			readonly kind: "clock";
			/** Monday is 1; null: today, or tomorrow when that time is over today. */
			readonly day: number | "today" | "tomorrow" | null;
			readonly time: Clock;
			readonly zone: string | null;
	  }
	| { readonly kind: "date"; readonly date: string; readonly time: Clock; readonly zone: string | null };

interface Clock {
	readonly hour: number;
	readonly minute: number;
}

const MIDNIGHT: Clock = { hour: 0, minute: 0 };
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const YEAR = 366 * 24 * 3_600_000;

export const UNTIL_FORMS = "18:00, friday 09:00, tomorrow 9:30, 2026-12-24 or 2026-12-24T09:00";

/** Reads a time from the beginning of some words; null: they begin with none. */
export function readUntil(words: readonly string[]): { readonly until: Until; readonly taken: number } | null {
	const [first = "", second = ""] = words.map((word) => word.replace(/[:,;]$/, ""));
	const moment = /^(\d{4}-\d{2}-\d{2})(?:t(\d{1,2}:\d{2})(?::00(?:\.0+)?)?(z|[+-]\d{2}:\d{2})?)?$/i.exec(first);
	if (moment !== null) {
		const [, date = "", joined, offset] = moment;
		if (!DateTime.fromISO(date, { zone: "utc" }).isValid) return null;
		const apart = joined === undefined ? readClock(second) : null;
		const time = joined === undefined ? (apart ?? MIDNIGHT) : readClock(joined);
		if (time === null) return null;
		const taken = apart === null ? 1 : 2;
		if (offset !== undefined) return { until: { kind: "date", date, time, zone: offsetZone(offset) }, taken };
		return withZone(words, taken, (zone) => ({ kind: "date", date, time, zone }));
	}
	const clock = readClock(first);
	if (clock !== null) return withZone(words, 1, (zone) => ({ kind: "clock", day: null, time: clock, zone }));
	const day = readDay(first.toLowerCase());
	if (day === null) return null;
	const time = readClock(second);
	// Whoever says "today" alone leaves open which hour they mean.
	if (day === "today" && time === null) return null;
	return withZone(words, time === null ? 1 : 2, (zone) => ({ kind: "clock", day, time: time ?? MIDNIGHT, zone }));
}

/** A field of a form: a time, or how long; null: it is neither. */
export function readEnd(text: string): Until | null {
	const ms = parseDuration(text.toLowerCase());
	if (ms !== null) return { kind: "for", ms };
	const words = text.split(/\s+/);
	const read = readUntil(words);
	return read !== null && read.taken === words.length ? read.until : null;
}

function readClock(word: string): Clock | null {
	const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(word);
	return match === null ? null : { hour: Number(match[1]), minute: Number(match[2]) };
}

function readDay(word: string): number | "today" | "tomorrow" | null {
	if (word === "today" || word === "tomorrow") return word;
	const at = DAYS.findIndex((day) => day === word || day.slice(0, 3) === word);
	return at < 0 ? null : at + 1;
}

function offsetZone(offset: string): string {
	return offset.toLowerCase() === "z" ? "UTC" : `UTC${offset}`;
}

/** The zone may follow, by its name: `18:00 Europe/Rome`. */
function withZone(words: readonly string[], taken: number, make: (zone: string | null) => Until) {
	const word = (words[taken] ?? "").replace(/[:,;]$/, "");
	const zone = /^utc$/i.test(word) ? "UTC" : /^[A-Za-z_]+\/[A-Za-z_/+-]+$/.test(word) ? zoneNamed(word) : null;
	return { until: make(zone), taken: zone === null ? taken : taken + 1 };
}

function zoneNamed(word: string): string | null {
	return IANAZone.isValidZone(word)
		? new Intl.DateTimeFormat("en", { timeZone: word }).resolvedOptions().timeZone
		: null;
}

/** The moment that is meant. A sentence: it is none that something can end at. */
export function resolveUntil(until: Until, now: Date, zone: string): Date | string {
	const at = momentOf(until, now, zone);
	if (at.getTime() <= now.getTime()) return "That time is over already.";
	return at.getTime() - now.getTime() > YEAR ? "That is more than a year ahead." : at;
}

function momentOf(until: Until, now: Date, zone: string): Date {
	if (until.kind === "at") return until.at;
	if (until.kind === "for") return new Date(now.getTime() + until.ms);
	const here = DateTime.fromJSDate(now, { zone: until.zone ?? zone });
	if (until.kind === "date")
		return DateTime.fromISO(until.date, { zone: until.zone ?? zone })
			.set(until.time)
			.toJSDate();
	const { day, time } = until;
	const onDay = (ahead: number) => here.startOf("day").plus({ days: ahead }).set(time);
	if (day === "tomorrow") return onDay(1).toJSDate();
	const ahead = day === null || day === "today" ? 0 : (day - here.weekday + 7) % 7;
	const first = onDay(ahead);
	if (day === "today" || first > here) return first.toJSDate();
	return onDay(ahead + (day === null ? 1 : 7)).toJSDate();
}
