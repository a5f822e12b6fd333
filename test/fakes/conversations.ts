import type { Conversation, ConversationStore } from "../../src/ports/conversations.ts";

/** Conversations in memory. */
export class FakeConversations implements ConversationStore {
	readonly kept: Conversation[] = [];

	async keep(conversation: Conversation): Promise<void> {
		const before = await this.find(conversation.kind, conversation.id);
		if (before !== null) this.kept.splice(this.kept.indexOf(before), 1);
		const known = Object.entries(conversation).filter(([, value]) => value !== null);
		this.kept.push({ ...conversation, ...before, ...Object.fromEntries(known) });
	}

	async find(kind: Conversation["kind"], id: string): Promise<Conversation | null> {
		return this.kept.find((one) => one.kind === kind && one.id === id) ?? null;
	}

	async latest(): Promise<Conversation | null> {
		return this.kept.at(-1) ?? null;
	}

	async recentUsers(limit: number): Promise<readonly string[]> {
		return this.kept
			.flatMap(({ kind, userId }) => (kind === "personal" && userId !== null ? [userId] : []))
			.slice(-limit);
	}

	async forget(which: { teamId: string } | { user: string }): Promise<void> {
		const gone = (one: Conversation) =>
			"user" in which ? one.kind === "personal" && one.id === which.user : one.teamId === which.teamId;
		const left = this.kept.filter((one) => !gone(one));
		this.kept.splice(0, this.kept.length, ...left);
	}
}
