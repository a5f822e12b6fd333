import type { EndState, RunType } from "./run.ts";

/** What a report looks at of one run that is over. */
export interface EndedRun {
	readonly number: number;
	readonly project: string;
	readonly environment: string;
	readonly type: RunType;
	readonly sha: string;
	readonly state: EndState;
	readonly retryOf: number | null;
	/** For a rollback: the commit that it took away. */
	readonly fromSha: string | null;
	readonly createdAt: Date;
	/** When the last approval that it needed was given; null: it needed none, or did not get them. */
	readonly approvedAt: Date | null;
	/** When it got the lock of its environment; null: never. */
	readonly startedAt: Date | null;
	readonly finishedAt: Date;
}

/** Seconds, with the runs that they were measured on. */
export interface Durations {
	readonly median: number | null;
	/** Nine of ten took no longer. */
	readonly p90: number | null;
	readonly runs: readonly number[];
	/** What each of them took, in the same order. */
	readonly seconds: readonly number[];
}

/** The figures of one group; each with the numbers of its runs. */
export interface Figures {
	/** Deploys that succeeded. */
	readonly deployments: readonly number[];
	/** Changes: deploys that were at work and came to an end of their own, one with its retries. */
	readonly changes: readonly number[];
	/** Changes of which a try failed or timed out, or which were rolled back. */
	readonly failedChanges: readonly number[];
	readonly rollbacks: readonly number[];
	/** From the first request of a change until it was live. */
	readonly leadTime: Durations;
	/** From a failure until the next success there. */
	readonly recoveryTime: Durations;
	readonly approvalWait: Durations;
	readonly queueWait: Durations;
}

/** What a week is, for whoever reads a report. */
export const PERIODS = "Weeks begin on Monday, in UTC, and are named by that day.";

export type Grouping = "week" | "project" | "environment";

export interface DeliveryReport {
	readonly groups: readonly ({ readonly key: string } & Figures)[];
	readonly total: Figures;
}

interface Measure {
	readonly run: EndedRun;
	readonly seconds: number;
}

/** What happened, each thing at the moment that it is counted at. */
interface Facts {
	readonly deployments: readonly EndedRun[];
	readonly changes: readonly EndedRun[];
	readonly failedChanges: readonly EndedRun[];
	readonly rollbacks: readonly EndedRun[];
	readonly leadTime: readonly Measure[];
	readonly recoveryTime: readonly Measure[];
	readonly approvalWait: readonly Measure[];
	readonly queueWait: readonly Measure[];
}

/**
 * The report on runs that ended from `since` to before `until`. `runs` may hold more than those: what came before and after says what
 * they were. Dry-runs count nowhere; what was cancelled, rejected, superseded or expired is no deployment and no failure. Weeks are
 * ISO weeks in UTC, named by their Monday. Pure.
 */
export function deliveryReport(
	runs: readonly EndedRun[],
	{ since, until, by }: { readonly since: Date; readonly until: Date; readonly by: Grouping },
): DeliveryReport {
	const facts = factsOf(runs.filter(({ type }) => type !== "dry-run"));
	const within = runs.filter(({ finishedAt }) => since <= finishedAt && finishedAt < until);
	const keys = new Map(within.map((run) => [run, keyOf(run, by)]));
	const total = onlyOf(facts, (run) => (keys.has(run) ? "" : null)).get("");
	// Each run is put into its group once, however many groups there are.
	const groups = onlyOf(facts, (run) => keys.get(run) ?? null);
	const names = new Set(keys.values());
	// A week in which nothing ended is one of the weeks too.
	if (by === "week" && names.size > 0)
		for (let at = mondayOf(since).getTime(); at < until.getTime(); at += WEEK_MS) names.add(weekOf(new Date(at)));
	return {
		groups: [...names].sort().map((key) => ({ key, ...figures(groups.get(key) ?? NO_FACTS) })),
		total: figures(total ?? NO_FACTS),
	};
}

const WEEK_MS = 7 * 86_400_000;
/** The Monday before the epoch began, which was a Thursday. */
const MONDAY_MS = -3 * 86_400_000;

