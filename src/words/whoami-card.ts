import { type Principal, ROLES, type Role } from "../core/access.ts";
import type { Card, CardBlock } from "../ports/chat.ts";
import { reachWords } from "./refusal-words.ts";
import { card } from "./rich.ts";

/** What each role may (SPEC section 6). */
const MAY: Record<Role, string> = {
	viewer: "see runs, audit and logs",
	operator: "deploy, dry-run, roll back, cancel own runs, lock",
	approver: "approve and reject",
	admin: "configure, cancel any run, take locks, freeze",
	emergency: "use --force where a policy keeps it for this role",
};

/** Who somebody is here and what they may do, with the places of equal rights told together. */
export function whoamiCard(principal: Principal, places: readonly { place: string; roles: readonly Role[] }[]): Card {
	const byRoles = new Map<string, string[]>();
	for (const { place, roles } of places) {
		const key = roles.length === 0 ? "nothing" : roles.join(", ");
		byRoles.set(key, [...(byRoles.get(key) ?? []), place]);
	}
	const identities = principal.identities.map((one) => `${one.platform} ${one.externalId}`).join(", ");
	const blocks: CardBlock[] = [
		{ kind: "text", text: [{ bold: principal.person.name }, identities === "" ? "" : ` (${identities})`] },
	];
	if (principal.emails.length > 0) blocks.push({ kind: "small", text: [principal.emails.join(", ")] });
	if (principal.outsider)
		blocks.push({ kind: "text", text: ["You are a guest or from another workspace: you may look, and nothing more."] });
	if (principal.tokenReach !== undefined)
		blocks.push({ kind: "text", text: [`This token holds for ${reachWords(principal.tokenReach)}.`] });
	if (!principal.groups.known)
		blocks.push({
			kind: "text",
			text: [`Your groups could not be read (${principal.groups.why}), so rights by group are missing here.`],
		});
	else if (principal.groups.ids.size > 0)
		blocks.push({ kind: "text", text: [{ bold: "groups" }, `: ${[...principal.groups.ids].join(", ")}`] });
	for (const [roles, where] of byRoles) blocks.push({ kind: "text", text: [{ bold: roles }, `: ${where.join(", ")}`] });
	const held = ROLES.filter((role) => places.some(({ roles }) => roles.includes(role)));
	blocks.push({ kind: "small", text: [held.map((role) => `${role}: ${MAY[role]}`).join(" · ")] });
	return card(...blocks);
}
