/**
 * How a platform's servers reach a channel, a thread or a person. Teams tells it with every activity, and there is no asking for it
 * later: it is kept, so that messages find their way after a restart.
 */
export interface Conversation {
	readonly kind: "channel" | "thread" | "personal";
	/** Channel: its id. Thread: `<channel>;messageid=<root>`. Personal: the person's Entra object id. */
	readonly id: string;
	readonly tenant: string;
	/** The server that is to be spoken to. Checked before it is kept. */
	readonly serviceUrl: string;
	/** What that server calls the conversation. */
	readonly conversationId: string;
	/** How we are called there. */
	readonly botId: string;
	readonly teamId: string | null;
	/** The Entra group behind the team. */
	readonly aadGroupId: string | null;
	/** The last activity of it that we know; of a thread its root. */
	readonly activityId: string | null;
	/** The person's id and name as the platform writes them; null in channels. */
	readonly userId: string | null;
	readonly userName: string | null;
}

/** A person of a directory, and how the platform calls them. */
export interface Account {
	readonly tenant: string;
	/** Entra object id. */
	readonly person: string;
	/** `29:…` */
	readonly userId: string;
	/** They spoke just now; false: it was told who they are. */
	readonly heard: boolean;
}

/** Where conversations are kept, durably and for all replicas. */
export interface ConversationStore {
	/** What is known of it already and is null here stays known. */
	keep(conversation: Conversation): Promise<void>;
	find(kind: Conversation["kind"], id: string): Promise<Conversation | null>;
	/** The one heard of last, whichever it is: a channel that nobody has spoken in yet is reached by the same server. */
	latest(): Promise<Conversation | null>;
	/** Keeps how the platform calls people of a tenant, of whatever conversation it told that. */
	keepAccounts(accounts: readonly Account[]): Promise<void>;
	/** The platform's ids of those of these people who are known, by the directory's ids of them. */
	accountsOf(tenant: string, persons: readonly string[]): Promise<ReadonlyMap<string, string>>;
	/** The platform's ids of the people who were heard of last. */
	recentUsers(tenant: string, limit: number): Promise<readonly string[]>;
	/** A team removed us, or a person did. */
	forget(which: { readonly teamId: string } | { readonly user: string }): Promise<void>;
}
