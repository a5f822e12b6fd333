import type { ConversationStore } from "../../src/ports/conversations.ts";
import type { TeamsGroups } from "./groups.ts";

/** The Playground has people and no directory: they are who they say, and in no group. Rights are given to them one by one. */
export function playgroundGroups(conversations: ConversationStore): TeamsGroups {
	return {
		platform: "teams",
		async profile(user) {
			const known = await conversations.find("personal", user);
			return { name: known?.userName ?? user, email: null, outsider: false, timezone: null };
		},
		memberOf: async () => new Set(),
		forget() {},
	};
}
