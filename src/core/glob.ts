import picomatch from "picomatch";
import { matchSequence } from "./match-sequence.ts";

const OPTIONS = { dot: true, nonegate: true, noextglob: true } as const;
const MAX_KNOWN = 1_000;
/** Braces and classes are a regular expression, which looks the more often the more of it may match the same: few parts are quick. */
const MAX_PARTS = 5;
const matchers = new Map<string, (value: string) => boolean>();

/** What picomatch would take and what would not mean what it looks like is none: negation, groups, white space, open brackets. */
export function isGlob(text: string): boolean {
	if (text === "" || text.length > 200 || /^!|\[!|[()|\s\\]|\p{Cc}/u.test(text)) return false;
	if (isPlain(text)) return true;
	if ((text.match(/\*+|\{/g) ?? []).length > MAX_PARTS) return false;
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
		const known = matchers.get(glob) ?? matcher(glob);
		if (matchers.size < MAX_KNOWN) matchers.set(glob, known);
		return known(value);
	});
}

/** Names with `*`, `**` and `?` alone. */
function isPlain(glob: string): boolean {
	return !/[[\]{}"]|^\.\//.test(glob);
}

function matcher(glob: string): (value: string) => boolean {
	if (!isPlain(glob)) return picomatch(glob, OPTIONS);
	// `a/**` is `a` too; `a*/**` is not, as everywhere.
	const whole = glob.replace(/(^|\/)\*\*(?:\/\*\*)+(?=\/|$)/g, "$1**").replace(/\*\/\*\*$/, "*/*/**");
	const parts = whole.split("/").map((part) => (part === "**" ? part : [...part]));
	const isStar = (letter: string) => letter === "*";
	const fitsLetter = (letter: string, one: string) => letter === "?" || letter === one;
	const fitsPart = (part: string | readonly string[], name: string) =>
		typeof part !== "string" && matchSequence(part, [...name], isStar, fitsLetter);
	return (value) => matchSequence(parts, value.split("/"), (part) => part === "**", fitsPart);
}
