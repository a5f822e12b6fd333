import { type Durations, type Figures, PERIODS, weekOf } from "../../core/delivery-report.ts";
import { knownNames } from "../../use-cases/catalog.ts";
import type { ReportRead } from "../../use-cases/read-report.ts";
import { spoken } from "./duration.ts";
import type { PageCall, PageReply, PageRoute } from "./page.tsx";
import {
	ALL,
	type Asked,
	askedIn,
	COUNTS,
	cutWords,
	GROUPINGS,
	type Metric,
	queryOf,
	readAsked,
	TIMES,
	unreadIn,
	WEEKS,
} from "./report-asked.ts";
import { reportCsv } from "./report-csv.ts";
import { runsBehind } from "./report-runs.tsx";
import { Choice } from "./runs.tsx";
import { refuseUnread } from "./unread.tsx";

const WEEK = 7 * 86_400_000;

export const reportPages: readonly PageRoute[] = [
	{ method: "GET", path: "/reports", handle: understood(reports) },
	{ method: "GET", path: "/reports/runs", handle: understood(runsBehind) },
	{ method: "GET", path: "/reports.csv", handle: understood(reportCsv) },
];

/** All of it is refused where a part is not understood: figures of something else would be taken for those. */
function understood(handle: PageRoute["handle"]): PageRoute["handle"] {
	return async (call) => {
		const unread = unreadIn(call);
		return unread.length > 0 ? refuseUnread(unread, "reports", "/reports") : handle(call);
	};
}

async function reports(call: PageCall): Promise<PageReply> {
	const asked = askedIn(call);
	const report = await readAsked(call, asked);
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
