/**
 * Whether a pattern covers all of a sequence, where a star stands for any number of things and everything else for one that fits. At most
 * one look per pair of the two: after a dead end only the last star takes one more, which is enough.
 */
export function matchSequence<P, V>(
	pattern: readonly P[],
	values: readonly V[],
	isStar: (part: P) => boolean,
	fits: (part: P, value: V) => boolean,
): boolean {
	let at = 0;
	let part = 0;
	let star = -1;
	let taken = 0;
	while (at < values.length) {
		const next = pattern[part];
		if (next !== undefined && isStar(next)) {
			star = part++;
			taken = at;
		} else if (next !== undefined && fits(next, values[at] as V)) {
			part += 1;
			at += 1;
		} else if (star >= 0) {
			part = star + 1;
			taken += 1;
			at = taken;
		} else return false;
	}
	return pattern.slice(part).every(isStar);
}
