import type { GroupsPort, Profile } from "../../src/ports/groups.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { sharedReads } from "../http/shared-reads.ts";
import { ask, slackCode, type WebClient } from "./api.ts";
import type { IdentitySource } from "./identity.ts";
import { slackError } from "./slack-error.ts";

export interface SlackGroups extends GroupsPort {
	/** What is cached of a group or person is stale; null: all of it. */
	forget(what: { group: string } | { user: string } | null): void;
}

const GROUP_TTL_MS = 60_000;
const PROFILE_TTL_MS = 15_000;
/** There is no such group: that is an answer, nobody is in it. */
const NO_SUCH_GROUP = new Set(["no_such_subteam", "subteam_not_found"]);

/** Who people are and which user groups they are in, read from Slack. A read that fails is never answered from what was known before. */
export function slackGroups(api: WebClient, identity: IdentitySource, now: () => number = Date.now): SlackGroups {
	const members = sharedReads((group) => readMembers(api, group), GROUP_TTL_MS, now);
	const profiles = sharedReads((user) => readProfile(api, identity, user), PROFILE_TTL_MS, now);
	return {
		platform: "slack",
		profile: profiles.read,
		async memberOf(user, groups, fresh) {
			const found = await Promise.all(
				groups.map(async (group) => ((await members.read(group, fresh)).has(user) ? [group] : [])),
			);
			return new Set(found.flat());
		},
		forget(what) {
			if (what === null || "group" in what) members.forget(what?.group ?? null);
			if (what === null || "user" in what) profiles.forget(what?.user ?? null);
		},
	};
}

async function readMembers(api: WebClient, group: string): Promise<ReadonlySet<string>> {
	try {
		const told = await api.usergroups.users.list({ usergroup: group });
		if (told.users === undefined)
			throw new VendorError("unavailable", `Slack did not say who is in the group ${group}.`);
		return new Set(told.users);
	} catch (error) {
		if (NO_SUCH_GROUP.has(slackCode(error) ?? "")) return new Set();
		throw slackError(error);
	}
}

async function readProfile(api: WebClient, identity: IdentitySource, id: string): Promise<Profile> {
	const us = await identity.get();
	const { user } = await ask(() => api.users.info({ user: id }));
	if (user === undefined) throw new VendorError("unavailable", `Slack did not say who ${id} is.`);
	const email = user.profile?.email;
	const sameTeam = user.team_id === undefined || user.team_id === us.teamId;
	const sameEnterprise = us.enterpriseId !== null && user.enterprise_user?.enterprise_id === us.enterpriseId;
	const outsider =
		user.deleted === true ||
		user.is_bot === true ||
		user.is_stranger === true ||
		user.is_restricted === true ||
		user.is_ultra_restricted === true ||
		!(sameTeam || sameEnterprise);
	return {
		name: [user.profile?.real_name, user.real_name, user.profile?.display_name, user.name].find(Boolean) ?? id,
		// The addresses of members are the workspace's own; whoever else brought theirs along.
		email: outsider || !email || user.is_email_confirmed !== true ? null : email.toLowerCase(),
		outsider,
		timezone: user.tz ?? null,
	};
}
