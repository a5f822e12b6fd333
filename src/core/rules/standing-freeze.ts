import { DateTime } from "luxon";
import { type HandFreeze, scopeText } from "../freeze.ts";
import type { EffectivePolicy } from "../policy.ts";

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

export function isOn(freeze: RuleFreeze, now: Date): boolean {
	return (
		at(freeze.from, freeze.timezone).toMillis() <= now.getTime() &&
		now.getTime() < at(freeze.until, freeze.timezone).toMillis()
	);
}

export function ruleWords({ until, timezone, reason }: RuleFreeze): string {
	return `Releases stop until ${until.replace("T", " ")} (${timezone}): ${bare(reason)}.`;
}

export function handWords(freeze: HandFreeze, policy: EffectivePolicy | null): string {
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
