import { directoryId } from "../../src/core/directory-id.ts";
import type { Activity } from "./activity.ts";
import { placeOf } from "./activity.ts";
import type { Target } from "./connection.ts";

/** Who spoke, and where. */
export interface Where extends Target {
	/** Entra object id. */
	readonly user: string;
	readonly userName: string;
	/** The directory that the person is of; another one than the conversation's in a channel that is shared. */
	readonly homeTenant: string;
	readonly channel: string;
	readonly thread: string | null;
	readonly personal: boolean;
}

/** Null: nobody of a directory said it (another bot, the system). */
export function whereOf(activity: Activity): Where | null {
	const user = directoryId(activity.from?.aadObjectId ?? "");
	const botId = activity.recipient?.id;
	const tenant = directoryId(activity.conversation.tenantId ?? activity.channelData?.tenant?.id ?? "");
	if (!user || !botId || !tenant) return null;
	const homeTenant = directoryId(activity.channelData?.tenant?.id || tenant);
	const { serviceUrl } = activity;
	const at = { serviceUrl, botId, tenant, conversationId: activity.conversation.id };
	return { ...at, ...placeOf(activity), user, homeTenant, userName: activity.from?.name ?? user };
}
