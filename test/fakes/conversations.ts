import type { Account, Conversation, ConversationStore } from "../../src/ports/conversations.ts";

/** Conversations in memory. */
export class FakeConversations implements ConversationStore {
	readonly kept: Conversation[] = [];
	readonly accounts: Account[] = [];

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

	async keepAccounts(accounts: readonly Account[]): Promise<void> {
		for (const one of accounts) {
			const at = this.accounts.findIndex(({ tenant, person }) => tenant === one.tenant && person === one.person);
			const [before] = at < 0 ? [] : this.accounts.splice(at, 1);
			this.accounts.push({ ...one, heard: one.heard || before?.heard === true });
		}
	}

	async accountsOf(tenant: string, persons: readonly string[]): Promise<ReadonlyMap<string, string>> {
		const theirs = this.accounts.filter((one) => one.tenant === tenant && persons.includes(one.person));
		return new Map(theirs.map(({ person, userId }) => [person, userId]));
	}

	async recentUsers(tenant: string, limit: number): Promise<readonly string[]> {
		const heard = this.accounts.filter((one) => one.tenant === tenant && one.heard);
		return heard.map(({ userId }) => userId).slice(-limit);
	}

	async forget(which: { teamId: string } | { user: string }): Promise<void> {
		const gone = (one: Conversation) =>
			"user" in which ? one.kind === "personal" && one.id === which.user : one.teamId === which.teamId;
		const left = this.kept.filter((one) => !gone(one));
		this.kept.splice(0, this.kept.length, ...left);
	}
}
