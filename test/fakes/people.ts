import type { Platform } from "../../src/ports/chat.ts";
import type { GroupsPort, Profile } from "../../src/ports/groups.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** A workspace's people and groups, as a test sets them. */
export class FakePeople implements GroupsPort {
	readonly platform: Platform;
	readonly groups = new Map<string, Set<string>>();
	readonly outsiders = new Set<string>();
	readonly emails = new Map<string, string>();
	/** Membership cannot be read as long as it is set. */
	unreadable = false;
	/** How often membership was read past the cache. */
	freshReads = 0;

	constructor(platform: Platform) {
		this.platform = platform;
	}

	group(id: string, ...users: string[]): void {
		this.groups.set(id, new Set(users));
	}

	async profile(user: string): Promise<Profile> {
		return { name: user, email: this.emails.get(user) ?? null, outsider: this.outsiders.has(user), timezone: null };
	}

	async memberOf(user: string, groups: readonly string[], fresh: boolean): Promise<ReadonlySet<string>> {
		if (this.unreadable) throw new VendorError("unavailable", "The workspace did not say who is in its groups.");
		if (fresh) this.freshReads += 1;
		return new Set(groups.filter((id) => this.groups.get(id)?.has(user)));
	}
}
