import type { Verdict } from "../core/verdict.ts";

/** What whoever decides has to know of the rules: what force sets aside and why, and a freeze that lets it pass. */
export function verdictNotes({ rules }: Verdict): string[] {
	return rules.flatMap(({ rule, outcome, code, reason }) => {
		if (outcome === "waived") return [`⚠️ Set aside, ${rule}: ${reason}`];
		return code === "freeze_approval" || code === "freeze_warning" ? [`❄️ ${reason}`] : [];
	});
}
