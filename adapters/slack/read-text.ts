/** `<@U1|name>`, `<#C1|name>`, `<!subteam^S1|@name>`, `<https://…|label>`: what Slack makes of what a person typed. */
const MARKUP = /<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g;

/** What is typed by nobody and comes along with what is pasted: it has no width, or turns the direction of text. */
const INVISIBLE = /[\u00AD\u200B\u200E\u200F\u2060\u202A-\u202E\u2066-\u2069\uFEFF]/g;

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
			.replace(/&amp;/g, "&")
			.replace(INVISIBLE, "")
			.trim(),
	);
}

/** A command that was copied from a message of ours keeps the marks of its code; one that was typed in bold keeps those. */
function plainly(text: string): string {
	const bare = text.replace(/(`{1,3})([^`]+)\1/g, "$2").trim();
	return /^([*_~])(?=[\p{L}\p{N}])([^*_~]*[\p{L}\p{N}])\1$/u.exec(bare)?.[2] ?? bare;
}

/** What was said to the bot, without its mention and without a slash command's name. Others who are mentioned are part of the words. */
export function readMention(text: string, botUser: string): string {
	const words = readText(text.replace(new RegExp(`\\s*<@${botUser}(?:\\|[^<>]*)?>[:,]?\\s*`, "g"), " "));
	return words.replace(/^\/deploy(?:\s+|$)/i, "");
}
