import { csv } from "./csv.ts";
import type { PageCall, PageReply } from "./page.tsx";
import { ALL, askedIn, COUNTS, cutWords, readAsked, TIMES } from "./report-asked.ts";

export async function reportCsv(call: PageCall): Promise<PageReply> {
	const asked = askedIn(call);
	const report = await readAsked(call, asked);
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
