import type { Conversation, ConversationStore } from "../../src/ports/conversations.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Connection, Endpoint, Message, Target } from "./connection.ts";

/** How channels, threads and people are reached, from what is known of them and across restarts. Throws VendorError. */
export interface Reach {
	/** Which server a channel is at, and who we are there. */
	endpointOf(channel: string): Promise<Endpoint>;
	/** `root`: the id of the post that the thread hangs from. */
	threadOf(channel: string, root: string): Promise<Target>;
	keepThread(at: Endpoint, channel: string, root: string, conversationId: string): Promise<void>;
	/** Sends to one person alone, in their chat with us; opens it when there is none yet. */
	toPerson(user: string, message: Message): Promise<void>;
}

export interface ReachOptions {
	readonly connection: Connection;
	readonly conversations: ConversationStore;
	/** What holds as long as nothing was heard: our tenant and our own id. */
	readonly tenant: string;
	readonly appId: string;
	/** Null: Microsoft is somewhere else, so there is no server to guess. */
	readonly anyRegion: string | null;
}

const NOTHING_KNOWN = { teamId: null, aadGroupId: null, activityId: null, userId: null, userName: null };

export function createReach({ connection, conversations, tenant, appId, anyRegion }: ReachOptions): Reach {
	async function endpointOf(channel: string): Promise<Endpoint> {
		const known = (await conversations.find("channel", channel)) ?? (await conversations.latest());
		if (known !== null) return known;
		if (anyRegion !== null) return { serviceUrl: anyRegion, botId: `28:${appId}`, tenant };
		throw new VendorError("not_found", "Nothing was heard from Teams yet: add the app to the team of this channel.");
	}

	async function openPersonal(user: string): Promise<Conversation> {
		const { serviceUrl, botId, tenant } = await endpointOf("");
		const conversationId = await connection.openPersonal({ serviceUrl, botId, tenant }, user);
		const at = { kind: "personal" as const, id: user, tenant, serviceUrl, botId };
		const opened: Conversation = { ...NOTHING_KNOWN, ...at, conversationId };
		await conversations.keep(opened);
		return opened;
	}

	return {
		endpointOf,
		async threadOf(channel, root) {
			const id = threadId(channel, root);
			const known = await conversations.find("thread", id);
			// A channel that is at another server now has its threads there.
			const at = (await conversations.find("channel", channel)) ?? known ?? (await endpointOf(channel));
			return { ...at, conversationId: known?.conversationId ?? id };
		},
		async keepThread({ serviceUrl, botId, tenant }, channel, root, conversationId) {
			const at = { kind: "thread" as const, id: threadId(channel, root), tenant, serviceUrl, botId };
			await conversations.keep({ ...NOTHING_KNOWN, ...at, conversationId, activityId: root });
		},
		async toPerson(user, message) {
			const known = await conversations.find("personal", user);
			try {
				await connection.send(known ?? (await openPersonal(user)), message, null);
			} catch (error) {
				if (!(error instanceof VendorError) || error.passing || error.kind === "unauthorized") throw error;
				// It may have been opened once and be closed by now; the next time it is opened anew.
				await conversations.forget({ user });
				throw new VendorError(
					"not_found",
					"They cannot be written to in Teams: the app DRAVEN is not installed for them. They can add it under Apps, or an admin can for everybody.",
					{ cause: error.cause },
				);
			}
		},
	};
}

export function threadId(channel: string, root: string): string {
	return `${channel};messageid=${root}`;
}
