import type { TeamsGroups } from "./groups.ts";

/** The Playground has people and no directory: they are who they say, and in no group. Rights are given to them one by one. */
export function playgroundGroups(names: ReadonlyMap<string, string>): TeamsGroups {
	return {
		platform: "teams",
		profile: async (user) => ({ name: names.get(user) ?? user, email: null, outsider: false, timezone: null }),
		memberOf: async () => new Set(),
		nameOf: async (_, id) => names.get(id) ?? null,
		membersOf: async () => [],
		forget() {},
	};
}
