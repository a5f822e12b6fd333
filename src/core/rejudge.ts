import { type EffectivePolicy, evaluate } from "./policy.ts";
import type { ResolvedRef, RunType } from "./run.ts";
import type { Check, CheckState, Facts, RuleVerdict, Verdict } from "./verdict.ts";

/** A request that was judged once, with what was kept of it. */
export interface Precedent {
	readonly at: Date;
	readonly type: RunType;
	readonly ref: ResolvedRef;
	/** What the pipeline got, or was to get: defaults are among them. */
	readonly parameters: Readonly<Record<string, string>>;
	readonly force: { readonly reason: string; readonly waived: readonly string[] } | null;
	/** What its policy said of it then. */
	readonly rules: readonly RuleVerdict[];
	readonly succeededHereAs: number | null;
	readonly succeededIn: Facts["succeededIn"];
}

export type Rejudged =
	| { readonly told: true; readonly verdict: Verdict }
	/** A sentence: what was not kept. */
	| { readonly told: false; readonly why: string };

/**
 * What a policy would have said of a request of the past. Time, ref, type, parameters and what had succeeded before are as they were;
 * checks are as the verdict of then names them. The queue is taken to have had room, and whoever forced to have had the role. Pure.
 *
 * @param before the policy that holds now: parameters at its defaults were given by nobody.
 */
export function rejudge(policy: EffectivePolicy, before: EffectivePolicy | null, past: Precedent): Rejudged {
	const forced = past.rules.some(({ rule, outcome }) => rule === "force" && outcome !== "not_applicable");
	if (forced && past.force === null) return { told: false, why: "It was to be forced, and the reason was not kept." };
	const goesBack = past.type === "rollback" && past.succeededHereAs !== null;
	if (past.rules.some(({ code, outcome }) => code === "frozen_by_hand" && outcome === "refused"))
		return { told: false, why: "Releases were stopped by hand then, whatever its policy said." };
	const ci = policy.ci.mode === "off" || goesBack ? [] : checksOf(past.rules, policy.ci.checks);
	// What is refused whatever CI said can be told without it.
	const judging = ci === null ? { ...policy, ci: { mode: "off" as const, checks: null } } : policy;
	const verdict = evaluate(judging, {
		...{ now: past.at, type: past.type, ref: past.ref, ci: { known: true, checks: ci ?? [] } },
		parameters: givenIn(past.parameters, before),
		force:
			past.force === null ? null : { reason: past.force.reason, roles: [policy.force.role, ...rolesOf(past.force)] },
		...{ queueLength: 0, frozenByHand: [], succeededHereAs: past.succeededHereAs, succeededIn: past.succeededIn },
	});
	if (ci === null && verdict.outcome === "allowed")
		return { told: false, why: "What CI said then was not looked at, or not all of it was kept." };
	return { told: true, verdict };
}

const STATES: Readonly<Record<string, CheckState>> = {
	"is green": "success",
	"is not finished": "pending",
	failed: "failure",
	"is left out": "left_out",
};

/** Null: it cannot be told. */
function checksOf(rules: readonly RuleVerdict[], wanted: readonly string[] | null): readonly Check[] | null {
	const ci = rules.find(({ rule }) => rule === "ci");
	if (ci === undefined || ci.outcome === "not_applicable") return null;
	if (ci.code === "ci_unreadable" || ci.code === "ran_here_before") return null;
	const names = new Set(ci.children.map(({ name }) => name));
	if (ci.children.length > 0 && wanted?.some((name) => !names.has(name))) return null;
	return ci.children.flatMap(({ name, reason }) => {
		const state = STATES[reason];
		return state === undefined ? [] : [{ name, state, url: null }];
	});
}

function givenIn(parameters: Precedent["parameters"], before: EffectivePolicy | null): Precedent["parameters"] {
	return Object.fromEntries(
		Object.entries(parameters).filter(([name, value]) => String(before?.parameters[name]?.default) !== value),
	);
}

function rolesOf({ waived }: NonNullable<Precedent["force"]>): readonly string[] {
	return waived.includes("approvals") ? ["emergency"] : [];
}
