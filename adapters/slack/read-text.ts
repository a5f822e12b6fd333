import { plainly } from "../../src/core/plainly.ts";

/** `<@U1|name>`, `<#C1|name>`, `<!subteam^S1|@name>`, `<https://…|label>`: what Slack makes of what a person typed. */
const MARKUP = /<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g;

/** What the person meant, out of what Slack sent. */
export function readText(text: string): string {
	return plainly(
		text
			.replace(MARKUP, (_, sign: string, id: string, label: string | undefined) => {
				const name = label === undefined || label === "" ? null : label;
				if (sign === "@") return `@${name ?? id}`;
				if (sign === "#") return `#${name ?? id}`;
				if (sign === "!") return name ?? `@${id.replace(/^subteam\^/, "").split("^")[0]}`;
				return name ?? id.replace(/^(?:mailto|tel):/, "");
			})
			.replace(/&lt;/g, "<")
			.replace(/&gt;/g, ">")
			.replace(/&amp;/g, "&"),
	);
}

/** What was said to the bot, without its mention and without a slash command's name. Others who are mentioned are part of the words. */
export function readMention(text: string, botUser: string): string {
	const words = readText(text.replace(new RegExp(`\\s*<@${botUser}(?:\\|[^<>]*)?>[:,]?\\s*`, "g"), " "));
	return words.replace(/^\/deploy(?:\s+|$)/i, "");
}
