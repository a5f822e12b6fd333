/** One word of a command; `quoted` words are never flags, prepositions or key=value. */
export interface Token {
	readonly text: string;
	readonly quoted: boolean;
}

const OPEN: Readonly<Record<string, string>> = { '"': '"', "“": "”", "„": "“", "«": "»" };

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
	let closer: string | null = null;
	const push = () => {
		if (begun) tokens.push({ text: quoted ? word : word.replace(/^[—–]+(?=\p{L})/u, "--"), quoted });
		word = "";
		begun = false;
		quoted = false;
	};
	for (const letter of text) {
		if (closer !== null) {
			if (letter === closer || (closer === "”" && letter === "“")) closer = null;
			else word += letter;
		} else if (OPEN[letter] !== undefined && (word === "" || word.endsWith("="))) {
			closer = OPEN[letter];
			quoted ||= word === "";
			begun = true;
		} else if (/\s/u.test(letter)) push();
		else {
			word += letter;
			begun = true;
		}
	}
	if (closer !== null) return null;
	push();
	return tokens;
}
