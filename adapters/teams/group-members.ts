import { z } from "zod";
import type { Graph } from "./graph.ts";

/** Somebody of the directory. */
export interface Member {
	readonly id: string;
	readonly name: string;
}

/** Who is in a group, in nested ones too; nobody when that cannot be read. Never throws, and gives no right. */
export type MembersOf = (group: string) => Promise<readonly Member[]>;

/** 300 people: nobody reads the names of more, and no card names more than 60. */
const PAGES = 3;
const SELECT = "id,displayName,userPrincipalName,userType,accountEnabled";

const User = z.object({
	id: z.string().min(1),
	displayName: z.string().nullish(),
	userPrincipalName: z.string().nullish(),
	userType: z.string().nullish(),
	accountEnabled: z.boolean().nullish(),
});

/** The members of a group who are of this directory: no guests, and nobody whose account is closed. Throws VendorError. */
export async function readGroupMembers(graph: Graph, group: string): Promise<readonly Member[]> {
	const path = `/groups/${encodeURIComponent(group)}/transitiveMembers/microsoft.graph.user?$select=${SELECT}&$top=100`;
	const told = await graph.list(path, PAGES);
	return told.flatMap((one) => {
		const read = User.safeParse(one);
		if (!read.success || isOutside(read.data)) return [];
		const { id, displayName, userPrincipalName } = read.data;
		return [{ id, name: displayName || userPrincipalName || id }];
	});
}

/** Guests, and whose account is switched off. */
export function isOutside(
	user: Pick<z.infer<typeof User>, "userType" | "userPrincipalName" | "accountEnabled">,
): boolean {
	const guest = user.userType?.toLowerCase() === "guest" || /#EXT#/i.test(user.userPrincipalName ?? "");
	return guest || user.accountEnabled === false;
}
