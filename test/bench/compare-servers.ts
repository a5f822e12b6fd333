import { load, type MakeRequest } from "./http-load.ts";
import type { ServerKind } from "./http-server.ts";
import { startServers } from "./http-servers.ts";
import { interleave, median, medianRatio, percentile } from "./measure.ts";
import { type Figure, milliseconds, perSecond } from "./report.ts";
import { CONCURRENCY, openSetting, query } from "./setting.ts";

const ROUNDS = 5;
const MS = 2_000;

export interface Comparison {
	readonly part: string;
	readonly what: string;
	/** Percent of the other's rate. */
	readonly goal: number;
	readonly floor: number;
	/** The other server, which stores nothing. */
	readonly kind: Exclude<ServerKind, "ours">;
	readonly name: string;
	readonly make: MakeRequest;
}

/** Our server, which stores before it answers, against another one; the same requests over real HTTP. */
export async function compareServers(server: string, comparison: Comparison): Promise<Figure[]> {
	const { part, what, goal, floor, kind, name, make } = comparison;
	const setting = await openSetting(server, `bench_${part}`);
	const servers = await startServers(["ours", kind], setting.url);
	try {
		const [ours = [], theirs = []] = await interleave(ROUNDS, [
			async () => {
				await query(setting.url, "TRUNCATE job");
				return load(servers.ports.ours, CONCURRENCY, MS, make);
			},
			() => load(servers.ports[kind], CONCURRENCY, MS, make),
		]);
		const [rates, others] = [ours.map((one) => one.perSecond), theirs.map((one) => one.perSecond)];
		const p99 = median(ours.map((one) => percentile(one.latencies, 0.99)));
		return [
			{
				...{ part, what, value: 100 * medianRatio(rates, others), unit: "%" },
				goal: { at: "least", value: goal, floor },
				behind: `${perSecond(median(rates))} (p99 ${milliseconds(p99)}) to ${perSecond(median(others))} by ${name}, which stores nothing`,
			},
		];
	} finally {
		await servers.stop();
		await setting.close();
	}
}
