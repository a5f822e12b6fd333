import type { types } from "@slack/bolt";
import type { Card, CardAction, CardBlock } from "../../src/ports/chat.ts";
import { chunks, cut, escapeText, mrkdwn, plainText } from "./mrkdwn.ts";

type KnownBlock = types.KnownBlock;
type Button = types.Button;

export interface Rendered {
	readonly text: string;
	readonly blocks: KnownBlock[];
}

const MAX_BLOCKS = 50;
/** Slack refuses somewhere above 13,000 letters in all, though no reference says so. */
const MAX_LETTERS = 11_000;
const SECTION = 3_000;
const FIELD = 2_000;
/** A new message may have 40,000 letters; what the blocks cannot show of a long answer is here. */
const MAX_TEXT = 20_000;
/** An edit takes less than a post. */
export const MAX_EDIT_TEXT = 3_900;

/** A card as Slack takes it: within every limit, and every text escaped. */
export function renderCard(card: Card, maxText = MAX_TEXT): Rendered {
	return { text: fallback(card.text, maxText), blocks: withinLimits(renderBlocks(card.blocks, 0), MAX_BLOCKS) };
}

/** The blocks of a card; `from` keeps the ids of buttons apart where several cards share one view. */
export function renderBlocks(blocks: readonly CardBlock[], from: number): KnownBlock[] {
	let primary = false;
	return blocks.flatMap((block, index) => {
		if (block.kind !== "actions") return renderBlock(block);
		const actions = block.actions.map((action): CardAction => {
			if (action.kind !== "decision" || action.style !== "primary") return action;
			if (primary) return { ...action, style: "default" };
			primary = true;
			return action;
		});
		return renderActions(actions, from + index);
	});
}

function renderBlock(block: Exclude<CardBlock, { kind: "actions" }>): KnownBlock[] {
	switch (block.kind) {
		case "title":
			return [{ type: "header", text: { type: "plain_text", text: plainText(block.text, 150), emoji: false } }];
		case "text":
			return mrkdwn(block.text, SECTION).map((text) => ({ type: "section", text: marked(text) }));
		case "fields":
			return renderFields(block);
		case "small":
			return mrkdwn(block.text, FIELD).map((text) => ({ type: "context", elements: [marked(text)] }));
		case "code":
			return chunks(block.text.replaceAll("```", "ˋˋˋ"), 580)
				.filter((piece) => piece.trim() !== "")
				.map((piece) => ({ type: "section", text: marked(`\`\`\`${escapeText(piece)}\`\`\``) }));
		case "divider":
			return [{ type: "divider" }];
		default:
			return block satisfies never;
	}
}

function marked(text: string): types.MrkdwnElement {
	// verbatim: Slack makes no links and no mentions of its own out of what people wrote.
	return { type: "mrkdwn", text, verbatim: true };
}

function renderFields({ fields }: Extract<CardBlock, { kind: "fields" }>): KnownBlock[] {
	const texts = fields.map(({ label, value }) => mrkdwn([{ bold: cut(label, 100) }, "\n", ...value], FIELD)[0] ?? "–");
	const sections: KnownBlock[] = [];
	for (let at = 0; at < texts.length; at += 10)
		sections.push({ type: "section", fields: texts.slice(at, at + 10).map(marked) });
	return sections;
}

function renderActions(actions: readonly CardAction[], block: number): KnownBlock[] {
	const buttons = actions.flatMap((action, index) => renderAction(action, `${block}.${index}`));
	const rows: KnownBlock[] = [];
	for (let at = 0; at < buttons.length; at += 25) rows.push({ type: "actions", elements: buttons.slice(at, at + 25) });
	return rows;
}

function renderAction(action: CardAction, place: string): Button[] {
	const button = {
		type: "button" as const,
		text: { type: "plain_text" as const, text: plainText(action.label, 75), emoji: false },
		accessibility_label: cut(action.spoken, 75) || "–",
	};
	switch (action.kind) {
		case "decision":
			return [
				{
					...button,
					action_id: `decision:${action.id}:${place}`,
					value: action.value,
					...(action.style === "default" ? {} : { style: action.style }),
					...(action.confirm === null ? {} : { confirm: confirmation(action.label, action.confirm) }),
				},
			];
		case "command":
			// A command that is cut short is another command.
			return action.command.length > 2_000 ? [] : [{ ...button, action_id: `say:${place}`, value: action.command }];
		case "link":
			return /^https?:\/\//i.test(action.url) && action.url.length <= 3_000
				? [{ ...button, action_id: `link:${place}`, url: action.url }]
				: [];
		default:
			return action satisfies never;
	}
}

function confirmation(label: string, question: string): types.ConfirmationDialog {
	const words = (text: string, limit: number) => ({ type: "plain_text" as const, text: plainText(text, limit) });
	return {
		title: words(label, 100),
		text: words(question, 300),
		confirm: words(label, 30),
		deny: words("Leave it", 30),
	};
}

/** Buttons stay; of the rest, what comes last gives way, and a line says so. */
export function withinLimits(blocks: readonly KnownBlock[], maxBlocks: number): KnownBlock[] {
	const weight = (block: KnownBlock) => JSON.stringify(block).length;
	const total = blocks.reduce((sum, block) => sum + weight(block), 0);
	if (blocks.length <= maxBlocks && total <= MAX_LETTERS) return [...blocks];
	const actions = blocks.filter((block) => block.type === "actions").slice(0, 5);
	let room = MAX_LETTERS - 200 - actions.reduce((sum, block) => sum + weight(block), 0);
	let places = maxBlocks - 1 - actions.length;
	let full = false;
	const kept = blocks.filter((block) => {
		if (block.type === "actions") return actions.includes(block);
		room -= weight(block);
		places -= 1;
		full ||= room < 0 || places < 0;
		return !full;
	});
	return [...kept, { type: "context", elements: [marked("… and more, which does not fit into one message.")] }];
}

/** What notifications, screen readers and old clients show. */
function fallback(text: string, limit: number): string {
	let size = limit;
	while (escapeText(cut(text, size)).length > limit) size -= Math.max(1, Math.floor(size / 20));
	return escapeText(cut(text, size)) || "–";
}
