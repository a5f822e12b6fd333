import type { HandFreeze } from "../freeze.ts";
import type { EffectivePolicy } from "../policy.ts";
import { standingFreeze } from "./standing-freeze.ts";
import { windowAt } from "./window-at.ts";

/** More freezes and windows in turn than anybody sets: then nothing is foreseen. */
const MOST_TURNS = 100;

/**
 * From when on neither a freeze nor the windows stop releases, as it can be foreseen: `now` when nothing does; null: not without somebody who
 * changes something.
 */
export function releasesAgain(
	policy: EffectivePolicy | null,
	frozenByHand: readonly HandFreeze[],
	now: Date,
): Date | null {
	let at = now;
	for (let turn = 0; turn < MOST_TURNS; turn++) {
		const held = frozenByHand.filter(({ until }) => until === null || until > at);
		const frozen = standingFreeze(policy, held, at);
		if (frozen !== null) {
			if (frozen.until === null) return null;
			at = frozen.until;
			continue;
		}
		const window = policy === null ? null : windowAt(policy, at);
		if (window === null || window.open) return at;
		if (window.next === null) return null;
		at = window.next;
	}
	return null;
}
