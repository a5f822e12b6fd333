import type { EffectivePolicy } from "../policy.ts";
import type { Check, Facts, RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

const WORDS = {
	success: "green",
	pending: "not finished",
	failure: "failed",
	left_out: "left out",
	absent: "not there",
} as const;
type State = keyof typeof WORDS;
const STANDS_IN_THE_WAY: readonly State[] = ["failure", "pending", "absent"];

/**
 * At least one check that is green, and none that is anything worse than left out; with a list, of those that it names. No check at
 * all is not green, and neither are checks that were all left out: nothing looked at the commit then.
 */
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
	if (found.nowhere === true)
		return refuses(
			"ci",
			"ci_missing",
			"A project of runners has no checks, and the policy wants green ones.",
			"Ask an admin to set ci: { mode: off } in the policy of this environment.",
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
		holds: !STANDS_IN_THE_WAY.includes(check.state),
		reason: check.state === "failure" ? "failed" : `is ${WORDS[check.state]}`,
	}));
	const bad = wanted.filter((check) => STANDS_IN_THE_WAY.includes(check.state));
	const green = wanted.filter((check) => check.state === "success").length;
	if (bad.length === 0 && green > 0) {
		const leftOut = wanted.length - green;
		const rest = leftOut === 0 ? "" : `, ${leftOut} ${leftOut === 1 ? "was" : "were"} left out`;
		return holds("ci", "ci_green", `${green} of ${wanted.length} checks are green${rest}.`, children);
	}
	if (bad.length === 0)
		return refuses(
			"ci",
			"ci_missing",
			`Every check of ${commit} was left out, so nothing has looked at it.`,
			"Let CI run on this commit, or ask an admin to set ci.mode to off where there is none.",
			children,
		);
	const names = bad.slice(0, 3).map((check) => `${check.name} (${WORDS[check.state]})`);
	const more = bad.length > names.length ? ` and ${bad.length - names.length} more` : "";
	const [code, remedy] = bad.some((check) => check.state === "failure")
		? ["ci_failed", "Mend what failed and deploy the commit that passes."]
		: bad.some((check) => check.state === "pending")
			? ["ci_pending", "Ask again when they are done."]
			: ["ci_missing", "Let CI run these checks on this commit, or ask an admin to correct ci.checks of the policy."];
	return refuses("ci", code, `Checks of ${commit} are not green: ${names.join(", ")}${more}.`, remedy, children);
}

function byName(checks: readonly Check[], name: string): { name: string; state: State } {
	const same = checks.filter((check) => check.name === name);
	const order: readonly State[] = ["failure", "pending", "success", "left_out"];
	const state = order.find((one) => same.some((check) => check.state === one)) ?? "absent";
	return { name, state };
}
