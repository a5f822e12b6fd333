import type { Platform } from "./chat.ts";

/** What the workspace says of a person. */
export interface Profile {
	readonly name: string;
	/** Only when the platform vouches for it, and never of an outsider; lower case. */
	readonly email: string | null;
	/**
	 * Addresses that stand beside it and that nobody vouches for: they join no accounts and give no rights, yet who has one of them counts
	 * as the same human where that denies something.
	 */
	readonly otherAddresses?: readonly string[];
	/** Guests, outsiders of shared channels, foreign tenants, bots, deactivated: never more than viewers. */
	readonly outsider: boolean;
	readonly timezone: string | null;
}

/** Who people are and which groups they are in, as the workspace knows it. Throws VendorError; callers deny then. */
export interface GroupsPort {
	readonly platform: Platform;
	/** The one tenant that is asked, whose people alone are no outsiders; null: `profile` tells them apart by itself. */
	readonly tenant?: string | null;
	/** `fresh` reads past the cache (on every approval): whose account was closed a moment ago decides nothing any more. */
	profile(user: string, fresh: boolean): Promise<Profile>;
	/** Which of these groups the person is in. `fresh` reads past the cache (on every approval). */
	memberOf(user: string, groups: readonly string[], fresh: boolean): Promise<ReadonlySet<string>>;
}
