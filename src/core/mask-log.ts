import { type LogView, seen, seenView, unescaped, unescapedView } from "./log-view.ts";
import { pemMarkers, type Span, shapesInLines, shapesInOne } from "./secret-shapes.ts";
import { spellings } from "./secret-spellings.ts";

/** What stands where a secret stood. */
export const MASK = "***";

/** A shorter one is looked for as it is alone: without its quotes and backslashes it may be an ordinary word. */
const SHORTEST_UNESCAPED = 6;
/** The rest of a secret whose beginning was masked at the end of the line before, in an earlier reading: letters and digits mixed. */
const REST = /^(?=[\w.~+/=-]{0,40}[A-Za-z])(?=[\w.~+/=-]{0,40}\d)[\w.~+/=-]{10,4096}/;

/**
 * Takes secrets out of a log: the known ones, also as they stand in URLs, forms, JSON, HTML, shells, hex and base64, and what looks like
 * one. A secret is found wherever lines break in it and whatever control characters stand in between. The lines stay as many as they were.
 * When a secret that is known by its looks alone ends a line, the first word of the next one may be its rest, and goes too. What begins
 * and ends a private key stays: it tells a later reading that it is within one.
 *
 * @param secrets known ones, such as an integration's own token
 * @param before how many of the lines were read earlier, and are masked already
 */
export function maskLog(lines: readonly string[], secrets: readonly string[], before = 0): string[] {
	if (lines.length === 0) return [];
	const text = lines.map((line) => line.replaceAll("\n", "\r")).join("\n");
	const hidden = new Uint8Array(text.length);
	const hide = ({ from, to }: LogView, spans: readonly Span[]) => {
		for (const [first, end] of spans) if (first < end) hidden.fill(1, from[first], to[end - 1]);
	};
	const known = spellings(secrets, seen);
	const one = seenView(text, "");
	hide(one, [...known.flatMap((secret) => literal(one.text, secret)), ...shapesInOne(one.text)]);
	const written = seenView(text, "\n");
	hide(written, shapesInLines(written.text));
	if (known.length > 0) {
		const plain = unescapedView(one);
		const plainly = known.map(unescaped).filter((secret) => secret.length >= SHORTEST_UNESCAPED);
		hide(
			plain,
			plainly.flatMap((secret) => literal(plain.text, secret)),
		);
	}
	if (lines[before - 1]?.endsWith(MASK)) {
		const from = lines.slice(0, before).join("\n").length + 1;
		hidden.fill(1, from, from + (REST.exec(lines[before] ?? "")?.[0].length ?? 0));
	}
	for (const [first, end] of pemMarkers(one.text)) hidden.fill(0, one.from[first], one.to[end - 1]);
	return masked(text, hidden).split("\n");
}

function literal(text: string, secret: string): Span[] {
	const found: Span[] = [];
	for (let n = text.indexOf(secret); n >= 0; n = text.indexOf(secret, n + 1)) found.push([n, n + secret.length]);
	return found;
}

/** Each run of hidden characters becomes one mask; the breaks of lines stay. */
function masked(text: string, hidden: Uint8Array): string {
	if (!hidden.includes(1)) return text;
	const out: string[] = [];
	let inside = false;
	for (let n = 0; n < text.length; n++) {
		const letter = text[n] ?? "";
		const isHidden = letter !== "\n" && hidden[n] === 1;
		if (isHidden && !inside) out.push(MASK);
		else if (!isHidden) out.push(letter);
		inside = isHidden;
	}
	return out.join("");
}
