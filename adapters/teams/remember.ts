import type { ConversationStore } from "../../src/ports/conversations.ts";
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

function isRemoval({ type, action, membersRemoved, recipient }: Activity): boolean {
	if (type === "installationUpdate") return action === "remove" || action === "remove-upgrade";
	return type === "conversationUpdate" && membersRemoved?.some(({ id }) => id === recipient?.id) === true;
}
