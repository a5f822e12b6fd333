import type { Card, ChatPort, Platform, Posted } from "../../src/ports/chat.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

interface FakeMessage extends Posted {
	readonly thread: string | null;
	readonly clientId: string;
	card: Card;
	edits: number;
}

export type PostFault = "answer_lost" | "unavailable" | "not_found";

/** A chat platform that keeps its messages. */
export class FakeChat implements ChatPort {
	readonly platform: Platform;
	readonly messages: FakeMessage[] = [];
	readonly told: { readonly user: string; readonly text: string }[] = [];
	/** What goes wrong with the next posts, in order. */
	faults: PostFault[] = [];
	/** Channels that the bot was removed from. */
	readonly closed = new Set<string>();
	/** People whose account was closed. */
	readonly gone = new Set<string>();
	canLook = true;

	constructor(platform: Platform) {
		this.platform = platform;
	}

	roots(channel: string): FakeMessage[] {
		return this.messages.filter((message) => message.channel === channel && message.thread === null);
	}

	threadOf(root: Posted): string[] {
		return this.messages.filter((message) => message.thread === root.messageId).map((message) => message.card.text);
	}

	async post(to: { channel: string; thread: string | null }, card: Card, clientId: string): Promise<Posted> {
		if (this.closed.has(to.channel))
			throw new VendorError("not_found", `I am not in ${to.channel}: invite me there with /invite @DRAVEN.`);
		const fault = this.faults.shift();
		if (fault === "unavailable") throw new VendorError("unavailable", "The chat did not answer.");
		const message: FakeMessage = {
			channel: to.channel,
			messageId: `m${this.messages.length + 1}`,
			thread: to.thread,
			clientId,
			card,
			edits: 0,
		};
		this.messages.push(message);
		if (fault === "answer_lost")
			throw new VendorError("unavailable", "The answer was lost.", { mayHaveHappened: true });
		return { channel: message.channel, messageId: message.messageId };
	}

	async find(to: { channel: string; thread: string | null }, clientId: string): Promise<Posted | null | "cannot_look"> {
		if (!this.canLook) return "cannot_look";
		return this.messages.find((one) => one.channel === to.channel && one.clientId === clientId) ?? null;
	}

	async update(posted: Posted, card: Card): Promise<"updated" | "gone"> {
		const message = this.messages.find((one) => one.messageId === posted.messageId);
		if (message === undefined) return "gone";
		message.card = card;
		message.edits += 1;
		return "updated";
	}

	async tell(user: string, card: Card): Promise<void> {
		if (this.gone.has(user)) throw new VendorError("not_found", "They have no account any more.");
		this.told.push({ user, text: card.text });
	}
}
