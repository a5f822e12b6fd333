/** One word of a command; `quoted` words are never flags, prepositions or key=value. */
export interface Token {
	readonly text: string;
	readonly quoted: boolean;
}

/** What opens a quotation on some keyboard -> what closes it. */
const CLOSERS: Readonly<Record<string, string>> = {
	'"': '"',
	"＂": "＂",
	"“": "”“",
	"„": "“”",
	"”": "”",
	"«": "»",
	"»": "«",
	"'": "'",
	"‘": "’",
	"‚": "‘’",
};

/**
 * Splits a command into words. Quotes of every keyboard hold words together, also within one (`reason="two words"`). Phones turn
 * `--` into a dash and quotes into curly ones; both are taken for what was meant.
 *
 * @returns null when a quote is not closed
 */
export function tokenize(text: string): readonly Token[] | null {
	const tokens: Token[] = [];
	let word = "";
	let begun = false;
	let quoted = false;
	const push = () => {
		if (begun) tokens.push({ text: quoted ? word : word.replace(/^(?!-\p{L})[-‐‑‒–—―−]+(?=\p{L})/u, "--"), quoted });
		word = "";
		begun = false;
		quoted = false;
	};
	for (let at = 0; at < text.length; at++) {
		const letter = text.charAt(at);
		const closers = word === "" || word.endsWith("=") ? CLOSERS[letter] : undefined;
		const end = closers === undefined ? null : closing(text, at, closers);
		if (end === undefined) return null;
		if (end !== null) {
			quoted ||= word === "";
			begun = true;
			word += text.slice(at + 1, end);
			at = end;
		} else if (/\s/u.test(letter)) push();
		else {
			word += letter;
			begun = true;
		}
	}
	push();
	return tokens;
}

/** Where the quotation that opens at `from` ends; null: it is none (an apostrophe); undefined: it is not closed. */
function closing(text: string, from: number, closers: string): number | null | undefined {
	const single = /['’]/.test(closers);
	for (let at = from + 1; at < text.length; at++) {
		if (!closers.includes(text.charAt(at))) continue;
		// `'don't touch'`: what stands within a word closes nothing.
		if (!single || at + 1 === text.length || /\s/u.test(text.charAt(at + 1))) return at;
	}
	return single ? null : undefined;
}

/** Quotes a text so that it is read back as one word. */
export function quote(text: string): string {
	for (const [open, close] of ['""', "“”", "«»"])
		if (open !== undefined && close !== undefined && !text.includes(open) && !text.includes(close))
			return `${open}${text}${close}`;
	return `"${text.replaceAll('"', "'")}"`;
}

/** A word as it has to be written to be read back the same. */
export function writeToken({ text, quoted }: Token): string {
	if (quoted) return quote(text);
	const at = text.indexOf("=") + 1;
	return at > 0 && /[\s"＂“”„«»'‘’‚]/u.test(text.slice(at)) ? `${text.slice(0, at)}${quote(text.slice(at))}` : text;
}
