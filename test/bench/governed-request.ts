import { writeRequest } from "../../src/use-cases/write-request.ts";
import { drive, interleave, median, medianRatio, percentile } from "./measure.ts";
import { ordinaryRequests } from "./ordinary-request.ts";
import { hasPgbench, pgbench } from "./pgbench.ts";
import { type Figure, milliseconds, perSecond } from "./report.ts";
import { CONCURRENCY, openSetting, query, type Setting } from "./setting.ts";

const PART = "request";
const ROUNDS = 5;
const MS = 2_000;

/** One governed request, as the product commits it; the id of its run. */
export async function governedRequest({ deps, judged, ask }: Setting): Promise<string> {
	const run = await deps.db.transaction((tx) => writeRequest(deps, tx, ask(), judged));
	if (run === null) throw new Error("the request was not written");
	return run.id;
}

/**
 * The hot path against the same effects by bare `pg`, and by pgbench where there is one. pgbench makes no JSON, no ids and no hashes: on
 * a machine that others use too, it says more of the machine than of us, so its floor is low.
 */
export async function benchGovernedRequest(server: string): Promise<Figure[]> {
	const setting = await openSetting(server, "bench_request");
	const ordinary = ordinaryRequests(setting);
	try {
		const round = (work: () => Promise<unknown>) => async () => {
			await tidy(setting.url);
			return drive(CONCURRENCY, MS, work);
		};
		const sides = [round(() => governedRequest(setting)), round(ordinary.request)];
		if (await hasPgbench())
			sides.push(async () => {
				await tidy(setting.url);
				return { perSecond: await pgbench(setting, MS / 1_000), latencies: [] };
			});
		const [ours = [], theirs = [], bench = []] = await interleave(ROUNDS, sides);
		const rates = [ours, theirs, bench].map((rounds) => rounds.map((one) => one.perSecond));
		const p99 = median(ours.map((one) => percentile(one.latencies, 0.99)));
		const behind = (name: string, index: number) =>
			`${perSecond(median(rates[0] ?? []))} (p99 ${milliseconds(p99)}) to ${perSecond(median(rates[index] ?? []))} by ${name}`;
		const figure = (what: string, index: number, name: string, floor: number): Figure => ({
			...{ part: PART, what, value: 100 * medianRatio(rates[0] ?? [], rates[index] ?? []), unit: "%" },
			...{ goal: { at: "least", value: 100, floor }, behind: behind(name, index) },
		});
		return [
			figure("governed request, of bare pg", 1, "bare pg", 85),
			...(bench.length === 0 ? [] : [figure("governed request, of pgbench", 2, "pgbench", 50)]),
		];
	} finally {
		await ordinary.close();
		await setting.close();
	}
}

/** What was asked for in the last round waits no more: a team has a handful of waiting runs, not thousands. */
async function tidy(url: string): Promise<void> {
	await query(
		url,
		"UPDATE run SET state = 'superseded', deadline = NULL, finished_at = now() WHERE finished_at IS NULL",
	);
	await query(url, "UPDATE job SET done_at = now() WHERE done_at IS NULL");
	await query(url, "VACUUM run, job, chain_head");
	await query(url, "CHECKPOINT");
}
