import { DateTime } from "luxon";
import { type FreezeScope, type HandFreeze, scopeText } from "../core/freeze.ts";
import type { Card, CardAction, Rich } from "../ports/chat.ts";
import { card, plainTime } from "./rich.ts";
import { sentence } from "./sentence.ts";

interface Place {
	readonly project: string;
	readonly environment: string;
}

/** As many names as a line bears. */
const NAMED = 5;

/** "web/production, api/production and 3 more" */
export function placesWords(places: readonly Place[]): string {
	const names = places.slice(0, NAMED).map(({ project, environment }) => `${project}/${environment}`);
	return `${names.join(", ")}${places.length > NAMED ? ` and ${places.length - NAMED} more` : ""}`;
}

/** "Ada, until …: why" */
export function freezeWords(freeze: HandFreeze): string {
	const until = freeze.until === null ? "until it is lifted" : `until ${plainTime(freeze.until)}`;
	return `${scopeText(freeze)} by ${freeze.person.name}, ${until}: ${freeze.reason}`;
}

/** The moment in the zone that it was read in: whoever set it sees how they were understood. */
function untilWords(until: Date | null, zone: string): Rich {
	if (until === null) return ["until it is lifted"];
	const local = DateTime.fromJSDate(until, { zone }).setLocale("en").toFormat("ccc d LLL yyyy HH:mm");
	return ["until ", { time: until }, ...(zone === "UTC" ? [] : [` (${local} ${zone})`])];
}

export function frozenCard(
	freeze: HandFreeze,
	before: HandFreeze | null,
	places: readonly Place[],
	zone: string,
): Card {
	const scope = scopeText(freeze);
	const was =
		before === null ? [] : [{ kind: "text" as const, text: [`It was frozen before: ${freezeWords(before)}`] }];
	const everywhere = scope.includes("*") ? ", and those made later" : "";
	return card(
		{
			kind: "text",
			text: [`❄️ ${scope} is frozen `, ...untilWords(freeze.until, zone), `: ${sentence(freeze.reason)}`],
		},
		...was,
		{
			kind: "small",
			text: [
				`No release starts on ${placesWords(places) || "what it takes"}${everywhere}. What is at work goes on; dry-runs may go, and rollbacks and --force where the policy lets them.`,
			],
		},
		{ kind: "actions", actions: [unfreezeAction(freeze)] },
	);
}

function unfreezeAction(scope: FreezeScope): CardAction {
	const command = `unfreeze ${scopeText(scope)}`;
	return { kind: "command", label: command, command, spoken: `Run the command: ${command}` };
}

export function unfrozenCard(freeze: HandFreeze, still: readonly HandFreeze[]): Card {
	return card(
		{ kind: "text", text: [`☀️ ${scopeText(freeze)} is no longer frozen. It was: ${freezeWords(freeze)}`] },
		...still.slice(0, NAMED).map((one) => ({ kind: "small" as const, text: [`Still frozen: ${freezeWords(one)}`] })),
	);
}

/** What is frozen by hand, each with its button. */
export function freezesCard(freezes: readonly HandFreeze[]): Card {
	if (freezes.length === 0) return card({ kind: "text", text: ["Nothing is frozen by hand."] });
	return card(
		{ kind: "text", text: ["Frozen by hand:"] },
		...freezes.slice(0, 20).map((one) => ({ kind: "text" as const, text: [`❄️ ${freezeWords(one)}`] })),
		{ kind: "actions", actions: freezes.slice(0, NAMED).map(unfreezeAction) },
	);
}

/** For a channel: which of its environments are stopped, by whom, until when and why. */
export function frozenNotice(freeze: HandFreeze, places: readonly Place[], zone: string): string {
	const until = freeze.until === null ? "until it is lifted" : `until ${endWords(freeze.until, zone)}`;
	return `❄️ ${freeze.person.name} stopped releases to ${placesWords(places)} ${until}: ${sentence(freeze.reason)} It is the freeze of ${scopeText(freeze)}.`;
}

function endWords(until: Date, zone: string): string {
	if (zone === "UTC") return plainTime(until);
	return `${DateTime.fromJSDate(until, { zone }).toFormat("yyyy-MM-dd HH:mm")} (${zone})`;
}

/**
 * @param by who lifted it; null: its time is over
 * @param againAt from when on the rules of a place let releases go; null: not foreseen
 */
export function unfrozenNotice<P extends Place>(
	freeze: HandFreeze,
	by: string | null,
	places: readonly P[],
	stillBy: (place: P) => HandFreeze | null,
	againAt: (place: P) => Date | null,
	now: Date,
): string {
	const scope = scopeText(freeze);
	const how = by === null ? `The freeze of ${scope} is over` : `${by} lifted the freeze of ${scope}`;
	const unfrozen = places.filter((place) => stillBy(place) === null);
	const free = unfrozen.filter((place) => againAt(place)?.getTime() === now.getTime());
	const later = unfrozen.filter((place) => !free.includes(place));
	const again = [
		...(free.length === 0 ? [] : [`Releases to ${placesWords(free)} may go again.`]),
		...later.slice(0, 3).map((place) => {
			const at = againAt(place);
			const when = at === null ? "still stopped" : `stopped until ${plainTime(at)}`;
			return `By its policy releases to ${placesWords([place])} are ${when}.`;
		}),
	];
	const others = new Set(places.flatMap((place) => stillBy(place) ?? []).map(freezeWords));
	const still = [...others].slice(0, 3).map((one) => `Still frozen: ${sentence(one)}`);
	return [`☀️ ${how}; it was ${freeze.person.name}'s: ${sentence(freeze.reason)}`, ...again, ...still].join(" ");
}
