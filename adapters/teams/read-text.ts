import { plainly } from "../../src/core/plainly.ts";
import type { Activity } from "./activity.ts";

const ENTITIES: Readonly<Record<string, string>> = { nbsp: " ", lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

export function mentionsUs(activity: Activity): boolean {
	return mentionsOfUs(activity).length > 0;
}

function mentionsOfUs({ entities, recipient }: Activity) {
	return (entities ?? []).filter(({ type, mentioned }) => type === "mention" && mentioned?.id === recipient?.id);
}

/** What the person meant: without our own mention, without the mark-up that Teams makes of what was typed. */
export function readText(activity: Activity): string {
	let text = activity.text ?? "";
	for (const entity of mentionsOfUs(activity)) if (entity.text) text = text.replaceAll(entity.text, " ");
	const words = unmarked(text.replace(/<at[^<>]*>([^<]*)<\/at>/g, "@$1").replace(/<br\s*\/?>|<\/(?:p|div)>/gi, "\n"));
	// Out of habit, or copied from Slack.
	return plainly(words.replace(/\u00a0/g, " ")).replace(/^\/deploy(?:\s+|$)/i, "");
}

/** Teams says `&nbsp;` and `&lt;` where people typed a space and a `<`; `&amp;` last, so that nothing is read twice. */
function unmarked(text: string): string {
	return text
		.replace(/<\/?(?:p|div|span|strong|em|b|i|u|s|code|pre)(?:\s[^<>]*)?>/gi, "")
		.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(nbsp|lt|gt|quot|apos|amp));/gi, (whole, decimal, hex, name) => {
			if (typeof name === "string") return ENTITIES[name.toLowerCase()] ?? whole;
			const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(hex, 16);
			return code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : " ";
		});
}
