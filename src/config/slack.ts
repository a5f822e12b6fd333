import { type Get, readUrl, wrong } from "./variables.ts";

export interface SlackConfig {
	readonly botToken: string;
	/** Null only with an app token. */
	readonly signingSecret: string | null;
	/** Set: Socket Mode. */
	readonly appToken: string | null;
	/** With a trailing slash; null: Slack's own. */
	readonly apiUrl: string | null;
}

export function readSlack(get: Get): SlackConfig | null {
	const botToken = get("SLACK_BOT_TOKEN");
	const signingSecret = get("SLACK_SIGNING_SECRET");
	const appToken = get("SLACK_APP_TOKEN");
	const apiUrl = readUrl(get, "SLACK_API_URL");
	if (botToken === null) {
		if (signingSecret === null && appToken === null) return null;
		wrong("SLACK_BOT_TOKEN", "is missing: Slack needs the app's bot token, which begins with xoxb-");
	}
	if (!/^xox\S+$/.test(botToken)) wrong("SLACK_BOT_TOKEN", "is malformed: a bot token begins with xoxb-");
	if (appToken !== null && !/^xapp-\S+$/.test(appToken))
		wrong("SLACK_APP_TOKEN", "is malformed: an app-level token begins with xapp-");
	if (signingSecret === null && appToken === null)
		wrong(
			"SLACK_SIGNING_SECRET",
			"is missing: set it to the app's signing secret, or set SLACK_APP_TOKEN to use Socket Mode",
		);
	return Object.freeze({ botToken, signingSecret, appToken, apiUrl: apiUrl === null ? null : `${apiUrl}/` });
}
