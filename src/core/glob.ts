import picomatch from "picomatch";

const OPTIONS = { dot: true, nonegate: true, noextglob: true } as const;
const MAX_KNOWN = 1_000;
const matchers = new Map<string, (value: string) => boolean>();

/** What picomatch would take and what would not mean what it looks like is none: negation, groups, white space, open brackets. */
export function isGlob(text: string): boolean {
	if (text === "" || text.length > 200 || /^!|\[!|[()|\s\\]|\p{Cc}/u.test(text)) return false;
	try {
		// `debug` lets a regular expression that does not hold throw; without it, it would match nothing in silence.
		picomatch.makeRe(text, { ...OPTIONS, strictBrackets: true, debug: true });
		return true;
	} catch {
		return false;
	}
}

/** `*` stays within one part of a path, `**` goes over all of them. */
export function matchesAny(globs: readonly string[], value: string): boolean {
	return globs.some((glob) => {
		const known = matchers.get(glob) ?? picomatch(glob, OPTIONS);
		if (matchers.size < MAX_KNOWN) matchers.set(glob, known);
		return known(value);
	});
}
