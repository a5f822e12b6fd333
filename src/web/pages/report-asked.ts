import { type Figures, type Grouping, weeksUntil } from "../../core/delivery-report.ts";
import { type ReportRead, readReport } from "../../use-cases/read-report.ts";
import type { PageCall } from "./page.tsx";
import { type Unread, unreadBefore, unreadChoice } from "./unread.tsx";

export const GROUPINGS: readonly Grouping[] = ["week", "project", "environment"];
export const WEEKS = [4, 12, 26, 52] as const;
/** What the last line is called, which is of all groups. */
export const ALL = "in all";

/** Figures that are counts, and what each means. */
export const COUNTS = [
	["deployments", "Deployments", "Deploys that succeeded. Dry-runs and rollbacks are none."],
	[
		"changes",
		"Changes",
		"Deploys that came to an end of their own; one with all its retries. Cancelled, rejected, expired and superseded runs are left out.",
	],
	["failedChanges", "Failed changes", "Changes of which a try failed or timed out, or whose commit was rolled back."],
	["rollbacks", "Rollbacks", "Rollbacks that succeeded."],
] as const satisfies readonly (readonly [keyof Figures, string, string])[];

/** Figures that are times. */
export const TIMES = [
	["leadTime", "Lead time", "From the first request of a change until it was live: approval, queue and pipeline."],
	[
		"recoveryTime",
		"Failed deployment recovery time",
		"From a failure, or from a deploy that was rolled back, until the next success in that environment. Failures in a row are one; what is still broken is not measured.",
	],
	["approvalWait", "Approval wait", "From the request until the last approval that it needed."],
	[
		"queueWait",
		"Queue wait",
		"From the last approval, or the request when it needs none, until it had the lock of its environment.",
	],
] as const satisfies readonly (readonly [keyof Figures, string, string])[];

export type Metric = (typeof COUNTS)[number][0] | (typeof TIMES)[number][0];

export const LABELS: Readonly<Record<string, string>> = Object.fromEntries(
	[...COUNTS, ...TIMES].map(([metric, label]) => [metric, label]),
);

export interface Asked {
	readonly project: string | null;
	readonly environment: string | null;
	readonly weeks: number;
	readonly by: Grouping;
}

export function askedIn({ query }: PageCall): Asked {
	const weeks = WEEKS.find((one) => String(one) === query["weeks"]) ?? 12;
	return {
		project: query["project"] || null,
		environment: query["environment"] || null,
		weeks,
		by: GROUPINGS.find((one) => one === query["by"]) ?? "week",
	};
}

export function unreadIn({ query }: PageCall): readonly Unread[] {
	return [
		...unreadChoice("Time", query["weeks"], WEEKS),
		...unreadChoice("By", query["by"], GROUPINGS),
		...unreadChoice("Figure", query["metric"], Object.keys(LABELS)),
		...unreadBefore(query["before"]),
	];
}

export function queryOf({ project, environment, weeks, by }: Asked, more: Record<string, string> = {}): string {
	return new URLSearchParams({
		...(project === null ? {} : { project }),
		...(environment === null ? {} : { environment }),
		weeks: String(weeks),
		by,
		...more,
	}).toString();
}

export async function readAsked({ deps }: PageCall, { weeks, ...asked }: Asked): Promise<ReportRead> {
	return readReport(deps, { ...asked, sight: null, until: null, since: weeksUntil(deps.now(), weeks) });
}

export function cutWords({ since }: ReportRead): string {
	return `More ended in that time than is read at once. The figures are whole from ${since.toISOString().slice(0, 10)} (UTC) on; what ended before is left out of them. Choose one project or environment to see further back.`;
}
