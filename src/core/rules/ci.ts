import type { EffectivePolicy } from "../policy.ts";
import type { Check, Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

const WORDS = { success: "green", pending: "not finished", failure: "failed" } as const;

/** At least one check that is there, and all of them green; with a list, those that it names. No check at all is not green. */
export function ciRule(ci: EffectivePolicy["ci"], { ci: found, type, ref, succeededHereAs }: Facts): RuleVerdict {
	if (ci.mode === "off") return notApplicable("ci", "The policy does not look at checks.");
	if (type === "rollback" && succeededHereAs !== null)
		return holds("ci", "ran_here_before", `This commit already succeeded here as #${succeededHereAs}.`);
	const commit = ref.sha.slice(0, 8);
	if (!found.known)
		return refuses(
			"ci",
			"ci_unreadable",
			`The checks of ${commit} could not be read: ${found.why}`,
			"Try again in a minute.",
		);
	const wanted = ci.checks === null ? found.checks : ci.checks.map((name) => byName(found.checks, name));
	if (wanted.length === 0)
		return refuses(
			"ci",
			"ci_missing",
			`The commit ${commit} has no checks, and the policy wants green ones.`,
			"Let CI run on this commit, or ask an admin to set ci.mode to off where there is none.",
		);
	const children = wanted.map((check) => ({
		name: check.name,
		holds: check.state === "success",
		reason: check.state === "absent" ? "is not there" : `is ${WORDS[check.state]}`,
	}));
	const bad = wanted.filter((check) => check.state !== "success");
	if (bad.length === 0)
		return holds("ci", "ci_green", `${wanted.length} of ${wanted.length} checks are green.`, children);
	const names = bad.slice(0, 3).map((check) => check.name);
	const more = bad.length > names.length ? ` and ${bad.length - names.length} more` : "";
	const failed = bad.some((check) => check.state === "failure");
	return refuses(
		"ci",
		failed ? "ci_failed" : "ci_pending",
		`Checks of ${commit} are not green: ${names.join(", ")}${more}.`,
		failed ? "Mend what failed and deploy the commit that passes." : "Ask again when they are done.",
		children,
	);
}

function byName(checks: readonly Check[], name: string): { name: string; state: Check["state"] | "absent" } {
	const same = checks.filter((check) => check.name === name);
	const state = same.find((check) => check.state !== "success")?.state ?? same[0]?.state ?? "absent";
	return { name, state };
}
