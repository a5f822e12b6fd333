import type { Logger } from "pino";
import type { ConversationStore } from "../../src/ports/conversations.ts";
import type { Front } from "../../src/ports/front.ts";
import type { PutOffAnswers } from "../../src/ports/put-off-answers.ts";
import type { NameOf } from "./call-by-name.ts";
import type { Connection } from "./connection.ts";
import type { Reach } from "./reach.ts";

/** What those who carry out an activity are given. */
export interface TeamsContext {
	readonly connection: Connection;
	readonly conversations: ConversationStore;
	readonly reach: Reach;
	readonly nameOf: NameOf;
	readonly front: () => Front;
	readonly answers: PutOffAnswers;
	readonly log: Logger;
}
