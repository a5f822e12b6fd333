/** What is typed by nobody and comes along with what is pasted: it has no width, or turns the direction of text. */
const INVISIBLE = /[\u00AD\u200B\u200E\u200F\u2060\u202A-\u202E\u2066-\u2069\uFEFF]/g;

/** A command that was copied from a message of ours keeps the marks of its code; one that was typed in bold keeps those. */
export function plainly(text: string): string {
	const bare = text
		.replace(INVISIBLE, "")
		.trim()
		.replace(/(`{1,3})([^`]+)\1/g, "$2")
		.trim();
	return /^([*_~])(?=[\p{L}\p{N}])([^*_~]*[\p{L}\p{N}])\1$/u.exec(bare)?.[2] ?? bare;
}
