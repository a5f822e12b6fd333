import { z } from "zod";

const id = z.string().min(1).max(1_000);
const optionalId = id.nullish().transform((value) => value ?? null);
const account = z.object({ id, name: z.string().nullish(), aadObjectId: z.string().nullish() });

/** What we read of an activity; everything else is dropped before it is stored. */
export const Activity = z.object({
	type: z.string().min(1).max(100),
	id: optionalId,
	name: optionalId,
	action: optionalId,
	replyToId: optionalId,
	channelId: id,
	serviceUrl: id,
	timestamp: z.string().nullish(),
	text: z.string().nullish(),
	value: z.unknown().optional(),
	from: account.nullish(),
	recipient: account.nullish(),
	conversation: z.object({ id, conversationType: z.string().nullish(), tenantId: z.string().nullish() }),
	channelData: z
		.object({
			tenant: z.object({ id: z.string().nullish() }).nullish(),
			team: z.object({ id: z.string().nullish(), aadGroupId: z.string().nullish() }).nullish(),
			channel: z.object({ id: z.string().nullish() }).nullish(),
			eventType: z.string().nullish(),
		})
		.nullish(),
	entities: z
		.array(z.looseObject({ type: z.string().nullish(), text: z.string().nullish(), mentioned: account.nullish() }))
		.nullish(),
	membersAdded: z.array(account).nullish(),
	membersRemoved: z.array(account).nullish(),
});
export type Activity = z.infer<typeof Activity>;

/** The tenants that an activity names: where it was said, and whose person said it. */
export function tenantsOf(activity: Activity): string[] {
	const named = [activity.conversation.tenantId, activity.channelData?.tenant?.id];
	return named.filter((tenant) => typeof tenant === "string" && tenant !== "") as string[];
}

/** Where it was said. In channels the conversation's id names the thread: `<channel>;messageid=<root>`. */
export function placeOf(activity: Activity): { channel: string; thread: string | null; personal: boolean } {
	const { id: conversation, conversationType } = activity.conversation;
	const [base = conversation, ...rest] = conversation.split(";");
	const root = rest.map((part) => /^messageid=(.+)$/.exec(part)?.[1]).find((found) => found !== undefined);
	return {
		// A thread hangs from the channel that its id begins with; channelData may leave the channel out for the first one.
		channel: base,
		thread: root ?? null,
		personal: conversationType === "personal",
	};
}
