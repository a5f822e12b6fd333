/** What bodies hold in memory at the same time, over all requests. */
export interface BytesInFlight {
	/** False: that would be too much, and nothing was taken. */
	take(bytes: number): boolean;
	give(bytes: number): void;
}

export function bytesInFlight(limit: number): BytesInFlight {
	let held = 0;
	return {
		take(bytes) {
			if (held + bytes > limit) return false;
			held += bytes;
			return true;
		},
		give(bytes) {
			held -= bytes;
		},
	};
}
