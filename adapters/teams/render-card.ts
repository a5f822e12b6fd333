import type { Card, CardBlock, Rich } from "../../src/ports/chat.ts";
import { mentionIn, richOf } from "./call-by-name.ts";
import { type Element, press, renderAction } from "./card-action.ts";
import type { Message } from "./connection.ts";
import { chunks, cut, escapeText, markdown, mentionText } from "./markdown.ts";
import { tellApart } from "./tell-apart.ts";
import { weigh } from "./weigh.ts";

export const CARD_TYPE = "application/vnd.microsoft.card.adaptive";

/** Teams takes 100 KB a message, with its own wrapping; this many letters, as they are weighed, are well below 80 KB. */
export const ROOM = 36_000;
export const MAX_FALLBACK = 6_000;
const MAX_SPEAK = 1_000;
const PIECE = 3_000;
const MAX_FACT = 1_500;
const MAX_BUTTONS = 6;
export const MORE: Element = {
	type: "TextBlock",
	text: "… and more, which does not fit into one message.",
	isSubtle: true,
	size: "Small",
	wrap: true,
};

/** A card as an Adaptive Card 1.5: no colours of our own, so that it is readable in every theme. */
export function renderCard(asked: Card, room = ROOM): Element {
	const card = tellApart(asked);
	const shell = {
		type: "AdaptiveCard",
		$schema: "http://adaptivecards.io/schemas/adaptive-card.json",
		version: "1.5",
		fallbackText: cut(card.text, Math.min(MAX_FALLBACK, Math.floor(room / 4))) || "–",
		speak: cut(spoken(card), MAX_SPEAK),
		...teamsOnly(card),
	};
	const body = withinRoom(card.blocks.flatMap(renderBlock), room - weigh(shell));
	return { ...shell, body };
}

function teamsOnly(card: Card): { readonly msteams?: Element } {
	const mentions = card.blocks.flatMap(richOf).flatMap((part) => {
		const text = typeof part !== "string" && "mention" in part ? mentionText(part) : null;
		return mentionIn(part).map(({ id, name }) => ({ type: "mention", text, mentioned: { id, name } }));
	});
	const entities = mentions.filter(({ text }) => text !== null);
	const full = card.blocks.length > 1 ? { width: "Full" } : {};
	const msteams = { ...full, ...(entities.length > 0 ? { entities } : {}) };
	return Object.keys(msteams).length > 0 ? { msteams } : {};
}

/** The message that carries it. `readers`: the clients of these ask for a view of their own, where decisions are asked for. */
export function messageOf(card: Card, room = ROOM, readers: readonly string[] = []): Message {
	const refresh = readers.length === 0 ? null : ownViews(card, readers);
	const content = renderCard(card, refresh === null ? room : room - weigh(refresh));
	return {
		type: "message",
		summary: cut(card.text.split("\n")[0] ?? "", 200) || "DRAVEN",
		attachments: [{ contentType: CARD_TYPE, content: refresh === null ? content : { ...content, refresh } }],
	};
}

/** Null: it shows nothing that is for some people alone. */
function ownViews(card: Card, userIds: readonly string[]): Element | null {
	const actions = card.blocks.flatMap((block) => (block.kind === "actions" ? block.actions : []));
	const approve = actions.find((action) => action.kind === "decision" && action.id === "approve");
	if (approve?.kind !== "decision") return null;
	const { fallback: _, ...action } = press({ title: "Your view" }, { act: "view", value: approve.value });
	return { action, userIds };
}

/** The text without what a voice reads as mark-up. */
function spoken(card: Card): string {
	return card.text.replace(/[<>&]/g, " ").replace(/\s+/g, " ").trim() || "–";
}

export function renderBlock(block: CardBlock): Element[] {
	switch (block.kind) {
		case "title":
			return [text(escapeText(cut(block.text, 300)), { size: "Large", weight: "Bolder", style: "heading" })];
		case "text":
			return markdown(block.text, PIECE).map((piece) => text(piece));
		case "small":
			return markdown(block.text, PIECE).map((piece) => text(piece, { isSubtle: true, size: "Small" }));
		case "code":
			return chunks(block.text, PIECE)
				.filter((piece) => piece.trim() !== "")
				.map((piece) => text(escapeText(piece).replace(/\r?\n/g, "\n\n"), { fontType: "Monospace", size: "Small" }));
		case "fields":
			return [
				{
					type: "FactSet",
					facts: block.fields.map(({ label, value }) => ({
						title: escapeText(cut(label, 100)),
						value: factValue(value),
					})),
				},
			];
		case "divider":
			return [{ type: "TextBlock", text: " ", separator: true }];
		case "actions": {
			const buttons = block.actions.map(renderAction).filter((button) => button !== null);
			const sets: Element[] = [];
			for (let at = 0; at < buttons.length; at += MAX_BUTTONS)
				sets.push({ type: "ActionSet", actions: buttons.slice(at, at + MAX_BUTTONS) });
			return sets;
		}
		default:
			return block satisfies never;
	}
}

/** A fact has no second line to go on in: what does not fit shows as an ellipsis. */
function factValue(value: Rich): string {
	const [first = "–", ...rest] = markdown(value, MAX_FACT);
	return rest.length === 0 ? first : `${first} …`;
}

function text(markdownText: string, more: Element = {}): Element {
	return { type: "TextBlock", text: markdownText, wrap: true, ...more };
}

/** Buttons stay; of the rest, what comes last gives way, and a line says so. */
function withinRoom(elements: readonly Element[], room: number): Element[] {
	const weight = (element: Element) => weigh(element) + 1;
	const total = elements.reduce((sum, element) => sum + weight(element), 0);
	if (total <= room) return [...elements];
	let left = room - weight(MORE);
	const sets = elements.filter((element) => {
		if (element["type"] !== "ActionSet" || weight(element) > left / 2) return false;
		left -= weight(element);
		return true;
	});
	let full = false;
	const kept = elements.filter((element) => {
		if (element["type"] === "ActionSet") return sets.includes(element);
		left -= weight(element);
		full ||= left < 0;
		return !full;
	});
	return [...kept, MORE];
}
