import { type Parameter, parseRules, type Rules } from "./policy-schema.ts";
import { approvalsRule } from "./rules/approvals.ts";
import { ciRule } from "./rules/ci.ts";
import { dryRunRule } from "./rules/dry-run.ts";
import { forceRule, waive } from "./rules/force.ts";
import { freezesRule } from "./rules/freezes.ts";
import { parametersRule } from "./rules/parameters.ts";
import { promotionRule } from "./rules/promotion.ts";
import { queueRule } from "./rules/queue.ts";
import { refsRule } from "./rules/refs.ts";
import { rollbackRule } from "./rules/rollback.ts";
import { windowsRule } from "./rules/windows.ts";
import type { Facts, RuleVerdict, Verdict } from "./verdict.ts";

/** What rules an environment, with every default filled in (SPEC section 5). Durations in milliseconds. */
export interface EffectivePolicy {
	readonly refs: { readonly branches: readonly string[]; readonly tags: readonly string[]; readonly shas: boolean };
	readonly approvals: {
		readonly required: number;
		readonly self: boolean;
		readonly commitAuthors: boolean;
		readonly expiresAfter: number;
		readonly holdsQueue: boolean;
	};
	readonly ci: { readonly mode: "required" | "off"; readonly checks: readonly string[] | null };
	readonly windows: {
		readonly timezone: string;
		readonly allow: NonNullable<NonNullable<Rules["windows"]>["allow"]>;
	} | null;
	readonly freezes: NonNullable<Rules["freezes"]>;
	readonly promotion: { readonly from: string; readonly soak: number } | null;
	readonly rollback: {
		readonly enabled: boolean;
		readonly approvals: number;
		readonly ignoresWindows: boolean;
		readonly locksAfter: boolean;
	};
	readonly force: {
		readonly enabled: boolean;
		readonly role: "operator" | "approver" | "admin" | "emergency";
		readonly waives: readonly ("ci" | "windows" | "freezes" | "promotion" | "approvals")[];
		readonly reviewWithin: number;
	};
	readonly dryRun: { readonly enabled: boolean; readonly approvals: number };
	readonly parameters: Readonly<Record<string, Parameter>>;
	readonly queue: { readonly limit: number };
	readonly timeouts: { readonly queue: number; readonly start: number; readonly run: number };
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What a policy leaves out. It allows no ref that it does not state. */
const DEFAULTS: EffectivePolicy = {
	refs: { branches: [], tags: [], shas: false },
	approvals: { required: 0, self: false, commitAuthors: true, expiresAfter: 24 * HOUR, holdsQueue: false },
	ci: { mode: "required", checks: null },
	windows: null,
	freezes: [],
	promotion: null,
	rollback: { enabled: true, approvals: 0, ignoresWindows: true, locksAfter: true },
	force: { enabled: false, role: "operator", waives: ["ci", "windows", "freezes"], reviewWithin: 24 * HOUR },
	dryRun: { enabled: true, approvals: 0 },
	parameters: {},
	queue: { limit: 20 },
	timeouts: { queue: 2 * HOUR, start: 10 * MINUTE, run: HOUR },
};

export const BASELINES: Readonly<Record<string, Rules>> = {
	stage: {
		refs: { branches: ["**"], tags: [], shas: true },
		approvals: { required: 0 },
		force: { enabled: true },
	},
	demo: { refs: { branches: ["main", "release/**"], tags: ["**"], shas: false }, approvals: { required: 0 } },
	production: { refs: { branches: [], tags: ["v*.*.*"], shas: false }, approvals: { required: 1 } },
};

export interface StoredPolicy {
	readonly slug: string;
	/** A baseline or another policy; null: it stands alone. */
	readonly extends: string | null;
	/** As stored: checked again each time, because a rule that cannot be read must refuse and not vanish. */
	readonly rules: unknown;
}

export type PolicyReading =
	| { readonly ok: true; readonly policy: EffectivePolicy }
	/** One sentence: what cannot be evaluated, with its path. */
	| { readonly ok: false; readonly message: string };

/**
 * The policy with all that it extends, merged rule by rule and key by key; a list replaces a list.
 *
 * @param lookup finds another stored policy; a name that is not stored is a baseline or unknown. A policy may carry the name of a
 * baseline and extend it: its own name means the baseline then.
 */
export function effectivePolicy(stored: StoredPolicy, lookup: (slug: string) => StoredPolicy | null): PolicyReading {
	const layers: Rules[] = [];
	const seen = new Set<string>();
	let at: StoredPolicy | null = stored;
	while (at !== null) {
		const current: StoredPolicy = at;
		seen.add(current.slug);
		const parsed = parseRules(current.rules);
		if (!parsed.ok) {
			const [problem] = parsed.problems;
			const path = ["rules", problem?.path].filter(Boolean).join(".");
			return { ok: false, message: `The policy ${current.slug} is not valid: ${path} ${problem?.message}.` };
		}
		layers.unshift(parsed.rules);
		if (current.extends === null) break;
		const next: StoredPolicy | null = current.extends === current.slug ? null : lookup(current.extends);
		if (next === null) {
			const baseline = BASELINES[current.extends];
			if (baseline === undefined || !Object.hasOwn(BASELINES, current.extends))
				return { ok: false, message: `The policy ${current.slug} extends "${current.extends}", which does not exist.` };
			layers.unshift(baseline);
			break;
		}
		if (seen.has(next.slug))
			return { ok: false, message: `The policy ${current.slug} extends itself by way of ${next.slug}.` };
		at = next;
	}
	const merged = layers.reduce<Merged>(merge, DEFAULTS);
	const windows = whole(merged.windows, ["timezone", "allow"]);
	const promotion = whole(merged.promotion === null ? null : { soak: 0, ...merged.promotion }, ["from", "soak"]);
	const missing = typeof windows === "string" ? `windows.${windows}` : `promotion.${promotion}`;
	if (typeof windows === "string" || typeof promotion === "string")
		return { ok: false, message: `The policy ${stored.slug} is not valid: rules.${missing} is missing.` };
	return { ok: true, policy: { ...merged, windows, promotion } };
}

/** A rule that has to be there whole or not at all; else the key that it lacks. */
function whole<T extends object, K extends keyof T & string>(
	rule: T | null,
	keys: readonly K[],
): { readonly [P in K]-?: Exclude<T[P], undefined> } | null | K {
	const lacks = rule === null ? undefined : keys.find((key) => rule[key] === undefined);
	return lacks ?? (rule as { readonly [P in K]-?: Exclude<T[P], undefined> } | null);
}

/** While layers are put upon each other, a rule may be there in part. */
interface Merged extends Omit<EffectivePolicy, "windows" | "promotion"> {
	readonly windows: NonNullable<Rules["windows"]> | null;
	readonly promotion: NonNullable<Rules["promotion"]> | null;
}

function merge(base: Merged, rules: Rules): Merged {
	return {
		refs: { ...base.refs, ...defined(rules.refs) },
		approvals: { ...base.approvals, ...defined(rules.approvals) },
		ci: { ...base.ci, ...defined(rules.ci) },
		windows: rules.windows === undefined ? base.windows : { ...base.windows, ...defined(rules.windows) },
		freezes: rules.freezes ?? base.freezes,
		promotion: rules.promotion === undefined ? base.promotion : { ...base.promotion, ...defined(rules.promotion) },
		rollback: { ...base.rollback, ...defined(rules.rollback) },
		force: { ...base.force, ...defined(rules.force) },
		dryRun: { ...base.dryRun, ...defined(rules.dryRun) },
		parameters: { ...base.parameters, ...rules.parameters },
		queue: { ...base.queue, ...defined(rules.queue) },
		timeouts: { ...base.timeouts, ...defined(rules.timeouts) },
	};
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** An optional key that is there and undefined must not hide the default. */
function defined<T extends object>(value: T | undefined): Defined<T> {
	return Object.fromEntries(Object.entries(value ?? {}).filter(([, member]) => member !== undefined)) as Defined<T>;
}

/** What a policy says of one request, rule by rule. Pure: the same facts give the same verdict. */
export function evaluate(policy: EffectivePolicy, facts: Facts): Verdict {
	const parameters = parametersRule(policy.parameters, facts.parameters);
	const freezes = freezesRule(policy, facts);
	const rules: RuleVerdict[] = [
		refsRule(policy.refs, facts),
		ciRule(policy.ci, facts),
		windowsRule(policy, facts),
		freezes.verdict,
		promotionRule(policy.promotion, facts),
		rollbackRule(policy.rollback, facts),
		dryRunRule(policy.dryRun, facts),
		parameters.verdict,
		queueRule(policy.queue, facts),
	];
	const needed = approvalsRule(policy, facts, freezes.moreApprovers);
	const force = forceRule(policy.force, facts);
	const forced =
		force.outcome === "holds"
			? waive(policy.force, [...rules, needed.verdict], facts.force?.roles ?? [])
			: [...rules, needed.verdict];
	const all = [...forced, force];
	const waived = all.filter((rule) => rule.outcome === "waived").map((rule) => rule.rule);
	return {
		outcome: all.some((rule) => rule.outcome === "refused") ? "refused" : "allowed",
		approvals: waived.includes("approvals") ? 0 : needed.approvals,
		rules: all,
		parameters: parameters.values,
		waived,
	};
}
