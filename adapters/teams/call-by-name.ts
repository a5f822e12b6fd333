import type { Card, CardBlock, Inline, Rich } from "../../src/ports/chat.ts";

type Mention = Extract<Inline, { readonly mention: object }>["mention"];

/** What the directory calls somebody or a group; null: it does not say. Never throws. */
export type NameOf = (kind: Mention["kind"], id: string) => Promise<string | null>;

/**
 * The same card, with people and groups of the directory called by the names that it has for them: nobody knows an object id. With
 * `notify`, people whom it knows stay mentioned, so that Teams tells them; it cannot tell a group.
 */
export async function callByName(card: Card, nameOf: NameOf, notify = false): Promise<Card> {
	const mentions = card.blocks.flatMap(richOf).flatMap((part) => mentionIn(part));
	if (mentions.length === 0) return card;
	const names = new Map<string, string>();
	await Promise.all(
		mentions.map(async ({ kind, id, name }) => {
			const called = await nameOf(kind, id);
			if (called !== null) names.set(name, kind === "group" ? `the group ${called}` : called);
		}),
	);
	const named = (part: Inline): Inline => {
		const [mention] = mentionIn(part);
		if (mention === undefined) return part;
		const called = names.get(mention.name);
		return notify && called !== undefined && mention.kind === "user"
			? { mention: { ...mention, name: called } }
			: (called ?? mention.name);
	};
	return {
		text: [...names].reduce((text, [name, called]) => text.replaceAll(name, called), card.text),
		blocks: card.blocks.map((block): CardBlock => {
			if (block.kind === "fields")
				return { ...block, fields: block.fields.map((field) => ({ ...field, value: field.value.map(named) })) };
			return block.kind === "text" || block.kind === "small" ? { ...block, text: block.text.map(named) } : block;
		}),
	};
}

export function richOf(block: CardBlock): Rich {
	if (block.kind === "fields") return block.fields.flatMap(({ value }) => value);
	return block.kind === "text" || block.kind === "small" ? block.text : [];
}

export function mentionIn(part: Inline): Mention[] {
	return typeof part !== "string" && "mention" in part && part.mention.platform === "teams" ? [part.mention] : [];
}
