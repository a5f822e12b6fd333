/** A text as it is read, and where each of its characters stands in what was written. */
export interface LogView {
	readonly text: string;
	readonly from: Int32Array;
	readonly to: Int32Array;
}

/** Terminal control sequences, with what they carry. */
const ANSI = "\\u001b\\[[0-?]*[ -/]*[@-~]|\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)|\\u001b[ -/]*[0-~]";
/** What a reader does not see, and what may stand between two halves of a secret. */
const UNSEEN = new RegExp(`${ANSI}|[\\p{Cc}\\p{Cf}]+`, "gu");

export function seen(text: string): string {
	return text.replace(UNSEEN, "");
}

/** Without what is not seen. */
export function seenView(written: string, lineBreak: "\n" | ""): LogView {
	const from = new Int32Array(written.length).map((_, n) => n);
	return view({ text: written, from, to: from.map((n) => n + 1) }, UNSEEN, ([unseen]) =>
		unseen.includes("\n") ? lineBreak : "",
	);
}

/** Left of the text: what matches becomes what `replace` gives, one character or a few for all of it. */
function view(of: LogView, pattern: RegExp, replace: (match: RegExpExecArray) => string): LogView {
	const from = new Int32Array(of.text.length);
	const to = new Int32Array(of.text.length);
	const parts: string[] = [];
	let size = 0;
	let next = 0;
	const take = (end: number) => {
		parts.push(of.text.slice(next, end));
		from.set(of.from.subarray(next, end), size);
		to.set(of.to.subarray(next, end), size);
		size += end - next;
	};
	for (const match of of.text.matchAll(pattern)) {
		take(match.index);
		next = match.index + match[0].length;
		// Never longer than what it stands for.
		const text = replace(match).slice(0, match[0].length);
		parts.push(text);
		from.fill(of.from[match.index] ?? 0, size, size + text.length);
		to.fill(of.to[next - 1] ?? 0, size, size + text.length);
		size += text.length;
	}
	take(of.text.length);
	return { text: parts.join(""), from: from.subarray(0, size), to: to.subarray(0, size) };
}

const ESCAPED =
	/\\+u([0-9a-f]{4})|\\+x([0-9a-f]{2})|\\+[nrtbf]|[\\"'\p{Cc}\p{Cf}]+|((?:%[0-9a-f]{2}){1,64})|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos|nbsp);|\+/giu;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", nbsp: " " };
/** How often it may have been escaped. */
const TIMES = 4;

/**
 * With escapes undone as URLs, forms, JSON, HTML and shells have them, and without quotes and backslashes, which all of these treat in their own
 * ways: a text in it is to be looked for as `unescaped` makes it.
 */
export function unescapedView(of: LogView): LogView {
	let now = of;
	for (let time = 0; time < TIMES && now.text.search(ESCAPED) >= 0; time++) now = view(now, ESCAPED, plainly);
	return now;
}

export function unescaped(text: string): string {
	return unescapedView(seenView(text, "")).text;
}

function plainly([match, unit, byte, percent, hex, decimal, name]: RegExpExecArray): string {
	if (match === "+") return " ";
	if (name !== undefined) return NAMED[name.toLowerCase()] ?? "";
	if (percent !== undefined) return fromBytes(percent);
	const code = unit ?? byte ?? hex;
	if (code !== undefined) return fromCode(Number.parseInt(code, 16));
	return decimal === undefined ? "" : fromCode(Number(decimal));
}

/** A quote or backslash is taken out the next time. */
function fromCode(code: number): string {
	return code > 0x10ffff ? "" : String.fromCodePoint(code);
}

function fromBytes(percent: string): string {
	return new TextDecoder().decode(Uint8Array.from(percent.slice(1).split("%"), (byte) => Number.parseInt(byte, 16)));
}
