import type { Logger } from "pino";
import type { ChatPort } from "../../src/ports/chat.ts";
import type { ConversationStore } from "../../src/ports/conversations.ts";
import type { Front } from "../../src/ports/front.ts";
import type { Inbox, InboxItem } from "../../src/ports/inbox.ts";
import type { PutOffAnswers } from "../../src/ports/put-off-answers.ts";
import { textCard } from "../../src/words/rich.ts";
import { answerPerson, tellPerson } from "./answer-person.ts";
import { botFramework } from "./bot-framework.ts";
import { callByName } from "./call-by-name.ts";
import { carryOut, formFor } from "./carry-out.ts";
import { teamsChat } from "./chat.ts";
import { connect } from "./connection.ts";
import type { TeamsContext } from "./context.ts";
import { createGraph, GRAPH } from "./graph.ts";
import { type TeamsGroups, teamsGroups } from "./groups.ts";
import { createHoldBack } from "./hold-back.ts";
import { homeFor } from "./home.ts";
import { createInbox } from "./inbox.ts";
import { createIntake } from "./intake.ts";
import { playgroundGroups } from "./playground-groups.ts";
import { createReach } from "./reach.ts";
import { createReaders } from "./readers.ts";
import { renderCard } from "./render-card.ts";
import { Stored, storedAnswer } from "./stored.ts";
import type { TeamsApp } from "./teams-app.ts";
import { whereOf } from "./where.ts";

export interface Teams {
	readonly chat: ChatPort;
	readonly groups: TeamsGroups;
	/** Takes `POST /api/messages`. */
	readonly inbox: Inbox;
	/** Carries out a stored activity, or tells an answer that was put off; may be called again for the same one after a crash. */
	process(stored: unknown): Promise<void>;
	/** Tells whoever made a stored request that it was not carried out. */
	apologise(stored: unknown, sentence: string): Promise<void>;
}

export interface TeamsOptions {
	/** Null: nobody is asked who they are. For the Playground, and on loopback alone: the caller sees to that. */
	readonly app: TeamsApp | null;
	/** Null: Microsoft's. */
	readonly graphBaseUrl: string | null;
	readonly conversations: ConversationStore;
	readonly front: () => Front;
	readonly store: (item: InboxItem) => Promise<void>;
	readonly answers: PutOffAnswers;
	readonly log: Logger;
	readonly now?: () => number;
	/** What is sent and not answered by then is given up, and sent again later. */
	readonly sendWithinMs?: number;
}

export function createTeams(options: TeamsOptions): Teams {
	const { app, graphBaseUrl, conversations, front, store, answers, log } = options;
	const { now = Date.now } = options;
	const framework = botFramework(app, now, options.sendWithinMs);
	const connection = connect(framework, createHoldBack(now));
	const { appId, anyRegion } = framework;
	const reach = createReach({ connection, conversations, tenant: app?.tenantId ?? "", appId, anyRegion });
	/** As the Playground calls its people. */
	const names = new Map<string, string>();
	const groups =
		app === null && graphBaseUrl === null
			? playgroundGroups(names)
			: teamsGroups(createGraph(graphBaseUrl ?? GRAPH, framework.tokens), now, app?.tenantId ?? null);
	const { nameOf, membersOf } = groups;
	const readersOf = createReaders({ connection, reach, conversations, membersOf, now });
	const context: TeamsContext = { connection, conversations, reach, nameOf, front, answers, log };
	const take = createIntake({
		...{ framework, tenantId: app?.tenantId ?? null, store, log },
		form: (where, project) => formFor(context, where, project),
		home: (where) => homeFor(context, where),
		view: async ({ homeTenant, user }, value) => {
			const card = await front().ownView("teams", homeTenant, user, value);
			return card === null ? null : renderCard(await callByName(card, nameOf));
		},
	});
	return {
		chat: teamsChat({ connection, reach, nameOf, membersOf, readersOf }),
		groups,
		inbox: createInbox({ take, needsToken: app !== null, log }),
		async process(stored) {
			const answer = storedAnswer(stored);
			if (answer !== null) return tellPerson(context, answer.where, answer.card);
			const { activity, draven } = Stored.parse(stored);
			const where = whereOf(activity);
			if (app === null && where !== null) names.set(where.user, where.userName);
			await carryOut(context, activity, draven);
		},
		async apologise(stored, sentence) {
			const read = Stored.safeParse(stored);
			const where = read.success ? whereOf(read.data.activity) : null;
			if (read.success && where !== null)
				await answerPerson(context, where, textCard(sentence), `sorry:${read.data.draven.id}`);
		},
	};
}
