import type { Card, CardAction, CardBlock, Inline, Rich } from "../ports/chat.ts";

/** A time as everybody can read it, in UTC: what stands where the platform shows none in the reader's own zone. */
export function plainTime(time: Date): string {
	return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function plainInline(part: Inline): string {
	if (typeof part === "string") return part;
	if ("bold" in part) return part.bold;
	if ("code" in part) return part.code;
	if ("link" in part) return `${part.text} (${part.link})`;
	if ("person" in part) return part.person.name;
	if ("mention" in part) return part.mention.name;
	return plainTime(part.time);
}

export function plain(rich: Rich): string {
	return rich.map(plainInline).join("");
}

/** Where there are no buttons, what they would say can be typed; decisions are told by the card that asks for them. */
function plainAction(action: CardAction): string | null {
	if (action.kind === "command") return `→ ${action.command}`;
	return action.kind === "link" ? `→ ${action.label}: ${action.url}` : null;
}

function plainBlock(block: CardBlock): string | null {
	switch (block.kind) {
		case "title":
		case "code":
			return block.text;
		case "text":
		case "small":
			return plain(block.text);
		case "fields":
			return block.fields.map((field) => `${field.label}: ${plain(field.value)}`).join("\n");
		case "actions":
			return (
				block.actions
					.map(plainAction)
					.filter((text) => text !== null)
					.join("\n") || null
			);
		case "divider":
			return null;
		default:
			return block satisfies never;
	}
}

/** A card whose plain text says all that its blocks say. */
export function card(...blocks: CardBlock[]): Card {
	return {
		blocks,
		text: blocks
			.map(plainBlock)
			.filter((text) => text !== null)
			.join("\n"),
	};
}

export function textCard(...text: Rich): Card {
	return card({ kind: "text", text });
}
