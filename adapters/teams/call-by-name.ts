import type { Card, CardBlock, Inline, Mention, Rich } from "../../src/ports/chat.ts";
import type { Member, MembersOf } from "./group-members.ts";

/** What the directory calls somebody or a group; null: it does not say. Never throws. */
export type NameOf = (kind: Mention["kind"], id: string) => Promise<string | null>;

/** People of groups that one message notifies: more of them would only wonder who is meant. */
const MOST_CALLED = 20;

/**
 * The same card, with people and groups of the directory called by the names that it has for them: nobody knows an object id. With
 * `notify`, people whom it knows stay mentioned, so that Teams tells them; it cannot tell a group, so members of those that are called on
 * are mentioned in its place.
 */
export async function callByName(card: Card, nameOf: NameOf, notify: MembersOf | null = null): Promise<Card> {
	const mentions = card.blocks.flatMap(richOf).flatMap((part) => mentionIn(part));
	if (mentions.length === 0) return card;
	const names = new Map<string, string>();
	const members = new Map<string, readonly Member[]>();
	await Promise.all(
		mentions.map(async ({ kind, id, name, except }) => {
			const called = await nameOf(kind, id);
			if (called !== null) names.set(name, kind === "group" ? `the group ${called}` : called);
			if (notify === null || kind !== "group" || except === undefined) return;
			const left = new Set(except.map((one) => one.toLowerCase()));
			members.set(
				id,
				(await notify(id)).filter((one) => !left.has(one.id.toLowerCase())),
			);
		}),
	);
	const called = new Set<string>();
	const named = (part: Inline): Rich => {
		const [mention] = mentionIn(part);
		if (mention === undefined) return [part];
		const name = names.get(mention.name);
		if (mention.kind === "group") return [name ?? mention.name, ...callMembers(members.get(mention.id) ?? [], called)];
		return [notify !== null && name !== undefined ? { mention: { ...mention, name } } : (name ?? mention.name)];
	};
	return {
		...card,
		text: [...names].reduce((text, [name, told]) => text.replaceAll(name, told), card.text),
		blocks: card.blocks.map((block): CardBlock => {
			if (block.kind === "fields")
				return { ...block, fields: block.fields.map((field) => ({ ...field, value: field.value.flatMap(named) })) };
			return block.kind === "text" || block.kind === "small" ? { ...block, text: block.text.flatMap(named) } : block;
		}),
	};
}

/** Who was called on already is not called twice. */
function callMembers(members: readonly Member[], called: Set<string>): Rich {
	const fresh = members.filter(({ id }) => !called.has(id)).slice(0, MOST_CALLED - called.size);
	if (fresh.length === 0) return [];
	for (const { id } of fresh) called.add(id);
	const more = members.filter(({ id }) => !called.has(id)).length;
	const people = fresh.flatMap(({ id, name }, n): Inline[] => [
		n === 0 ? " (" : ", ",
		{ mention: { platform: "teams", kind: "user", id, name } },
	]);
	return [...people, more === 0 ? ")" : ` and ${more} more)`];
}

export function richOf(block: CardBlock): Rich {
	if (block.kind === "fields") return block.fields.flatMap(({ value }) => value);
	return block.kind === "text" || block.kind === "small" ? block.text : [];
}

export function mentionIn(part: Inline): Mention[] {
	return typeof part !== "string" && "mention" in part && part.mention.platform === "teams" ? [part.mention] : [];
}
