/** What came of driving something for a while. */
export interface Drive {
	readonly perSecond: number;
	/** Milliseconds, sorted. */
	readonly latencies: readonly number[];
}

/** Does `work` over and over, `concurrency` at a time, for `ms`. */
export async function drive(concurrency: number, ms: number, work: () => Promise<unknown>): Promise<Drive> {
	const latencies: number[] = [];
	const began = performance.now();
	const until = began + ms;
	await Promise.all(
		Array.from({ length: concurrency }, async () => {
			for (let at = performance.now(); at < until; ) {
				await work();
				const now = performance.now();
				latencies.push(now - at);
				at = now;
			}
		}),
	);
	const seconds = (performance.now() - began) / 1_000;
	return { perSecond: latencies.length / seconds, latencies: latencies.sort((a, b) => a - b) };
}

/** `share` 0.99 is the 99th percentile. Of sorted values. */
export function percentile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
	return percentile(
		[...values].sort((a, b) => a - b),
		0.5,
	);
}

/**
 * Rounds of each side in turn, a first one not counted: what else the machine does falls on all of them alike. The order turns
 * round each time, so that none always comes after the same one.
 */
export async function interleave<T>(rounds: number, sides: readonly (() => Promise<T>)[]): Promise<T[][]> {
	const results: T[][] = sides.map(() => []);
	for (let round = 0; round <= rounds; round++) {
		const order = [...sides.keys()];
		if (round % 2 === 1) order.reverse();
		for (const index of order) {
			const result = await sides[index]?.();
			if (round > 0 && result !== undefined) results[index]?.push(result);
		}
	}
	return results;
}

/** The median of the rounds' own ratios, so that a slow moment that fell on both sides of one round does not count. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
	return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}
