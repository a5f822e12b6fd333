import type { HandFreeze } from "./freeze.ts";
import type { ResolvedRef, RunType } from "./run.ts";

export const RULES = [
	"refs",
	"approvals",
	"ci",
	"windows",
	"freezes",
	"promotion",
	"rollback",
	"force",
	"dryRun",
	"parameters",
	"queue",
] as const;
export type RuleName = (typeof RULES)[number];

/** `waived`: it does not hold, and the force that the policy allows sets it aside. */
export type RuleOutcome = "holds" | "refused" | "waived" | "not_applicable";

/** One rule of a policy, and why it holds or not: a tree that explains itself. */
export interface RuleVerdict {
	readonly rule: RuleName;
	readonly outcome: RuleOutcome;
	/** Stable, snake_case, for machines: `ref_not_allowed`, `ci_failed` … */
	readonly code: string;
	/** One sentence for people: what was looked at and what was found. */
	readonly reason: string;
	/** One sentence: what to do next; null when the rule holds. */
	readonly remedy: string | null;
	/** The single things that were looked at: a check, a parameter, a window. */
	readonly children: readonly { readonly name: string; readonly holds: boolean; readonly reason: string }[];
}

export interface Verdict {
	/** `refused` makes no run. */
	readonly outcome: "allowed" | "refused";
	/** How many distinct approvers it takes; 0: none. */
	readonly approvals: number;
	readonly rules: readonly RuleVerdict[];
	/** The declared parameters with defaults filled in: what the pipeline gets. */
	readonly parameters: Readonly<Record<string, string>>;
	/** Names of rules that force set aside. */
	readonly waived: readonly RuleName[];
}

/** `left_out`: a condition left it out, or it may fail and did: it is in nobody's way, and says nothing good of the commit either. */
export type CheckState = "success" | "pending" | "failure" | "left_out";

/** One check of a commit at the provider. */
export interface Check {
	readonly name: string;
	readonly state: CheckState;
	readonly url: string | null;
}

/** Everything that a policy is asked about one request, gathered before. */
export interface Facts {
	readonly now: Date;
	readonly type: RunType;
	readonly ref: ResolvedRef;
	readonly ci: /** `nowhere`: where this project's code lies there can be none. */
		| { readonly known: true; readonly checks: readonly Check[]; readonly nowhere?: true }
		/** The provider could not be asked: a sentence why. */
		| { readonly known: false; readonly why: string };
	/** As asked for, before defaults. */
	readonly parameters: Readonly<Record<string, string>>;
	/** null: nobody asks for force. `roles`: what the requester holds in this scope. */
	readonly force: { readonly reason: string; readonly roles: readonly string[] } | null;
	/** Those that hold here now, whatever the policy says. */
	readonly frozenByHand: readonly HandFreeze[];
	/** Runs that wait here, the active one and this one left out. */
	readonly queueLength: number;
	/** The number of the run that succeeded here with this SHA, if one did. */
	readonly succeededHereAs: number | null;
	/** When this SHA first succeeded in each environment of the project, by slug. */
	readonly succeededIn: Readonly<Record<string, Date>>;
}
