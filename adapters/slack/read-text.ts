/** `<@U1|name>`, `<#C1|name>`, `<!subteam^S1|@name>`, `<https://…|label>`: what Slack makes of what a person typed. */
const MARKUP = /<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g;

/** What the person meant, out of what Slack sent. */
export function readText(text: string): string {
	return text
		.replace(MARKUP, (_, sign: string, id: string, label: string | undefined) => {
			const name = label === undefined || label === "" ? null : label;
			if (sign === "@") return `@${name ?? id}`;
			if (sign === "#") return `#${name ?? id}`;
			if (sign === "!") return name ?? `@${id.split("^")[0]}`;
			return name ?? id.replace(/^mailto:/, "");
		})
		.replace(/&lt;/g, "<")
		.replace(/&gt;/g, ">")
		.replace(/&amp;/g, "&")
		.trim();
}

/** What was said to the bot, without its mention. Others who are mentioned are part of the words. */
export function readMention(text: string, botUser: string): string {
	return readText(text.replace(new RegExp(`\\s*<@${botUser}(?:\\|[^<>]*)?>[:,]?\\s*`, "g"), " "));
}