function keyOf(run: EndedRun, by: Grouping): string {
	switch (by) {
		case "project":
			return run.project;
		case "environment":
			return `${run.project}/${run.environment}`;
		case "week":
			return weekOf(run.finishedAt);
		default:
			return by satisfies never;
	}
}

/** The name of the week that a moment is in. */
export function weekOf(at: Date): string {
	return mondayOf(at).toISOString().slice(0, 10);
}

/** The beginning of the last so many weeks, the one that runs at `until` among them. */
export function weeksUntil(until: Date, weeks: number): Date {
	return new Date(mondayOf(new Date(until.getTime() - 1)).getTime() - (weeks - 1) * WEEK_MS);
}

function mondayOf(at: Date): Date {
	const weeks = Math.floor((at.getTime() - MONDAY_MS) / WEEK_MS);
	return new Date(MONDAY_MS + weeks * WEEK_MS);
}

function grouped<T>(all: readonly T[], keyOfOne: (one: T) => string | null): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const one of all) {
		const key = keyOfOne(one);
		if (key === null) continue;
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [one]);
		else group.push(one);
	}
	return groups;
}

function factsOf(runs: readonly EndedRun[]): Facts {
	const byNumber = new Map(runs.map((run) => [run.number, run]));
	const before = ({ retryOf }: EndedRun) => (retryOf === null ? undefined : byNumber.get(retryOf));
	const rootOf = (run: EndedRun): EndedRun => {
		let root = run;
		// A retry has a higher number than what it repeats, so this ends.
		// What succeeded was the end of its change: to say it again is another one.
		for (let one = before(run); one !== undefined && !succeeded(one); one = before(one)) root = one;
		return root;
	};
	const atWork = runs.filter(({ startedAt }) => startedAt !== null);
	const deploys = atWork.filter(({ type }) => type === "deploy");
	const deployments = deploys.filter(succeeded);
	const rollbacks = atWork.filter((run) => run.type === "rollback" && succeeded(run));
	const takenBack = takenBackBy(rollbacks, deployments);

	const over = deploys.filter((one) => succeeded(one) || failed(one));
	const tries = grouped(over, (run) => String(rootOf(run).number));
	// A change is counted where its last try ended.
	const changes = [...tries.values()].flatMap((all) => {
		const last = latest(all);
		return last === undefined ? [] : [{ all, last }];
	});
	return {
		deployments,
		rollbacks,
		changes: changes.map(({ last }) => last),
		failedChanges: changes
			.filter(({ all }) => all.some((run) => failed(run) || takenBack.has(run.number)))
			.map(({ last }) => last),
		leadTime: deployments.map((run) => measure(run, rootOf(run).createdAt, run.finishedAt)),
		recoveryTime: recoveries(atWork, takenBack),
		approvalWait: runs.flatMap((run) => (run.approvedAt === null ? [] : [measure(run, run.createdAt, run.approvedAt)])),
		queueWait: atWork.flatMap((run) =>
			run.startedAt === null ? [] : [measure(run, run.approvedAt ?? run.createdAt, run.startedAt)],
		),
	};
}

const succeeded = ({ state }: EndedRun) => state === "succeeded";
const failed = ({ state }: EndedRun) => state === "failed" || state === "timed_out";

/** The deploys whose commits rollbacks took away: of each the last one that had made it live there before. */
function takenBackBy(rollbacks: readonly EndedRun[], deployments: readonly EndedRun[]): ReadonlySet<number> {
	const key = (run: EndedRun, sha: string | null) => `${run.project}/${run.environment} ${sha}`;
	// One walk in time, a rollback before what went live at the same moment: looked for anew by each, many runs would hold the process up.
	const inTime = [...rollbacks, ...deployments].sort((a, b) => a.finishedAt.getTime() - b.finishedAt.getTime());
	const live = new Map<string, number>();
	const takenBack = new Set<number>();
	for (const run of inTime) {
		const made = live.get(key(run, run.fromSha));
		if (run.type !== "rollback") live.set(key(run, run.sha), run.number);
		else if (made !== undefined) takenBack.add(made);
	}
	return takenBack;
}

