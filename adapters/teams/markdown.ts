import type { Inline, Rich } from "../../src/ports/chat.ts";

/** What is written between letters that give no formatting: invisible, and enough to part them. */
const NOTHING = "\u200b";

/**
 * What people wrote, so that Adaptive Cards' Markdown formats, links and lists nothing of it. Only what would have an effect is
 * escaped: a back-slash that a client shows as it is would be noise.
 */
export function escapeText(text: string): string {
	return (
		text
			.replace(/\\(?=[!-/:-@[-`{-~])/g, "\\\\")
			.replace(/\*/g, "\\*")
			.replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
			.replace(/~~/g, "\\~\\~")
			.replace(/`/g, "\\`")
			// A link, an image or a definition needs its brackets side by side, an address in angle brackets its opening one.
			.replace(/\](?=\s*[([:]|$)/g, `]${NOTHING}`)
			.replace(/<(?=[a-z][a-z0-9+.-]*:|[^\s<>]+@)/gi, `<${NOTHING}`)
			// A line of these alone would rule the page, or make the line above a heading.
			.replace(/^(\s*)(?=([-=_]) *(?:\2 *)*$)/gm, `$1${NOTHING}`)
			.replace(/^(\s*)([-+>]|#{1,6})(?=\s)/gm, "$1\\$2")
			.replace(/^(\s*\d{1,9})([.)])(?=\s)/gm, "$1\\$2")
			.replace(/\{\{/g, `{${NOTHING}{`)
			.replace(/<(?=\/?at\b)/gi, `<${NOTHING}`)
			.replace(/&(?=#?\w{1,10};)/g, "&amp;")
	);
}

function oneLine(text: string): string {
	return text.replace(/\s*[\r\n]+\s*/g, " ").trim();
}

/** A line ends with two line breaks: one alone is a space in most clients. */
function lines(text: string): string {
	return text.replace(/\r\n?|\n/g, "\n\n");
}

function link(url: string, text: string): string {
	const label = escapeText(oneLine(text)).replace(/(?<!\\)[[\]]/g, "\\$&");
	if (!isLink(url)) return `${label} (${escapeText(oneLine(url))})`;
	const target = new URL(url).href.replace(/[()\\*_~`<>]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
	return `[${label || target}](${target})`;
}

/** Nothing but the web is linked to. */
export function isLink(url: string): boolean {
	return /^https?:\/\/\S+$/i.test(url) && url.length <= 2_000 && URL.canParse(url);
}

function time(at: Date): string {
	const iso = `${at.toISOString().slice(0, 19)}Z`;
	return `{{DATE(${iso},SHORT)}} {{TIME(${iso})}}`;
}

/** A person of the directory who is notified: as it stands in the text and, to the letter, among the entities of the card. */
export function mentionText({ mention }: Extract<Inline, { mention: unknown }>): string | null {
	if (mention.platform !== "teams" || mention.kind !== "user") return null;
	return `<at>${cut(oneLine(mention.name).replace(/[<>&*_~`[\]\\{}]/g, ""), 200)}</at>`;
}

function inline(part: Inline): string {
	if (typeof part === "string") return lines(escapeText(part));
	if ("bold" in part) {
		const inner = escapeText(oneLine(part.bold));
		return inner === "" ? "" : `**${inner}**`;
	}
	// Adaptive Cards have no mark for code.
	if ("code" in part) return escapeText(oneLine(part.code));
	if ("link" in part) return link(part.link, part.text);
	if ("person" in part) return escapeText(oneLine(part.person.name));
	if ("mention" in part) return mentionText(part) ?? escapeText(oneLine(part.mention.name));
	return time(part.time);
}

/** Rich text in pieces of about `limit` letters; no mark-up is ever cut in two. */
export function markdown(rich: Rich, limit: number): string[] {
	const pieces: string[] = [];
	let piece = "";
	for (const part of rich.flatMap((one) => shorten(one, limit))) {
		const text = inline(part);
		if (piece !== "" && piece.length + text.length > limit) {
			// No mark-up goes over the end of a line.
			const line = piece.lastIndexOf("\n\n") + 1 || piece.length;
			pieces.push(piece.slice(0, line));
			piece = piece.slice(line);
		}
		piece += text;
	}
	return [...pieces, piece].map((one) => one.replace(/^\n+|\n+$/g, "")).filter((one) => one.trim() !== "");
}

function shorten(part: Inline, limit: number): Inline[] {
	if (typeof part === "string") return chunks(part, limit);
	if ("bold" in part) return [{ bold: cut(part.bold, limit) }];
	if ("code" in part) return [{ code: cut(part.code, limit) }];
	if ("mention" in part) return [{ mention: { ...part.mention, name: cut(part.mention.name, 200) } }];
	if ("person" in part) return [{ person: { ...part.person, name: cut(part.person.name, 200) } }];
	if ("link" in part) return [{ link: part.link, text: cut(part.text, 200) }];
	return [part];
}

/** Pieces of at most `size` letters, at the end of a line where there is one; no letter is cut in two. */
export function chunks(text: string, size: number): string[] {
	const list: string[] = [];
	let rest = text;
	while (rest.length > size) {
		const line = rest.lastIndexOf("\n", size);
		let at = line > size / 2 ? line + 1 : size;
		if (/[\uD800-\uDBFF]/.test(rest.charAt(at - 1))) at -= 1;
		list.push(rest.slice(0, at));
		rest = rest.slice(at);
	}
	list.push(rest);
	return list;
}

/** At most `size` letters; what is cut off shows as an ellipsis. */
export function cut(text: string, size: number): string {
	return text.length <= size ? text : `${chunks(text, size - 1)[0] ?? ""}…`;
}
