/** Does so many pieces of work at the same time, the others in the order in which they came. */
export function makeLane(width: number): <T>(work: () => Promise<T>) => Promise<T> {
	const waiting: (() => void)[] = [];
	let busy = 0;
	return async (work) => {
		if (busy >= width) await new Promise<void>((go) => waiting.push(go));
		else busy += 1;
		try {
			return await work();
		} finally {
			// Whoever waits takes the place over.
			const next = waiting.shift();
			if (next === undefined) busy -= 1;
			else next();
		}
	};
}
