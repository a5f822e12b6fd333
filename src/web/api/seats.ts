/** Places of those who keep a connection open: so many in this process, and so many for one caller. */
export interface Seats {
	/** Taken until `gone`. False: there is none. */
	take(caller: string, gone: AbortSignal): boolean;
}

export function makeSeats(total: number, each: number): Seats {
	const taken = new Map<string, number>();
	let all = 0;
	return {
		take(caller, gone) {
			const own = taken.get(caller) ?? 0;
			if (gone.aborted || all >= total || own >= each) return false;
			all += 1;
			taken.set(caller, own + 1);
			gone.addEventListener("abort", () => {
				all -= 1;
				const left = (taken.get(caller) ?? 1) - 1;
				if (left === 0) taken.delete(caller);
				else taken.set(caller, left);
			});
			return true;
		},
	};
}
