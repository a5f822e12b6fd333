import type { Card, ChatPort, Posted } from "../../src/ports/chat.ts";
import { callByName, type NameOf } from "./call-by-name.ts";
import type { Connection, Message } from "./connection.ts";
import type { MembersOf } from "./group-members.ts";
import type { Reach } from "./reach.ts";
import type { ReadersOf } from "./readers.ts";
import { messageOf, ROOM } from "./render-card.ts";
import { refusalOf, saysGone } from "./teams-error.ts";

/** Shorter and shorter, when Teams says that a message is too large after all. */
const ROOMS = [ROOM, 12_000, 4_000];

export interface TeamsChatOptions {
	readonly connection: Connection;
	readonly reach: Reach;
	readonly nameOf: NameOf;
	readonly membersOf: MembersOf;
	readonly readersOf: ReadersOf;
}

/** Teams as the outbox sees it. */
export function teamsChat({ connection, reach, nameOf, membersOf, readersOf }: TeamsChatOptions): ChatPort {
	/** A card of a channel, in which those whom we know see their own. */
	const inChannel = async <T>(
		channel: string,
		card: Card,
		send: (message: Message) => Promise<T>,
		notify = false,
	): Promise<T> =>
		inRoom(await callByName(card, nameOf, notify ? membersOf : null), send, await readersOf(card, channel));

	async function postRoot(channel: string, message: Message): Promise<Posted> {
		const at = await reach.endpointOf(channel);
		if (isGroupChat(channel)) {
			const messageId = await connection.send({ ...at, conversationId: channel }, message, null);
			return { channel, messageId };
		}
		const conversationId = await connection.openThread(at, channel, message);
		const messageId = /;messageid=([^;]+)/.exec(conversationId)?.[1] ?? conversationId;
		await reach.keepThread(at, channel, messageId, conversationId);
		return { channel, messageId };
	}

	async function postReply(channel: string, thread: string, message: Message): Promise<Posted> {
		if (isGroupChat(channel)) return postRoot(channel, message);
		const to = await reach.threadOf(channel, thread);
		// An edit has to name the thread, so the reply is kept under the thread's name.
		return { channel: to.conversationId, messageId: await connection.send(to, message, thread) };
	}

	return {
		platform: "teams",
		post: ({ channel, thread }, card) =>
			inChannel(
				channel,
				card,
				(message) => (thread === null ? postRoot(channel, message) : postReply(channel, thread, message)),
				true,
			),
		// Reading a channel would need a right over all of its messages.
		find: async () => "cannot_look",
		async update({ channel, messageId }, card) {
			const [base = channel] = channel.split(";");
			const at = await reach.endpointOf(base);
			const root = !channel.includes(";messageid=") && !isGroupChat(channel);
			const to = root ? await reach.threadOf(channel, messageId) : { ...at, conversationId: channel };
			try {
				await inChannel(base, card, (message) => connection.update(to, messageId, message));
				return "updated";
			} catch (error) {
				if (saysGone(refusalOf(error))) return "gone";
				throw error;
			}
		},
		tell: async (user, card) => inRoom(await callByName(card, nameOf), (message) => reach.toPerson(user, message)),
	};
}

/** Chats of several people have no threads. */
function isGroupChat(channel: string): boolean {
	return channel.endsWith("@thread.v2");
}

/** A message that was too large had no effect, so it may be said again, shorter. */
export async function inRoom<T>(
	card: Card,
	send: (message: Message) => Promise<T>,
	readers: readonly string[] = [],
): Promise<T> {
	for (const room of ROOMS.slice(0, -1)) {
		try {
			return await send(messageOf(card, room, readers));
		} catch (error) {
			if (refusalOf(error)?.status !== 413) throw error;
		}
	}
	return send(messageOf(card, ROOMS.at(-1)));
}
