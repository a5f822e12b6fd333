const MB = 1_024 * 1_024;
/** Larger bodies have a place of their own, so that they cannot take that of the ordinary ones. */
export const LARGE_BODY = MB;
const PLACES = { small: 16 * MB, large: 48 * MB };
/** What one address may hold of a place. Behind a proxy all come from one: most of it has to be theirs. */
const SHARE = 3 / 4;

/** What bodies hold in memory at the same time, over all requests: nobody has shown a signature before the whole body is there. */
export interface BodyBudget {
	/** What one request holds. */
	open(address: string, isLarge: boolean): Held;
}

export interface Held {
	/** False: that would be too much, and nothing was taken. */
	take(bytes: number): boolean;
	/** Gives all of it back. */
	give(): void;
}

export function bodyBudget(): BodyBudget {
	const places = { small: place(PLACES.small), large: place(PLACES.large) };
	return {
		open(address, isLarge) {
			let at = isLarge ? places.large : places.small;
			let size = 0;
			return {
				take(bytes) {
					// One that did not say how large it is, and turns out to be.
					if (at === places.small && size + bytes > LARGE_BODY) {
						if (!places.large.take(address, size)) return false;
						at.give(address, size);
						at = places.large;
					}
					if (!at.take(address, bytes)) return false;
					size += bytes;
					return true;
				},
				give() {
					at.give(address, size);
					size = 0;
				},
			};
		},
	};
}

function place(limit: number) {
	let all = 0;
	const byAddress = new Map<string, number>();
	return {
		take(address: string, bytes: number): boolean {
			const own = byAddress.get(address) ?? 0;
			if (all + bytes > limit || own + bytes > limit * SHARE) return false;
			all += bytes;
			byAddress.set(address, own + bytes);
			return true;
		},
		give(address: string, bytes: number): void {
			if (bytes === 0) return;
			all -= bytes;
			const own = (byAddress.get(address) ?? 0) - bytes;
			if (own > 0) byAddress.set(address, own);
			else byAddress.delete(address);
		},
	};
}
