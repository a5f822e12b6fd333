import { VendorError } from "../../src/ports/vendor-error.ts";

/** What an answer says of the provider's rate limit. */
export interface RateSaid {
	/** Calls in a period, and how many of them are left. */
	readonly limit: number;
	readonly left: number;
	/** Milliseconds until the period ends, by the provider's clock. */
	readonly endsIn: number;
}

/**
 * The rate limit of one integration as a budget. In memory alone: it is the provider who counts, over all our processes, and each of
 * its answers says what is left.
 */
export interface RateBudget {
	/**
	 * Before a call: throws VendorError `rate_limited`, and nothing is sent, when the provider wants us to wait, and for a call that can
	 * wait also when little is left: what is left is for starting and stopping runs.
	 */
	ask(canWait: boolean): void;
	/** null: the answer says nothing of a limit. */
	heard(said: RateSaid | null): void;
	/** The provider refused a call for its limit, and wants us to wait so many seconds. */
	refused(seconds: number): void;
}

/** Below this part of a period's calls, what can wait is spread over the rest of the period. */
const LOW = 0.2;
/** This part is never spent on what can wait. */
const KEPT = 0.02;

/** `provider` is its name as people write it; `now` in milliseconds. */
export function rateBudget(provider: string, now: () => number = Date.now): RateBudget {
	let known: { readonly limit: number; readonly left: number; readonly endsAt: number } | null = null;
	let blockedUntil = 0;
	let lastThatCouldWait = Number.NEGATIVE_INFINITY;

	return {
		ask(canWait) {
			const at = now();
			const rest = known === null ? 0 : known.endsAt - at;
			if (at < blockedUntil) throw limited(`${provider}'s rate limit is used up`, blockedUntil - at);
			if (known === null || rest <= 0) return;
			if (known.left === 0) throw limited(`${provider}'s rate limit is used up`, rest);
			if (!canWait || known.left > known.limit * LOW) return;
			const spare = Math.floor(known.left - known.limit * KEPT);
			const next = spare < 1 ? at + rest : lastThatCouldWait + rest / spare;
			if (at < next) throw limited(`${provider}'s rate limit is nearly used up, and this can wait`, next - at);
			lastThatCouldWait = at;
		},
		heard(said) {
			if (said !== null) known = { limit: said.limit, left: said.left, endsAt: now() + said.endsIn };
		},
		refused(seconds) {
			blockedUntil = Math.max(blockedUntil, now() + seconds * 1_000);
		},
	};
}

function limited(why: string, ms: number): VendorError {
	const seconds = Math.ceil(ms / 1_000);
	return new VendorError("rate_limited", `${why}: it is asked again in ${seconds} s.`, { retryAfter: seconds });
}