/** Each time that something was broken, until the next success there; failures in a row are one. */
function recoveries(atWork: readonly EndedRun[], takenBack: ReadonlySet<number>): Measure[] {
	const inTime = [...atWork].sort((a, b) => a.finishedAt.getTime() - b.finishedAt.getTime());
	const places = grouped(inTime, (run) => `${run.project}/${run.environment}`);
	return [...places.values()].flatMap((inOrder) => {
		const found: Measure[] = [];
		let broken: EndedRun | null = null;
		for (const run of inOrder) {
			if (succeeded(run) && broken !== null) {
				found.push(measure(broken, broken.finishedAt, run.finishedAt));
				broken = null;
			}
			if (broken === null && (failed(run) || takenBack.has(run.number))) broken = run;
		}
		return found;
	});
}

function latest(runs: readonly EndedRun[]): EndedRun | undefined {
	return [...runs].sort((a, b) => a.finishedAt.getTime() - b.finishedAt.getTime()).at(-1);
}

function measure(run: EndedRun, from: Date, to: Date): Measure {
	// Clocks of two machines may differ by a little.
	return { run, seconds: Math.max(0, Math.round((to.getTime() - from.getTime()) / 1_000)) };
}

const NO_FACTS: Facts = {
	...{ deployments: [], changes: [], failedChanges: [], rollbacks: [] },
	...{ leadTime: [], recoveryTime: [], approvalWait: [], queueWait: [] },
};

/** The facts of each group. */
function onlyOf(facts: Facts, keyOfRun: (run: EndedRun) => string | null): Map<string, Facts> {
	const runs = (all: readonly EndedRun[]) => grouped(all, keyOfRun);
	const measures = (all: readonly Measure[]) => grouped(all, ({ run }) => keyOfRun(run));
	const parts = {
		deployments: runs(facts.deployments),
		changes: runs(facts.changes),
		failedChanges: runs(facts.failedChanges),
		rollbacks: runs(facts.rollbacks),
		leadTime: measures(facts.leadTime),
		recoveryTime: measures(facts.recoveryTime),
		approvalWait: measures(facts.approvalWait),
		queueWait: measures(facts.queueWait),
	};
	const keys = new Set(Object.values(parts).flatMap((part) => [...part.keys()]));
	return new Map(
		[...keys].map((key) => [
			key,
			{
				deployments: parts.deployments.get(key) ?? [],
				changes: parts.changes.get(key) ?? [],
				failedChanges: parts.failedChanges.get(key) ?? [],
				rollbacks: parts.rollbacks.get(key) ?? [],
				leadTime: parts.leadTime.get(key) ?? [],
				recoveryTime: parts.recoveryTime.get(key) ?? [],
				approvalWait: parts.approvalWait.get(key) ?? [],
				queueWait: parts.queueWait.get(key) ?? [],
			},
		]),
	);
}

function figures(facts: Facts): Figures {
	const numbers = (runs: readonly EndedRun[]) => runs.map(({ number }) => number);
	const durations = (mine: readonly Measure[]): Durations => {
		const sorted = mine.map(({ seconds }) => seconds).sort((a, b) => a - b);
		return {
			median: quantile(sorted, 0.5),
			p90: quantile(sorted, 0.9),
			runs: mine.map(({ run }) => run.number),
			seconds: mine.map(({ seconds }) => seconds),
		};
	};
	return {
		deployments: numbers(facts.deployments),
		changes: numbers(facts.changes),
		failedChanges: numbers(facts.failedChanges),
		rollbacks: numbers(facts.rollbacks),
		leadTime: durations(facts.leadTime),
		recoveryTime: durations(facts.recoveryTime),
		approvalWait: durations(facts.approvalWait),
		queueWait: durations(facts.queueWait),
	};
}

/** The smallest value that at least that part of them does not exceed; of an even number the median is the lower one. */
function quantile(sorted: readonly number[], part: number): number | null {
	return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;
}
