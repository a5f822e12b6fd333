import type { EffectivePolicy } from "../policy.ts";
import type { Check, Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

const WORDS = { success: "green", pending: "not finished", failure: "failed", absent: "not there" } as const;

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
			"Try again in a minute; if it stays, ask an admin to run `draven doctor`.",
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
		reason: check.state === "failure" ? "failed" : `is ${WORDS[check.state]}`,
	}));
	const bad = wanted.filter((check) => check.state !== "success");
	if (bad.length === 0)
		return holds("ci", "ci_green", `${wanted.length} of ${wanted.length} checks are green.`, children);
	const names = bad.slice(0, 3).map((check) => `${check.name} (${WORDS[check.state]})`);
	const more = bad.length > names.length ? ` and ${bad.length - names.length} more` : "";
	const [code, remedy] = bad.some((check) => check.state === "failure")
		? ["ci_failed", "Mend what failed and deploy the commit that passes."]
		: bad.some((check) => check.state === "pending")
			? ["ci_pending", "Ask again when they are done."]
			: ["ci_missing", "Let CI run these checks on this commit, or ask an admin to correct ci.checks of the policy."];
	return refuses("ci", code, `Checks of ${commit} are not green: ${names.join(", ")}${more}.`, remedy, children);
}

function byName(checks: readonly Check[], name: string): { name: string; state: Check["state"] | "absent" } {
	const same = checks.filter((check) => check.name === name);
	const state = same.find((check) => check.state !== "success")?.state ?? same[0]?.state ?? "absent";
	return { name, state };
}
