import { type Activity as BotActivity, TeamsInfo, type TurnContext } from "botbuilder";
import { z } from "zod";
import { directoryId } from "../../src/core/directory-id.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { BotFramework } from "./bot-framework.ts";
import type { HoldBack } from "./hold-back.ts";

/** A server of Microsoft's and who we are there. */
export interface Endpoint {
	readonly serviceUrl: string;
	readonly botId: string;
	readonly tenant: string;
}

export interface Target extends Endpoint {
	readonly conversationId: string;
}

/** What a message is made of. */
export interface Message {
	readonly type: "message";
	/** What a notification shows. */
	readonly summary: string;
	readonly attachments: readonly { readonly contentType: string; readonly content: object }[];
}

/** What is said to the Bot Connector. Everything throws VendorError, and nothing is tried again. */
export interface Connection {
	/** Answers the id of the new activity. `replyTo`: the root of the thread that it goes into. */
	send(to: Target, message: Message, replyTo: string | null): Promise<string>;
	update(to: Target, activityId: string, message: Message): Promise<void>;
	/** A new root post: answers the conversation of its thread, `<channel>;messageid=<root>`. */
	openThread(at: Endpoint, channel: string, message: Message): Promise<string>;
	/** A chat with one person: answers its conversation. */
	openPersonal(at: Endpoint, user: string): Promise<string>;
	/** Who is in a channel or a chat: the directory's ids of them, and Teams' own. The first thousand. */
	peopleIn(where: Target): Promise<readonly { readonly person: string; readonly userId: string }[]>;
}

const CHANNEL = "msteams";
/** As many as Teams answers at once. */
const ROSTER_PAGE = 500;
const ROSTER_PAGES = 2;

export function connect({ adapter, appId, oauthScope }: BotFramework, holdBack: HoldBack): Connection {
	async function open(
		{ serviceUrl, botId, tenant }: Endpoint,
		more: { isGroup: boolean; channelData: object; members?: { id: string; name: string }[]; activity?: BotActivity },
	): Promise<string> {
		let conversation = "";
		const parameters = { bot: { id: botId, name: "" }, tenantId: tenant, ...more };
		await vendorErrors(() =>
			adapter.createConversationAsync(appId, CHANNEL, serviceUrl, oauthScope, parameters, async ({ activity }) => {
				conversation = activity.conversation.id;
			}),
		);
		if (!conversation)
			throw new VendorError("unavailable", "Teams did not say which conversation it opened.", {
				mayHaveHappened: true,
			});
		return conversation;
	}

	const inConversation = (to: Target, act: (context: TurnContext) => Promise<void>): Promise<void> =>
		holdBack(to.conversationId, () =>
			vendorErrors(() => adapter.continueConversationAsync(appId, referenceTo(to), act)),
		);

	return {
		async send(to, message, replyTo) {
			let id = "";
			await inConversation(to, async (context) => {
				const activity = { ...bodyOf(to, message), ...(replyTo === null ? {} : { replyToId: replyTo }) };
				const [sent] = await adapter.sendActivities(context, [activity]);
				id = sent?.id ?? "";
			});
			return id;
		},
		update: (to, activityId, message) =>
			inConversation(to, async (context) => {
				await adapter.updateActivity(context, { ...bodyOf(to, message), id: activityId });
			}),
		openThread: (at, channel, message) =>
			holdBack(channel, () =>
				open(at, {
					isGroup: true,
					channelData: { channel: { id: channel }, tenant: { id: at.tenant } },
					// The parts of an activity that are left out are the server's to fill in.
					activity: { ...message, attachments: [...message.attachments] } as Partial<BotActivity> as BotActivity,
				}),
			),
		openPersonal: (at, user) =>
			open(at, {
				isGroup: false,
				channelData: { tenant: { id: at.tenant } },
				members: [{ id: user, name: "" }],
			}),
		async peopleIn(where) {
			const found: { person: string; userId: string }[] = [];
			await vendorErrors(() =>
				adapter.continueConversationAsync(appId, referenceTo(where), async (context) => {
					let next: string | undefined;
					for (let page = 0; page < ROSTER_PAGES; page++) {
						const { members = [], continuationToken } = await TeamsInfo.getPagedMembers(context, ROSTER_PAGE, next);
						found.push(...members.flatMap(personIn));
						if (!continuationToken || continuationToken === next) break;
						next = continuationToken;
					}
				}),
			);
			return found;
		},
	};
}

const Roster = z.object({ id: z.string(), aadObjectId: z.string().nullish(), objectId: z.string().nullish() });

/** Teams writes the directory's id in either of two ways; the library knows the one. */
function personIn(member: unknown): { readonly person: string; readonly userId: string }[] {
	const read = Roster.safeParse(member);
	const person = read.success ? (read.data.aadObjectId ?? read.data.objectId) : null;
	return read.success && person ? [{ person: directoryId(person), userId: read.data.id }] : [];
}

function referenceTo(to: Target) {
	return {
		channelId: CHANNEL,
		serviceUrl: to.serviceUrl,
		bot: { id: to.botId, name: "" },
		conversation: accountOf(to),
	};
}

/** The kind and the name of a conversation are the server's to know. */
function accountOf({ conversationId, tenant }: Target): BotActivity["conversation"] {
	return { id: conversationId, tenantId: tenant } as BotActivity["conversation"];
}

function bodyOf(to: Target, message: Message): Partial<BotActivity> {
	return {
		...{ ...message, attachments: [...message.attachments], channelId: CHANNEL, serviceUrl: to.serviceUrl },
		...{ from: { id: to.botId, name: "" }, conversation: accountOf(to) },
	};
}

async function vendorErrors<T>(act: () => Promise<T>): Promise<T> {
	try {
		return await act();
	} catch (error) {
		if (error instanceof VendorError) throw error;
		throw new VendorError("unavailable", "The Bot Framework could not send it; it is tried again.", { cause: error });
	}
}
