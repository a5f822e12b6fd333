import { listRuns } from "../../store/runs.ts";
import { missing } from "./board.tsx";
import { spoken } from "./duration.ts";
import type { PageCall, PageReply } from "./page.tsx";
import { ALL, askedIn, COUNTS, LABELS, queryOf, readAsked, TIMES } from "./report-asked.ts";
import { RunsTable } from "./runs.tsx";

/** Runs behind a figure, at once. */
const PAGE = 50;

/** What a figure counts, run by run. */
export async function runsBehind(call: PageCall): Promise<PageReply> {
	const asked = askedIn(call);
	const report = await readAsked(call, asked);
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
