import {
	type Durations,
	type Figures,
	type Grouping,
	PERIODS,
	weekOf,
	weeksUntil,
} from "../../core/delivery-report.ts";
import { listRuns } from "../../store/runs.ts";
import { knownNames } from "../../use-cases/catalog.ts";
import { type ReportRead, readReport } from "../../use-cases/read-report.ts";
import { missing } from "./board.tsx";
import { csv } from "./csv.ts";
import { spoken } from "./duration.ts";
import type { PageCall, PageReply, PageRoute } from "./page.tsx";
import { Choice, RunsTable } from "./runs.tsx";
import { refuseUnread, type Unread, unreadBefore, unreadChoice } from "./unread.tsx";

const GROUPINGS: readonly Grouping[] = ["week", "project", "environment"];
const WEEKS = [4, 12, 26, 52] as const;
const WEEK = 7 * 86_400_000;
/** What the last line is called, which is of all groups. */
const ALL = "in all";
/** Runs behind a figure, at once. */
const PAGE = 50;

/** Figures that are counts, and what each means. */
const COUNTS = [
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
const TIMES = [
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

type Metric = (typeof COUNTS)[number][0] | (typeof TIMES)[number][0];

export const reportPages: readonly PageRoute[] = [
	{ method: "GET", path: "/reports", handle: understood(reports) },
	{ method: "GET", path: "/reports/runs", handle: understood(runsBehind) },
	{ method: "GET", path: "/reports.csv", handle: understood(asCsv) },
];

interface Asked {
	readonly project: string | null;
	readonly environment: string | null;
	readonly weeks: number;
	readonly by: Grouping;
}

function askedIn({ query }: PageCall): Asked {
	const weeks = WEEKS.find((one) => String(one) === query["weeks"]) ?? 12;
	return {
		project: query["project"] || null,
		environment: query["environment"] || null,
		weeks,
		by: GROUPINGS.find((one) => one === query["by"]) ?? "week",
	};
}

function unreadIn({ query }: PageCall): readonly Unread[] {
	return [
		...unreadChoice("Time", query["weeks"], WEEKS),
		...unreadChoice("By", query["by"], GROUPINGS),
		...unreadChoice("Figure", query["metric"], Object.keys(LABELS)),
		...unreadBefore(query["before"]),
	];
}

/** All of it is refused where a part is not understood: figures of something else would be taken for those. */
function understood(handle: PageRoute["handle"]): PageRoute["handle"] {
	return async (call) => {
		const unread = unreadIn(call);
		return unread.length > 0 ? refuseUnread(unread, "reports", "/reports") : handle(call);
	};
}

function queryOf({ project, environment, weeks, by }: Asked, more: Record<string, string> = {}): string {
	return new URLSearchParams({
		...(project === null ? {} : { project }),
		...(environment === null ? {} : { environment }),
		weeks: String(weeks),
		by,
		...more,
	}).toString();
}

async function read({ deps }: PageCall, { weeks, ...asked }: Asked): Promise<ReportRead> {
	return readReport(deps, { ...asked, sight: null, until: null, since: weeksUntil(deps.now(), weeks) });
}

async function reports(call: PageCall): Promise<PageReply> {
	const asked = askedIn(call);
	const report = await read(call, asked);
	const { projects } = await knownNames(call.deps.db.manager);
	const environments = [...new Set(projects.flatMap((one) => one.environments.map(({ slug }) => slug)))];
	const { total, groups } = report;
	const rate = (figures: Figures) =>
		figures.changes.length === 0 ? null : Math.round((100 * figures.failedChanges.length) / figures.changes.length);
	const running = weekOf(new Date(report.until.getTime() - 1));
	const shownKey = (key: string) => (asked.by === "week" && key === running ? `${key} (so far)` : key);
	const labels = groups.map(({ key }) => shownKey(key));
	const content = (
		<>
			<div class="head">
				<h1>Reports</h1>
				<a class="button" href={`/reports.csv?${queryOf(asked)}`}>
					Download as CSV
				</a>
			</div>
			<form class="filters" method="get" action="/reports">
				<Choice
					name="project"
					label="Project"
					value={asked.project ?? undefined}
					options={projects.map(({ slug }) => slug)}
				/>
				<Choice name="environment" label="Environment" value={asked.environment ?? undefined} options={environments} />
				<label class="field">
					<span>Time</span>
					<select name="weeks">
						{WEEKS.map((one) => (
							<option key={one} value={one} selected={one === asked.weeks}>{`the last ${one} weeks`}</option>
						))}
					</select>
				</label>
				<label class="field">
					<span>By</span>
					<select name="by">
						{GROUPINGS.map((one) => (
							<option key={one} value={one} selected={one === asked.by}>
								{one}
							</option>
						))}
					</select>
				</label>
				<button type="submit">Show</button>
			</form>
			{report.isCut ? <p class="notice">{cutWords(report)}</p> : null}
			<div class="grid figures">
				<Figure label="Deployments a week" value={perWeek(total.deployments.length, report)} />
				<Figure label="Lead time, median" value={spoken(total.leadTime.median)} />
				<Figure label="Change failure rate" value={rate(total) === null ? "–" : `${rate(total)} %`} />
				<Figure label="Recovery time, median" value={spoken(total.recoveryTime.median)} />
			</div>
			{groups.length === 0 ? (
				<div class="card empty">Nothing ended in that time.</div>
			) : (
				<>
					<div class="grid plots">
						<Plot
							title="Deployments and failed changes"
							unit="runs"
							labels={labels}
							series={[
								{ name: "Deployments", values: groups.map((one) => one.deployments.length) },
								{ name: "Failed changes", values: groups.map((one) => one.failedChanges.length) },
							]}
						/>
						<Plot
							title="Median times"
							unit="minutes"
							labels={labels}
							series={TIMES.map(([metric, name]) => ({
								name,
								values: groups.map((one) => minutes(one[metric])),
							}))}
						/>
					</div>
					<div class="card scroll">
						<table>
							<caption>
								Every number leads to its runs. Times are medians; in brackets what nine of ten did not exceed.
							</caption>
							<thead>
								<tr>
									<th scope="col">{asked.by}</th>
									{COUNTS.map(([metric, label]) => (
										<th key={metric} scope="col" class="number">
											{label}
										</th>
									))}
									<th scope="col" class="number">
										Change failure rate
									</th>
									{TIMES.map(([metric, label]) => (
										<th key={metric} scope="col" class="number">
											{label}
										</th>
									))}
								</tr>
							</thead>
							<tbody>
								{[...groups, { key: ALL, ...total }].map((group) => (
									<tr key={group.key}>
										<th scope="row">{shownKey(group.key)}</th>
										{COUNTS.map(([metric]) => (
											<td key={metric} class="number">
												<Behind asked={asked} group={group.key} metric={metric} runs={group[metric]}>
													{String(group[metric].length)}
												</Behind>
											</td>
										))}
										<td class="number">
											<Behind asked={asked} group={group.key} metric="failedChanges" runs={group.failedChanges}>
												{rate(group) === null ? "–" : `${rate(group)} %`}
											</Behind>
										</td>
										{TIMES.map(([metric]) => (
											<td key={metric} class="number">
												<Behind asked={asked} group={group.key} metric={metric} runs={group[metric].runs}>
													{group[metric].median === null
														? "–"
														: `${spoken(group[metric].median)} (${spoken(group[metric].p90)})`}
												</Behind>
											</td>
										))}
									</tr>
								))}
							</tbody>
						</table>
					</div>
				</>
			)}
			<section class="card" aria-labelledby="definitions">
				<h2 id="definitions">What the figures mean</h2>
				<dl class="facts">
					{[...COUNTS, ["", "Change failure rate", "Failed changes of all changes."] as const, ...TIMES].map(
						([, label, meaning]) => [<dt key={`${label}-name`}>{label}</dt>, <dd key={label}>{meaning}</dd>],
					)}
				</dl>
				<p class="soft">Everything is counted in the week in which its run ended. {PERIODS}</p>
			</section>
		</>
	);
	return { kind: "page", title: "Reports", section: "reports", content };
}

/** By the time that is over of them: the week that runs is not held to be a whole one. */
function perWeek(count: number, { since, until }: ReportRead): string {
	const weeks = (until.getTime() - since.getTime()) / WEEK;
	return weeks <= 0 ? "–" : (count / weeks).toFixed(1);
}

function cutWords({ since }: ReportRead): string {
	return `More ended in that time than is read at once. The figures are whole from ${since.toISOString().slice(0, 10)} (UTC) on; what ended before is left out of them. Choose one project or environment to see further back.`;
}

function minutes({ median }: Durations): number | null {
	return median === null ? null : Math.round(median / 6) / 10;
}

function Figure({ label, value }: { readonly label: string; readonly value: string }) {
	return (
		<div class="card figure">
			<div class="soft">{label}</div>
			<strong>{value}</strong>
		</div>
	);
}

function Plot({
	title,
	unit,
	labels,
	series,
}: {
	readonly title: string;
	readonly unit: string;
	readonly labels: readonly string[];
	readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}) {
	return (
		<section class="card">
			<h2>{title}</h2>
			<canvas
				data-plot={JSON.stringify({ labels, series, unit })}
				role="img"
				aria-label={`${title}; the table below has the numbers.`}
			/>
		</section>
	);
}

function Behind({
	asked,
	group,
	metric,
	runs,
	children,
}: {
	readonly asked: Asked;
	readonly group: string;
	readonly metric: Metric;
	readonly runs: readonly number[];
	readonly children: string;
}) {
	if (runs.length === 0) return <span class="soft">{children}</span>;
	return <a href={`/reports/runs?${queryOf(asked, { group, metric })}`}>{children}</a>;
}

const LABELS: Readonly<Record<string, string>> = Object.fromEntries(
	[...COUNTS, ...TIMES].map(([metric, label]) => [metric, label]),
);

async function runsBehind(call: PageCall): Promise<PageReply> {
	const asked = askedIn(call);
	const report = await read(call, asked);
	const { groups, total } = report;
	const { group = ALL, metric: name = "", before = "" } = call.query;
	const metric = [...COUNTS, ...TIMES].find(([one]) => one === name)?.[0] ?? "deployments";
	const figures = group === ALL ? total : groups.find(({ key }) => key === group);
	if (figures === undefined) return missing(group);
	const value = figures[metric];
	const numbers = [...("runs" in value ? value.runs : value)];
	const took = "runs" in value ? new Map(value.runs.map((number, at) => [number, value.seconds[at] ?? 0])) : null;
	const found = await listRuns(call.deps.db, {
		numbers,
		...(/^\d{1,9}$/.test(before) ? { before: Number(before) } : {}),
		limit: PAGE + 1,
	});
	const shown = found.slice(0, PAGE);
	const title = `${LABELS[metric]}, ${group}`;
	const content = (
		<>
			<h1>{title}</h1>
			<p class="soft">
				{`${numbers.length} ${numbers.length === 1 ? "run" : "runs"}. `}
				{"runs" in value && value.median !== null
					? `Median ${spoken(value.median)}; nine of ten took no longer than ${spoken(value.p90)}. `
					: null}
				<a href={`/reports?${queryOf(asked)}`}>Back to the report</a>
			</p>
			{shown.length === 0 ? (
				<div class="card empty">No run is behind that.</div>
			) : (
				<div class="card scroll">
					<RunsTable runs={shown} took={took === null ? null : { label: LABELS[metric] ?? metric, seconds: took }} />
				</div>
			)}
			{found.length > PAGE ? (
				<a
					class="button"
					href={`/reports/runs?${queryOf(asked, { group, metric, before: String(shown.at(-1)?.number) })}`}
				>
					Older runs
				</a>
			) : null}
		</>
	);
	return { kind: "page", title, section: "reports", content };
}

async function asCsv(call: PageCall): Promise<PageReply> {
	const asked = askedIn(call);
	const report = await read(call, asked);
	const { groups, total } = report;
	const head = [
		asked.by,
		...COUNTS.map(([metric]) => metric),
		"changeFailureRate",
		...TIMES.flatMap(([metric]) => [`${metric} median (s)`, `${metric} p90 (s)`]),
	];
	const rows = [...groups, { key: ALL, ...total }].map((one) => [
		one.key,
		...COUNTS.map(([metric]) => one[metric].length),
		one.changes.length === 0 ? null : Number((one.failedChanges.length / one.changes.length).toFixed(4)),
		...TIMES.flatMap(([metric]) => [one[metric].median, one[metric].p90]),
	]);
	return {
		kind: "file",
		name: "draven-report.csv",
		type: "text/csv; charset=utf-8",
		body: csv([head, ...rows, ...(report.isCut ? [[cutWords(report)]] : [])]),
	};
}
