import { directoryId } from "../../src/core/directory-id.ts";
import type { Account, ConversationStore } from "../../src/ports/conversations.ts";
import { type Activity, placeOf } from "./activity.ts";

/** Keeps what an activity says of how its channel or its person is reached; forgets both when we were removed. */
export async function remember(conversations: ConversationStore, activity: Activity): Promise<void> {
	const { conversation, serviceUrl, recipient, from, channelData } = activity;
	const tenant = conversation.tenantId ?? channelData?.tenant?.id;
	if (!tenant || !recipient) return;
	const { channel, personal } = placeOf(activity);
	const user = from?.aadObjectId ?? null;
	const teamId = channelData?.team?.id ?? null;
	if (isRemoval(activity)) {
		if (personal && user !== null) await conversations.forget({ user });
		else if (teamId !== null) await conversations.forget({ teamId });
		return;
	}
	await conversations.keepAccounts(accountsIn(activity, tenant));
	const at = { tenant, serviceUrl, botId: recipient.id, activityId: activity.id };
	if (personal) {
		if (user === null) return;
		const of = { kind: "personal" as const, id: user, conversationId: conversation.id, teamId: null, aadGroupId: null };
		await conversations.keep({ ...at, ...of, userId: from?.id ?? null, userName: from?.name ?? null });
		return;
	}
	const aadGroupId = channelData?.team?.aadGroupId ?? null;
	const of = { kind: "channel" as const, id: channel, conversationId: channel, teamId, aadGroupId };
	await conversations.keep({ ...at, ...of, userId: null, userName: null });
}

/** Everybody whom it names, as Teams calls them and as the directory does. */
function accountsIn({ from, membersAdded }: Activity, tenant: string): Account[] {
	const people = [
		...(membersAdded ?? []).map((one) => ({ ...one, heard: false })),
		...(from ? [{ ...from, heard: true }] : []),
	];
	return people.flatMap(({ id, aadObjectId, heard }) =>
		aadObjectId ? [{ tenant: directoryId(tenant), person: directoryId(aadObjectId), userId: id, heard }] : [],
	);
}

function isRemoval({ type, action, membersRemoved, recipient }: Activity): boolean {
	if (type === "installationUpdate") return action === "remove" || action === "remove-upgrade";
	return type === "conversationUpdate" && membersRemoved?.some(({ id }) => id === recipient?.id) === true;
}
