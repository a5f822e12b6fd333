import { directoryId } from "../../src/core/directory-id.ts";
import type { Card } from "../../src/ports/chat.ts";
import type { ConversationStore } from "../../src/ports/conversations.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Connection } from "./connection.ts";
import type { MembersOf } from "./group-members.ts";
import type { Reach } from "./reach.ts";

/** As many as Teams lets have a view of their own. */
const MOST = 60;
/** How long it is not asked again who is in a channel. */
const ROSTER_TTL_MS = 3_600_000;

/** Whose clients ask for a view of their own of a card in a channel, by Teams' own ids: those first whom the card names. */
export type ReadersOf = (card: Card, channel: string) => Promise<readonly string[]>;

export interface ReadersOptions {
	readonly connection: Connection;
	readonly reach: Reach;
	readonly conversations: ConversationStore;
	readonly membersOf: MembersOf;
	readonly now: () => number;
}

export function createReaders({ connection, reach, conversations, membersOf, now }: ReadersOptions): ReadersOf {
	const askedAt = new Map<string, number>();

	/** Teams tells its id of a person with what they say, and of those who said nothing yet with who is in the channel. */
	async function askWhoIsIn(channel: string, tenant: string): Promise<void> {
		if (now() - (askedAt.get(channel) ?? -ROSTER_TTL_MS) < ROSTER_TTL_MS) return;
		askedAt.set(channel, now());
		try {
			const people = await connection.peopleIn({ ...(await reach.endpointOf(channel)), conversationId: channel });
			await conversations.keepAccounts(people.map((one) => ({ ...one, tenant, heard: false })));
		} catch (error) {
			// The card goes out all the same, and is everybody's to those who are not known.
			if (!(error instanceof VendorError)) throw error;
		}
	}

	return async (card, channel) => {
		const wanted = await personsOf(card, membersOf);
		if (wanted.length === 0) return [];
		const tenant = directoryId((await reach.endpointOf(channel)).tenant);
		let known = await conversations.accountsOf(tenant, wanted);
		if (known.size < wanted.length) {
			await askWhoIsIn(channel, tenant);
			known = await conversations.accountsOf(tenant, wanted);
		}
		const named = wanted.flatMap((person) => known.get(person) ?? []);
		const others = named.length < MOST ? await conversations.recentUsers(tenant, MOST) : [];
		return [...new Set([...named, ...others])].slice(0, MOST);
	};
}

async function personsOf({ readers = [] }: Card, membersOf: MembersOf): Promise<readonly string[]> {
	const found = await Promise.all(
		readers.map(async ({ kind, id }) => (kind === "user" ? [id] : (await membersOf(id)).map((one) => one.id))),
	);
	return [...new Set(found.flat().map(directoryId))];
}
