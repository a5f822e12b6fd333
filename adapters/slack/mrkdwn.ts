import type { Inline, Rich } from "../../src/ports/chat.ts";

/** Signs that turn the direction of what follows, so that a line reads as what it is not. Right-to-left letters need none of them. */
const TURNING = /[\u202A-\u202E\u2066-\u2069]/g;

/** The three characters that Slack gives a meaning in every text: without them nothing pings and nothing links. */
export function escapeText(text: string): string {
	return text.replace(TURNING, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Letters that look the same and format nothing. */
const PLAIN_TWIN: Readonly<Record<string, string>> = { "*": "∗", _: "ˍ", "~": "∼", "`": "ˋ" };

/** A pair of marks that Slack would take for formatting; a mark that stands alone (`v*`, `snake_case`) is left as it is. */
const PAIR = /(?<![\p{L}\p{N}])([*_~`])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}])/gu;

function neutral(text: string): string {
	let before = "";
	let after = text;
	// A pair inside of another shows only once the outer one is gone.
	while (after !== before) {
		before = after;
		after = before.replace(PAIR, (pair, mark: string, inner: string) => {
			// Of `v*.*.*` only dots could be formatted: it reads better as it was written.
			if (!/[\p{L}\p{N}]/u.test(inner)) return pair;
			const twin = PLAIN_TWIN[mark] ?? mark;
			return `${twin}${inner}${twin}`;
		});
	}
	return after;
}

function oneLine(text: string): string {
	return text.replace(/\s*[\r\n]+\s*/g, " ").trim();
}

function marked(mark: string, text: string): string {
	const inner = oneLine(text).replaceAll(mark, PLAIN_TWIN[mark] ?? "");
	return inner === "" ? "" : `${mark}${escapeText(mark === "`" ? inner : neutral(inner))}${mark}`;
}

function link(url: string, text: string): string {
	const label = escapeText(neutral(oneLine(text))).replaceAll("|", "¦");
	if (!/^(https?:\/\/|mailto:)[^\s]+$/i.test(url) || url.length > 2_000)
		return `${label} (${escapeText(oneLine(url))})`;
	const target = url.replaceAll("&", "&amp;").replaceAll("<", "%3C").replaceAll(">", "%3E").replaceAll("|", "%7C");
	return label === "" ? `<${target}>` : `<${target}|${label}>`;
}

function time(at: Date): string {
	const fallback = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
	return `<!date^${Math.floor(at.getTime() / 1_000)}^{date_short_pretty} {time}|${fallback}>`;
}

/** What Slack knows it shows by its own name; what is nothing of Slack's, or no id, is text. */
function mention({ platform, kind, id, name }: Extract<Inline, { mention: unknown }>["mention"]): string {
	if (platform !== "slack" || !/^[A-Z0-9_]{1,40}$/.test(id)) return escapeText(neutral(oneLine(name)));
	return kind === "group" ? `<!subteam^${id}>` : `<@${id}>`;
}

function inline(part: Inline): string {
	if (typeof part === "string") return escapeText(neutral(part));
	if ("bold" in part) return marked("*", part.bold);
	if ("code" in part) return marked("`", part.code);
	if ("link" in part) return link(part.link, part.text);
	// DRAVEN's own id of a person is none of Slack's: the name it is.
	if ("person" in part) return escapeText(neutral(oneLine(part.person.name)));
	if ("mention" in part) return mention(part.mention);
	return time(part.time);
}

/** Rich text in pieces of at most `limit` characters; no mark-up is ever cut in two. */
export function mrkdwn(rich: Rich, limit: number): string[] {
	const pieces: string[] = [];
	let piece = "";
	const add = (text: string) => {
		if (piece.length + text.length > limit) {
			pieces.push(piece);
			piece = "";
		}
		piece += text;
	};
	for (const part of rich)
		for (const short of shorten(part, limit)) {
			const text = inline(short);
			if (text.length <= limit) add(text);
		}
	pieces.push(piece);
	return pieces.filter((one) => one.trim() !== "");
}

/** Parts that fit by themselves, whatever escaping does to them (`&` becomes five letters). */
function shorten(part: Inline, limit: number): Inline[] {
	const room = Math.floor(limit / 5) - 2;
	if (typeof part === "string") return chunks(part, room);
	if ("bold" in part) return chunks(part.bold, room).map((bold) => ({ bold }));
	if ("code" in part) return chunks(part.code, room).map((code) => ({ code }));
	if ("mention" in part) return [{ mention: { ...part.mention, name: cut(part.mention.name, room) } }];
	if ("person" in part) return [{ person: { ...part.person, name: cut(part.person.name, room) } }];
	if ("link" in part) return [{ link: part.link, text: cut(part.text, Math.min(room, 150)) }];
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

/** Plain text of a field that takes at most `limit` letters after escaping; never empty. */
export function plainText(text: string, limit: number): string {
	const line = oneLine(text);
	let size = limit;
	while (escapeText(cut(line, size)).length > limit) size -= 1;
	return escapeText(cut(line, size)) || "–";
}
