import { type EffectivePolicy, effectivePolicy, type StoredPolicy } from "../core/policy.ts";
import { type Precedent, rejudge } from "../core/rejudge.ts";
import type { Deps } from "../deps.ts";
import { type EnvironmentRow, EnvironmentTable, PolicyTable, ProjectTable } from "../store/entities.ts";
import { judgedRuns, refusedRequests, type Success, successesAmong } from "../store/precedents.ts";

/** One request of the past, of which other rules would say something else. */
export interface Difference {
	/** null: it was refused, and so became no run. */
	readonly run: number | null;
	readonly place: string;
	readonly type: Precedent["type"];
	readonly ref: Precedent["ref"];
	readonly by: string;
	readonly at: Date;
	/** Sentences: what the rules would say. */
	readonly why: readonly string[];
}

export interface WhatWouldChange {
	/** `project/environment` of all that it rules. */
	readonly places: readonly string[];
	readonly lookedAt: number;
	readonly refused: readonly Difference[];
	readonly letThrough: readonly Difference[];
	/** Both times allowed, with another number of approvals. */
	readonly approvals: readonly Difference[];
	readonly untold: readonly Difference[];
}

const LIMIT = 50;

/** What a policy would say of the last requests where it rules, by itself or by way of policies that extend it. */
export async function whatWouldChange(deps: Deps, changed: StoredPolicy): Promise<WhatWouldChange> {
	const { db } = deps;
	const stored = await db.getRepository(PolicyTable).find();
	const now = new Map<string, StoredPolicy>(stored.map((one) => [one.slug, one]));
	const then = new Map(now).set(changed.slug, changed);
	const projects = new Map((await db.getRepository(ProjectTable).find()).map((one) => [one.id, one]));
	const ruled = (await db.getRepository(EnvironmentTable).find())
		.filter((one) => one.archivedAt === null && projects.get(one.projectId)?.archivedAt === null)
		.filter((one) => extendsIt(then, one.policy, changed.slug));
	const environments = new Map(ruled.map((one) => [one.id, one]));
	const places = new Map(ruled.map((one) => [placeOf(projects.get(one.projectId)?.slug, one), one]));
	const differences = { refused: [], letThrough: [], approvals: [], untold: [] } as Collected;
	if (ruled.length === 0) return { places: [], lookedAt: 0, ...differences };

	const ids = [...environments.keys()];
	const runs = await judgedRuns(db, ids, LIMIT);
	const requests = (await refusedRequests(db, ids, LIMIT)).flatMap((one) =>
		typeof one.ref === "object" && one.ref !== null && one.rules !== undefined
			? [{ ...one, ref: one.ref, rules: one.rules }]
			: [],
	);
	const shas = [...new Set([...runs.map(({ run }) => run.ref.sha), ...requests.map(({ ref }) => ref.sha)])];
	const successes = await successesAmong(db, [...new Set(ruled.map((one) => one.projectId))], shas);

	for (const { run, rules, approved } of runs) {
		const here = environments.get(run.environmentId);
		if (here === undefined) continue;
		const past = {
			at: run.createdAt,
			type: run.type,
			ref: run.ref,
			parameters: run.parameters,
			force: run.force,
			rules,
		};
		const about = { run: run.number, place: `${run.project}/${run.environment}`, by: run.requestedBy.name };
		const judged = judge(past, here);
		const shown = { ...about, type: run.type, ref: run.ref, at: run.createdAt };
		if (judged.kind === "untold") differences.untold.push({ ...shown, why: [judged.why] });
		else if (judged.refusals.length > 0) differences.refused.push({ ...shown, why: judged.refusals });
		else if (judged.approvals !== run.approvalsRequired)
			differences.approvals.push({
				...shown,
				why: [`It would need ${count(judged.approvals)} instead of ${run.approvalsRequired}; ${approved} given.`],
			});
	}
	for (const { atMs, project, environment, by, type, ref, parameters, rules } of requests) {
		const here = places.get(`${project}/${environment}`);
		if (here === undefined) continue;
		const judged = judge({ at: new Date(atMs), type, ref, parameters, force: null, rules }, here);
		const shown = { run: null, place: `${project}/${environment}`, by, type, ref, at: new Date(atMs) };
		if (judged.kind === "untold") differences.untold.push({ ...shown, why: [judged.why] });
		else if (judged.refusals.length === 0 && rules.some(({ outcome }) => outcome === "refused"))
			differences.letThrough.push({ ...shown, why: [`It would go, with ${count(judged.approvals)}.`] });
	}
	return { places: [...places.keys()], lookedAt: runs.length + requests.length, ...differences };

	function judge(past: Omit<Precedent, "succeededHereAs" | "succeededIn">, here: EnvironmentRow): Judged {
		const policy = read(then, here.policy);
		if (!policy.ok) return { kind: "told", refusals: [policy.message], approvals: 0 };
		const before = read(now, here.policy);
		const known = whatHadSucceeded(successes, past, here);
		const judged = rejudge(policy.policy, before.ok ? before.policy : null, { ...past, ...known });
		if (!judged.told) return { kind: "untold", why: judged.why };
		const { verdict } = judged;
		const refusals = verdict.rules.filter(({ outcome }) => outcome === "refused").map(({ reason }) => reason);
		return { kind: "told", refusals, approvals: verdict.approvals };
	}
}

type Judged =
	| { readonly kind: "told"; readonly refusals: readonly string[]; readonly approvals: number }
	| { readonly kind: "untold"; readonly why: string };
type Collected = Record<"refused" | "letThrough" | "approvals" | "untold", Difference[]>;
type Policies = ReadonlyMap<string, StoredPolicy>;

function placeOf(project: string | undefined, { slug }: EnvironmentRow): string {
	return `${project}/${slug}`;
}

const count = (approvals: number) =>
	approvals === 0 ? "no approval" : approvals === 1 ? "1 approval" : `${approvals} approvals`;

function read(
	policies: Policies,
	slug: string,
): { readonly ok: true; readonly policy: EffectivePolicy } | { readonly ok: false; readonly message: string } {
	return effectivePolicy(
		policies.get(slug) ?? { slug, extends: slug, rules: {} },
		(name) => policies.get(name) ?? null,
	);
}

function extendsIt(policies: Policies, from: string, wanted: string): boolean {
	const seen = new Set<string>();
	for (let at: string | null = from; at !== null && !seen.has(at); at = policies.get(at)?.extends ?? null) {
		if (at === wanted) return true;
		seen.add(at);
	}
	return false;
}

/** What had succeeded by then. */
function whatHadSucceeded(
	successes: readonly Success[],
	{ at, ref }: Pick<Precedent, "at" | "ref">,
	here: EnvironmentRow,
): Pick<Precedent, "succeededHereAs" | "succeededIn"> {
	const before = successes.filter((one) => one.projectId === here.projectId && one.sha === ref.sha && one.at <= at);
	const succeededIn: Record<string, Date> = {};
	for (const one of before) succeededIn[one.environment] ??= one.at;
	return { succeededHereAs: before.findLast((one) => one.environmentId === here.id)?.number ?? null, succeededIn };
}
