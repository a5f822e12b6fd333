/** A piece of a line of a log with the classes of its colours and styles. */
export interface Piece {
	readonly text: string;
	readonly classes: readonly string[];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ESCAPES = /\x1b\[([\d;]*)m|\x1b(?:\[[\d;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)|[\x00-\x08\x0b-\x1f\x7f]/g;
const COLOURS = /^(?:3[0-7]|9[0-7])$/;
const STYLES = /^[1-4]$/;

/** Colours and styles as terminals mean them; every other control sequence is left out. Pure. */
export function readAnsi(line: string): Piece[] {
	const pieces: Piece[] = [];
	let colour: string | null = null;
	let styles: readonly string[] = [];
	let from = 0;
	const add = (text: string) => {
		if (text !== "")
			pieces.push({ text, classes: [...(colour === null ? [] : [colour]), ...styles].map((n) => `ansi-${n}`) });
	};
	for (const match of line.matchAll(ESCAPES)) {
		add(line.slice(from, match.index));
		from = match.index + match[0].length;
		if (match[1] === undefined) continue;
		for (const code of match[1].split(";")) {
			if (code === "" || code === "0") [colour, styles] = [null, []];
			else if (code === "39") colour = null;
			else if (COLOURS.test(code)) colour = code;
			else if (STYLES.test(code)) styles = [...new Set([...styles, code])];
		}
	}
	add(line.slice(from));
	return pieces;
}
