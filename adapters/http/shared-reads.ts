export interface SharedReads<T> {
	/** `fresh`: not from what was read before. Readers at the same moment share one call; a failure is told to all and kept by none. */
	read(key: string, fresh: boolean): Promise<T>;
	/** Null: all. A call that is under way when something is forgotten is not kept either. */
	forget(key: string | null): void;
}

const MAX_KEPT = 5_000;

/** Reads with a short memory. */
export function sharedReads<T>(load: (key: string) => Promise<T>, ttlMs: number, now: () => number): SharedReads<T> {
	const kept = new Map<string, { readonly at: number; readonly value: T }>();
	const underWay = new Map<string, Promise<T>>();

	async function loadAndKeep(key: string): Promise<T> {
		// The age counts from the question: what changed since may be missing in the answer.
		const at = now();
		const call = load(key);
		underWay.set(key, call);
		try {
			const value = await call;
			if (underWay.get(key) === call) {
				if (kept.size >= MAX_KEPT) kept.clear();
				kept.set(key, { at, value });
			}
			return value;
		} finally {
			if (underWay.get(key) === call) underWay.delete(key);
		}
	}

	return {
		async read(key, fresh) {
			const known = kept.get(key);
			if (!fresh && known !== undefined && now() - known.at < ttlMs) return known.value;
			kept.delete(key);
			return underWay.get(key) ?? loadAndKeep(key);
		},
		forget(key) {
			if (key === null) {
				kept.clear();
				underWay.clear();
				return;
			}
			kept.delete(key);
			underWay.delete(key);
		},
	};
}
