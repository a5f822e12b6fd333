/** What stands where a secret stood. */
export const MASK = "***";

/** A shorter one would blot out ordinary words, and is none. */
const SHORTEST = 6;
/** Lines of a secret of several lines that are secrets by themselves: `}` and the like are not. */
const SHORTEST_LINE = 16;

/** Terminal control sequences, with what they carry. */
const ANSI = "\\u001b\\[[0-?]*[ -/]*[@-~]|\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)|\\u001b[ -/]*[0-~]";
/** What a reader does not see, and what may stand between two halves of a secret. */
const UNSEEN = new RegExp(`${ANSI}|[\\p{Cc}\\p{Cf}]+`, "gu");

/** Secrets that are known by their looks. The quantifiers are bounded: a long line takes no longer than it is. */
const SHAPES: readonly RegExp[] = [
	/xox[a-z](?:\.xox[a-z])?-[\w-]{8,255}/g,
	/xapp-[\w-]{8,255}/g,
	/drv_[\w-]{20,255}/g,
	/(?:gh[pousr]_|github_pat_)\w{16,255}/g,
	/gl(?:pat|dt|rt|cbt|ptt|ft|soat|ffct|imt|agent)-[\w.-]{16,255}/g,
	/AT(?:BB|ATT|CTT)[\w=+/-]{16,255}/g,
	/whsec_[\w+/=-]{8,255}/g,
	/(?:AKIA|ASIA)[A-Z0-9]{16}/g,
	/(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{1,2048}/g,
	/(?<=(?:Bearer|Basic) )[\w.~+/=-]{8,4096}/gi,
	/(?<=:\/\/)[^\s/"@:]{0,255}:[^\s/"@]{1,255}(?=@)/g,
	/hooks\.slack\.com\/[\w/-]{8,255}/g,
	/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----BEGIN ).){0,16384}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g,
];

/**
 * Takes secrets out of a log: the known ones, also as they stand in URLs, JSON and base64, and what looks like one. A secret is found
 * wherever lines break in it and whatever control characters stand in between. The lines stay as many as they were. When a secret that is
 * known by its looks alone ends a line, the first word of the next one may be its rest, and goes too.
 *
 * @param secrets known ones, such as an integration's own token
 */
export function maskLog(lines: readonly string[], secrets: readonly string[]): string[] {
	if (lines.length === 0) return [];
	const text = lines.map((line) => line.replaceAll("\n", "\r")).join("\n");
	const hidden = new Uint8Array(text.length);
	const known = spellings(secrets);
	// Twice: as it is read, and with the breaks of lines taken out.
	for (const { plain, at } of [without(text, "\n"), without(text, "")]) {
		for (const [from, to] of [
			...known.flatMap((secret) => literal(plain, secret)),
			...SHAPES.flatMap((shape) => shaped(plain, shape)),
		])
			for (let n = from; n < to; n++) hidden[at[n] ?? 0] = 1;
	}
	return masked(text, hidden).split("\n");
}

/** The text without what is not seen; `at`: where each of its characters stood. */
function without(text: string, lineBreak: "\n" | ""): { readonly plain: string; readonly at: readonly number[] } {
	const at: number[] = [];
	let plain = "";
	let from = 0;
	const take = (to: number) => {
		for (let n = from; n < to; n++) at.push(n);
		plain += text.slice(from, to);
	};
	for (const match of text.matchAll(UNSEEN)) {
		take(match.index);
		from = match.index + match[0].length;
		const breaks = lineBreak === "" ? -1 : match[0].indexOf("\n");
		if (breaks >= 0) {
			plain += "\n";
			at.push(match.index + breaks);
		}
	}
	take(text.length);
	return { plain, at };
}

function spellings(secrets: readonly string[]): string[] {
	const written = secrets.flatMap((secret) => [
		secret,
		encodeURIComponent(wellFormed(secret)),
		JSON.stringify(secret).slice(1, -1),
		base64(secret),
	]);
	const whole = written.map((one) => one.replace(UNSEEN, "")).filter((one) => one.length >= SHORTEST);
	const parts = secrets
		.flatMap((secret) => secret.split(/\r?\n/))
		.map((line) => line.replace(UNSEEN, ""))
		.filter((line) => line.length >= SHORTEST_LINE);
	return [...new Set([...whole, ...parts])];
}

function wellFormed(text: string): string {
	return text.replace(/\p{Cs}/gu, "�");
}

function base64(text: string): string {
	const bytes = new TextEncoder().encode(text);
	return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replace(/=+$/, "");
}

function literal(plain: string, secret: string): (readonly [from: number, to: number])[] {
	const found: (readonly [number, number])[] = [];
	for (let n = plain.indexOf(secret); n >= 0; n = plain.indexOf(secret, n + 1)) found.push([n, n + secret.length]);
	return found;
}

function shaped(plain: string, shape: RegExp): (readonly [from: number, to: number])[] {
	return [...plain.matchAll(shape)].map((match) => [match.index, match.index + match[0].length]);
}

/** Each run of hidden characters becomes one mask; what was not seen within it goes too, the breaks of lines stay. */
function masked(text: string, hidden: Uint8Array): string {
	if (!hidden.includes(1)) return text;
	let out = "";
	let inside = false;
	for (let n = 0; n < text.length; n++) {
		const letter = text[n] ?? "";
		if (letter === "\n") {
			out += letter;
			inside = false;
		} else if (hidden[n] === 1) {
			if (!inside) out += MASK;
			inside = true;
		} else {
			out += letter;
			inside = false;
		}
	}
	return out;
}
