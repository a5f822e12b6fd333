import { App } from "@slack/bolt";
import type { Logger } from "pino";
import type { ChatPort } from "../../src/ports/chat.ts";
import type { Front } from "../../src/ports/front.ts";
import type { Inbox, InboxItem } from "../../src/ports/inbox.ts";
import { textCard } from "../../src/words/rich.ts";
import { answerPerson } from "./answer-person.ts";
import { createApi, slackCode } from "./api.ts";
import { isBody } from "./body.ts";
import { slackChat } from "./chat.ts";
import type { SlackContext } from "./context.ts";
import { type SlackGroups, slackGroups } from "./groups.ts";
import { identitySource } from "./identity.ts";
import { createInbox } from "./inbox.ts";
import { createIntake } from "./intake.ts";
import { addListeners } from "./listeners.ts";
import { slackError } from "./slack-error.ts";
import { slackLogger } from "./slack-logger.ts";
import { createSocket } from "./socket.ts";
import { suggest } from "./suggest.ts";
import { whereOf } from "./where-of.ts";

export interface Slack {
	readonly chat: ChatPort;
	readonly groups: SlackGroups;
	/** Takes `POST /slack/events`; null in Socket Mode. */
	readonly inbox: Inbox | null;
	/**
	 * Asks Slack who we are, and connects in Socket Mode. A token that Slack does not accept throws one sentence; Slack being out of
	 * reach does not stop the start, and it is tried again from then on.
	 */
	start(): Promise<{ team: string } | { team: null; problem: string }>;
	stop(): Promise<void>;
	/** Carries out a stored request; may be called again for the same one after a crash. */
	process(body: unknown): Promise<void>;
	/** Tells whoever made a stored request that it was given up, in one sentence; nobody, where nobody waits for an answer. Never throws. */
	apologise(body: unknown, sentence: string): Promise<void>;
}

export interface SlackOptions {
	readonly botToken: string;
	/** Absent only with an app token. */
	readonly signingSecret?: string;
	/** Present: Socket Mode. */
	readonly appToken?: string;
	/** With a trailing slash. */
	readonly apiUrl?: string;
	readonly front: () => Front;
	readonly store: (item: InboxItem) => Promise<void>;
	readonly log: Logger;
}

const AGAIN_MS = 15_000;

export function createSlack(options: SlackOptions): Slack {
	const { botToken, signingSecret, appToken, front, store, log } = options;
	const at = options.apiUrl === undefined ? {} : { apiUrl: options.apiUrl };
	const api = createApi({ token: botToken, log, ...at });
	const identity = identitySource(api);
	const context: SlackContext = { api, identity, front, log };
	const take = createIntake({ store, suggest: (body) => suggest(context, body), log });
	const socket = appToken === undefined ? null : createSocket({ appToken, take, log, ...at });
	const dispatcher = makeDispatcher(context);
	let timer: NodeJS.Timeout | null = null;
	let stopped = false;

	async function connect(): Promise<string> {
		let team: string;
		try {
			({ team } = await identity.get());
		} catch (error) {
			throw tokenProblem("SLACK_BOT_TOKEN", error);
		}
		try {
			await socket?.connect();
		} catch (error) {
			throw tokenProblem("SLACK_APP_TOKEN", error);
		}
		return team;
	}

	function keepTrying(): void {
		if (stopped) return;
		timer = setTimeout(() => {
			connect().then(
				(team) => log.info({ team }, "Slack is reached"),
				(error: unknown) => {
					log.warn({ err: error }, "Slack is not reached yet; it is tried again");
					keepTrying();
				},
			);
		}, AGAIN_MS);
		timer.unref();
	}

	return {
		chat: slackChat(api),
		groups: slackGroups(api, identity),
		inbox:
			socket !== null
				? null
				: createInbox({ signingSecret: signingSecret ?? missing("SLACK_SIGNING_SECRET"), take, log }),
		async start() {
			try {
				return { team: await connect() };
			} catch (error) {
				if (error instanceof TokenRefused) throw error;
				keepTrying();
				return { team: null, problem: error instanceof Error ? error.message : String(error) };
			}
		},
		async stop() {
			stopped = true;
			if (timer !== null) clearTimeout(timer);
			await socket?.close();
		},
		async process(body) {
			if (!isBody(body)) return;
			// It was acknowledged when it was stored.
			await dispatcher.processEvent({ body, ack: async () => {} });
		},
		async apologise(body, sentence) {
			const where = isBody(body) ? whereOf(body) : null;
			if (where !== null) await answerPerson(context, where, textCard(sentence));
		},
	};
}

/** Slack does not accept a token: nothing will work until somebody sets another one. */
class TokenRefused extends Error {}

function tokenProblem(variable: "SLACK_BOT_TOKEN" | "SLACK_APP_TOKEN", error: unknown): Error {
	const problem = slackError(error);
	const code = slackCode(problem.cause);
	if (code === null || problem.passing) return problem;
	const where =
		variable === "SLACK_BOT_TOKEN"
			? "copy the Bot User OAuth Token (xoxb-…) from the app's page OAuth & Permissions"
			: "make an app-level token (xapp-…) with the scope connections:write on the app's page Basic Information";
	return new TokenRefused(`${variable} is not accepted by Slack (${code}): ${where}.`, { cause: error });
}

function missing(variable: string): never {
	throw new TokenRefused(
		`${variable} is missing: set it to the app's signing secret, or SLACK_APP_TOKEN to use Socket Mode.`,
	);
}

/** Bolt finds the listener of a request; receiving and acknowledging is ours. */
function makeDispatcher(context: SlackContext): App {
	const app = new App({
		receiver: { init() {}, start: async () => {}, stop: async () => {} },
		authorize: async () => {
			const us = context.identity.known();
			return us === null ? {} : { botUserId: us.userId, ...(us.botId === null ? {} : { botId: us.botId }) };
		},
		convoStore: false,
		logger: slackLogger(context.log),
	});
	app.error(async (error) => {
		throw "original" in error && error.original instanceof Error ? error.original : error;
	});
	addListeners(app, context);
	return app;
}
