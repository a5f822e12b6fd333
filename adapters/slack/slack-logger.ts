import { LogLevel, type Logger as SlackLogger } from "@slack/bolt";
import type { Logger } from "pino";

/** Slack's libraries speak into our log. Their "info" is about themselves; their "error" is told by us, with what it means. */
export function slackLogger(log: Logger): SlackLogger {
	const at =
		(level: "debug" | "warn") =>
		(...words: unknown[]) =>
			log[level]({ library: "slack" }, words.map(String).join(" "));
	return {
		debug: () => {},
		info: at("debug"),
		warn: at("debug"),
		error: at("warn"),
		setLevel: () => {},
		getLevel: () => LogLevel.INFO,
		setName: () => {},
	};
}
