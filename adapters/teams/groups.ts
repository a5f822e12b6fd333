import { z } from "zod";
import { directoryId } from "../../src/core/directory-id.ts";
import type { GroupsPort, Profile } from "../../src/ports/groups.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { sharedReads } from "../http/shared-reads.ts";
import type { NameOf } from "./call-by-name.ts";
import type { Graph } from "./graph.ts";
import { isOutside, type MembersOf, readGroupMembers } from "./group-members.ts";
import { refusalOf } from "./teams-error.ts";

export interface TeamsGroups extends GroupsPort {
	/** What is cached of a group or person is stale; null: all of it. */
	forget(what: { group: string } | { user: string } | null): void;
	nameOf: NameOf;
	membersOf: MembersOf;
}

const MEMBERSHIP_TTL_MS = 60_000;
const PROFILE_TTL_MS = 15_000;
const GROUP_NAME_TTL_MS = 3_600_000;
/** Whom cards call on and name: no right hangs on it. */
const MEMBERS_TTL_MS = 300_000;
/** As many as Graph answers in one call. */
const PER_CALL = 20;

const User = z.object({
	displayName: z.string().nullish(),
	mail: z.string().nullish(),
	userPrincipalName: z.string().nullish(),
	userType: z.string().nullish(),
	accountEnabled: z.boolean().nullish(),
});
const Memberships = z.object({ value: z.array(z.string()) });

/** Who people are and which Entra groups they are in, nested ones too. A read that fails is never answered from what was known before. */
export function teamsGroups(graph: Graph, now: () => number = Date.now, tenant: string | null = null): TeamsGroups {
	const profiles = sharedReads((user) => readProfile(graph, user), PROFILE_TTL_MS, now);
	const memberships = sharedReads((key) => readMemberships(graph, key), MEMBERSHIP_TTL_MS, now);
	const groupNames = sharedReads((group) => readGroupName(graph, group), GROUP_NAME_TTL_MS, now);
	const members = sharedReads((group) => readGroupMembers(graph, group), MEMBERS_TTL_MS, now);
	return {
		platform: "teams",
		tenant: tenant === null ? null : directoryId(tenant),
		async nameOf(kind, id) {
			try {
				if (kind === "group") return await groupNames.read(id, false);
				const { name } = await profiles.read(id, false);
				return name === id ? null : name;
			} catch {
				// It is called by its id then.
				return null;
			}
		},
		membersOf: (group) => members.read(group, false).catch(() => []),
		profile: profiles.read,
		async memberOf(user, groups, fresh) {
			const sorted = [...groups].sort();
			const calls: Promise<ReadonlySet<string>>[] = [];
			for (let at = 0; at < sorted.length; at += PER_CALL)
				calls.push(memberships.read(JSON.stringify([user, ...sorted.slice(at, at + PER_CALL)]), fresh));
			const found = await Promise.all(calls);
			return new Set(found.flatMap((ids) => [...ids]));
		},
		forget(what) {
			// A membership is kept with others of the same call.
			if (what === null || "group" in what) memberships.forget(null);
			if (what !== null && "user" in what) memberships.forget(null);
			members.forget(what !== null && "group" in what ? what.group : null);
			profiles.forget(what !== null && "user" in what ? what.user : null);
		},
	};
}

async function readProfile(graph: Graph, id: string): Promise<Profile> {
	const select = "id,displayName,mail,userPrincipalName,userType,accountEnabled";
	const told = await graph.get(`/users/${encodeURIComponent(id)}?$select=${select}`);
	// Somebody of another tenant, in a shared channel: our directory does not know them.
	if (told === null) return { name: id, email: null, outsider: true, timezone: null };
	const read = User.safeParse(told);
	if (!read.success) throw new VendorError("unavailable", "Microsoft Graph did not say who that is.");
	const { displayName, mail, userPrincipalName } = read.data;
	const outsider = isOutside(read.data);
	return {
		name: displayName || userPrincipalName || id,
		// A guest brought theirs along.
		...(outsider ? { email: null } : addressesOf(userPrincipalName ?? "", mail ?? "")),
		outsider,
		timezone: null,
	};
}

/**
 * A user principal name ends with a domain that the tenant has proven to own; `mail` is any text that an admin of it wrote. So `mail`
 * counts when it is of the same domain, and else it joins nobody.
 */
function addressesOf(userPrincipalName: string, mail: string): Pick<Profile, "email" | "otherAddresses"> {
	const domain = domainOf(userPrincipalName);
	const known = [mail, userPrincipalName]
		.filter((address) => domainOf(address) !== null)
		.map((one) => one.toLowerCase());
	const email = known.find((address) => domain !== null && domainOf(address) === domain) ?? null;
	return { email, otherAddresses: [...new Set(known)].filter((address) => address !== email) };
}

function domainOf(address: string): string | null {
	return /^[^@\s]+@([^@\s]+)$/.exec(address)?.[1]?.toLowerCase() ?? null;
}

const Group = z.object({ displayName: z.string().min(1) });

async function readGroupName(graph: Graph, id: string): Promise<string | null> {
	const read = Group.safeParse(await graph.get(`/groups/${encodeURIComponent(id)}?$select=displayName`));
	return read.success ? read.data.displayName : null;
}

async function readMemberships(graph: Graph, key: string): Promise<ReadonlySet<string>> {
	const [user = "", ...groups]: string[] = JSON.parse(key);
	return new Set(await check(graph, user, groups));
}

async function check(graph: Graph, user: string, groups: readonly string[]): Promise<readonly string[]> {
	try {
		const told = await graph.post(`/users/${encodeURIComponent(user)}/checkMemberGroups`, { groupIds: groups });
		if (told === null) return [];
		const read = Memberships.safeParse(told);
		if (!read.success) throw new VendorError("unavailable", "Microsoft Graph did not say which groups they are in.");
		// An id may be written in capitals in one place and not in the other.
		const found = new Set(read.data.value.map((id) => id.toLowerCase()));
		return groups.filter((id) => found.has(id.toLowerCase()));
	} catch (error) {
		if (refusalOf(error)?.status !== 400) throw error;
		// One id that is none makes Graph refuse them all: it alone has no members.
		if (groups.length === 1) return [];
		return (await Promise.all(groups.map((group) => check(graph, user, [group])))).flat();
	}
}
