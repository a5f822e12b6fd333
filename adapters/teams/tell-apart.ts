import type { Card, CardBlock, Inline, Rich } from "../../src/ports/chat.ts";
import { mentionIn } from "./call-by-name.ts";
import { cut, mentionText } from "./markdown.ts";

/** Longer names are cut, and what tells them apart must not be. */
const ROOM_FOR_NAME = 180;

/**
 * The same card, with people of one name told apart: Teams finds who is mentioned by the text alone, so that two Ann Lees would both be
 * the first. Whoever comes second is "Ann Lee (2)".
 */
export function tellApart(card: Card): Card {
	/** Whose text it is, by the text. */
	const owners = new Map<string, string>();
	const apart = (part: Inline): Inline => {
		const [mention] = mentionIn(part);
		if (mention === undefined) return part;
		const id = mention.id.toLowerCase();
		for (let n = 1; ; n++) {
			const one = { mention: n === 1 ? mention : { ...mention, name: `${cut(mention.name, ROOM_FOR_NAME)} (${n})` } };
			const text = mentionText(one);
			if (text === null || (owners.get(text) ?? id) === id) {
				if (text !== null) owners.set(text, id);
				return one;
			}
		}
	};
	const all = (rich: Rich): Rich => rich.map(apart);
	return {
		...card,
		blocks: card.blocks.map((block): CardBlock => {
			if (block.kind === "fields")
				return { ...block, fields: block.fields.map((field) => ({ ...field, value: all(field.value) })) };
			return block.kind === "text" || block.kind === "small" ? { ...block, text: all(block.text) } : block;
		}),
	};
}
