import { DateTime } from "luxon";
import { type HandFreeze, scopeText } from "../freeze.ts";
import type { EffectivePolicy } from "../policy.ts";

export interface StandingFreeze {
	/** All of it in one sentence, its end by the clock of the place. */
	readonly says: string;
	/** The same in parts, for those who show the end by the reader's clock: "Ada stopped all releases". */
	readonly what: string;
	/** Null: until it is lifted. */
	readonly until: Date | null;
	readonly why: string;
}

/** What stops releases at an environment, for those who look; null: nothing does. */
export function standingFreeze(
	policy: EffectivePolicy | null,
	frozenByHand: readonly HandFreeze[],
	now: Date,
): StandingFreeze | null {
	const ends: StandingFreeze[] = frozenByHand.map((one) => ({
		...{ says: handWords(one, policy), until: one.until },
		...{ what: stoppedBy(one), why: `${bare(one.reason)}.` },
	}));
	for (const rule of policy?.freezes ?? [])
		if (rule.mode === "deny" && isOn(rule, now))
			ends.push({
				...{ says: ruleWords(rule), until: at(rule.until, rule.timezone).toJSDate() },
				...{ what: STOPPED, why: `${bare(rule.reason)}.` },
			});
	// The one that lasts longest is the one to wait for.
	return ends.reduce<StandingFreeze | null>(
		(last, one) =>
			last === null || (last.until !== null && (one.until === null || one.until > last.until)) ? one : last,
		null,
	);
}

type RuleFreeze = EffectivePolicy["freezes"][number];

const at = (time: string, zone: string) => DateTime.fromISO(time, { zone });

export function isOn(freeze: RuleFreeze, now: Date): boolean {
	return (
		at(freeze.from, freeze.timezone).toMillis() <= now.getTime() &&
		now.getTime() < at(freeze.until, freeze.timezone).toMillis()
	);
}

export function ruleWords({ until, timezone, reason }: RuleFreeze): string {
	return `${STOPPED} until ${until.replace("T", " ")} (${timezone}): ${bare(reason)}.`;
}

export function handWords(freeze: HandFreeze, policy: EffectivePolicy | null): string {
	const zone = policy?.windows?.timezone ?? "UTC";
	const end =
		freeze.until === null
			? "until the freeze is lifted"
			: `until ${DateTime.fromJSDate(freeze.until, { zone }).toFormat("yyyy-MM-dd HH:mm")} (${zone})`;
	return `${stoppedBy(freeze)} ${end}: ${bare(freeze.reason)}.`;
}

const STOPPED = "Releases stop";

function stoppedBy(freeze: HandFreeze): string {
	const scope = scopeText(freeze);
	return `${freeze.person.name} stopped ${scope === "*" ? "all releases" : `releases to ${scope}`}`;
}

function bare(reason: string): string {
	return reason.replace(/\.$/, "");
}
