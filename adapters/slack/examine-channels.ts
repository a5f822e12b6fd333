import { type Finding, fine, warning, wrong } from "../../src/ports/checkup.ts";
import { slackCode, type WebClient } from "./api.ts";
import { slackError } from "./slack-error.ts";

/** What `draven doctor` says of the channels that environments have: each is known, open, and the bot is in it. */
export async function examineChannels(api: WebClient, channels: readonly string[]): Promise<Finding[]> {
	const findings: Finding[] = [];
	// One after the other: Slack lets us ask for about fifty in a minute.
	for (const channel of new Set(channels)) {
		const finding = await examineChannel(api, channel);
		if (finding === null) break;
		findings.push(finding);
	}
	return findings;
}

/** Null: the token or a scope is not right, which is a finding of its own. */
async function examineChannel(api: WebClient, id: string): Promise<Finding | null> {
	const check = `Slack channel ${id}`;
	try {
		const { channel } = await api.conversations.info({ channel: id });
		const name = channel?.name === undefined ? "it" : `#${channel.name}`;
		if (channel?.is_archived === true)
			return wrong(check, `${name} is archived`, "Restore it, or give its environments another channel.");
		return channel?.is_member === true
			? fine(check, `the bot is in ${name}`)
			: warning(
					check,
					`the bot is not in ${name}: without the scope chat:write.public nothing arrives there`,
					"Invite it there: /invite @DRAVEN.",
				);
	} catch (error) {
		if (slackCode(error) === "channel_not_found")
			return wrong(
				check,
				"Slack does not know it, or it is private and the bot is not in it",
				"Invite the bot there (/invite @DRAVEN), and check the id: it stands at the end of the channel's details.",
			);
		const problem = slackError(error);
		if (problem.kind === "unauthorized") return null;
		return warning(check, `it could not be looked at: ${problem.message}`, "Run `draven doctor` again later.");
	}
}
