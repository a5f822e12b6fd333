/** Without a measure, clocks are taken to be as far apart as this at most; what says more than an hour is no measure. */
const SKEW_MS = 60_000;
const BELIEVED_MS = 3_600_000;
/** Times come in whole seconds, and replicas have clocks of their own. */
const TOLERANCE_MS = 5_000;

export interface ProviderClock {
	/** The Date header of an answer that has just come. */
	readonly heard: (date: string | number | null | undefined) => void;
	/** What the provider's clock showed at this time of ours, at the earliest: nothing that began after it has an older date there. */
	readonly at: (ours: Date) => number;
}

/** How far the provider's clock is from ours: what began there is not to be taken for something that began before. */
export function providerClock(now: () => number): ProviderClock {
	let ahead: number | null = null;
	return {
		heard: (date) => {
			const said = typeof date === "string" ? Date.parse(date) - now() : Number.NaN;
			// An answer takes its time: it is never ahead of what it says.
			if (Math.abs(said) <= BELIEVED_MS) ahead = Math.max(ahead ?? said, said);
		},
		at: (ours) => ours.getTime() + (ahead === null ? -SKEW_MS : ahead - TOLERANCE_MS),
	};
}
