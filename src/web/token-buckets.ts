/** How somebody stands after a request. */
export interface Standing {
	/** False: it was one too many. */
	readonly ok: boolean;
	readonly limit: number;
	/** Requests that would be taken right now. */
	readonly left: number;
	/** Seconds: until all are there again, or, when none is, until the next one. */
	readonly reset: number;
}

export interface Buckets {
	/** Takes one out of the caller's bucket. */
	take(who: string): Standing;
	/** True: there is none to be had. */
	isEmpty(who: string): boolean;
	/** Whether the caller was heard of not too long ago. */
	knows(who: string): boolean;
}

const MINUTE_MS = 60_000;
/** More callers than that are not remembered: those who were heard of longest ago begin anew. */
const MOST = 20_000;

/** A bucket each that holds a minute's requests and fills up evenly. In this process alone: it guards its own work. */
export function tokenBuckets(perMinute: number, now: () => Date): Buckets {
	const buckets = new Map<string, { left: number; at: number }>();

	function filled(who: string): { left: number; at: number } {
		const at = now().getTime();
		const known = buckets.get(who);
		if (known === undefined) return { left: perMinute, at };
		// A clock that was set back takes nothing away.
		const grown = (Math.max(0, at - known.at) * perMinute) / MINUTE_MS;
		return { left: Math.min(perMinute, known.left + grown), at };
	}

	return {
		take(who) {
			const { left, at } = filled(who);
			const ok = left >= 1;
			const after = ok ? left - 1 : left;
			buckets.delete(who);
			buckets.set(who, { left: after, at });
			const [oldest] = buckets.keys();
			if (buckets.size > MOST && oldest !== undefined) buckets.delete(oldest);
			const missing = ok ? perMinute - after : 1 - after;
			return {
				...{ ok, limit: perMinute, left: Math.floor(after) },
				reset: Math.max(1, Math.ceil((missing * MINUTE_MS) / perMinute / 1_000)),
			};
		},
		isEmpty: (who) => filled(who).left < 1,
		knows: (who) => buckets.has(who),
	};
}
