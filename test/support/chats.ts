import type { OpenChat } from "./chat-front.ts";
import { openSlack } from "./slack-front.ts";
import { openTeams } from "./teams-front.ts";

/** Where each story holds. */
export const CHATS: readonly (readonly [string, OpenChat])[] = [
	["Slack", openSlack],
	["Teams", openTeams],
];
