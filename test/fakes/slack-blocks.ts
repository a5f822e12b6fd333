/** Slack's own limits, checked the way Slack does: a message that breaks one is refused as a whole. */
export function problemOfBlocks(blocks: unknown, max: number): string | null {
	if (!Array.isArray(blocks)) return "blocks are no list";
	if (blocks.length > max) return `${blocks.length} blocks`;
	if (JSON.stringify(blocks).length > 13_000 && max === 50) return "msg_blocks_too_long";
	for (const block of blocks) {
		const problem = problemOfBlock(block);
		if (problem !== null) return `${problem}: ${JSON.stringify(block).slice(0, 300)}`;
	}
	return null;
}

type Json = Record<string, unknown>;

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

function problemOfText(text: unknown, limit: number, kind?: string): string | null {
	if (!isJson(text)) return "a text is missing";
	if (kind !== undefined && text["type"] !== kind) return `not ${kind}`;
	if (typeof text["text"] !== "string" || text["text"] === "") return "an empty text";
	if (text["text"].length > limit) return `a text of ${text["text"].length} letters, ${limit} are allowed`;
	// Whatever stands in angle brackets has to be a link, a date or a mention that we made.
	for (const [, inside] of text["text"].matchAll(/<([^>]*)>?/g))
		if (!/^(https?:\/\/|mailto:|!date\^|!subteam\^[A-Z0-9_]+$|@[A-Z0-9_]+$)/.test(inside ?? ""))
			return `mark-up that nobody meant: <${inside}`;
	return null;
}

function problemOfBlock(block: unknown): string | null {
	if (!isJson(block)) return "no block";
	switch (block["type"]) {
		case "divider":
			return null;
		case "header":
			return problemOfText(block["text"], 150, "plain_text");
		case "section": {
			const fields = block["fields"];
			if (fields === undefined) return problemOfText(block["text"], 3_000);
			if (!Array.isArray(fields) || fields.length === 0 || fields.length > 10) return "fields";
			return first(fields, (field) => problemOfText(field, 2_000));
		}
		case "context": {
			const elements = block["elements"];
			if (!Array.isArray(elements) || elements.length === 0 || elements.length > 10) return "context elements";
			return first(elements, (element) => problemOfText(element, 3_000));
		}
		case "actions": {
			const elements = block["elements"];
			if (!Array.isArray(elements) || elements.length === 0 || elements.length > 25) return "action elements";
			const ids = elements.map((element) => (isJson(element) ? element["action_id"] : null));
			if (new Set(ids).size !== ids.length) return "the same action_id twice in a block";
			return first(elements, problemOfButton);
		}
		case "input":
			return problemOfText(block["label"], 2_000, "plain_text");
		default:
			return "a block of no known type";
	}
}

function problemOfButton(button: unknown): string | null {
	if (!isJson(button) || button["type"] !== "button") return "no button";
	const id = button["action_id"];
	if (typeof id !== "string" || id.length > 255) return "action_id";
	if (typeof button["value"] === "string" && button["value"].length > 2_000) return "a value too long";
	if (typeof button["url"] === "string" && button["url"].length > 3_000) return "a url too long";
	const spoken = button["accessibility_label"];
	if (typeof spoken !== "string" || spoken.length > 75) return "accessibility_label";
	const { confirm } = button;
	if (isJson(confirm)) {
		const problem =
			problemOfText(confirm["title"], 100, "plain_text") ??
			problemOfText(confirm["text"], 300) ??
			problemOfText(confirm["confirm"], 30, "plain_text") ??
			problemOfText(confirm["deny"], 30, "plain_text");
		if (problem !== null) return problem;
	}
	return problemOfText(button["text"], 75, "plain_text");
}

function first<T>(list: readonly T[], problem: (one: T) => string | null): string | null {
	for (const one of list) {
		const found = problem(one);
		if (found !== null) return found;
	}
	return null;
}

export interface ShownButton {
	readonly label: string;
	readonly actionId: string;
	readonly value: string;
	readonly style: string | null;
	readonly spoken: string;
	readonly asks: string | null;
}

/** The buttons that a person sees. */
export function buttonsOf(blocks: unknown): ShownButton[] {
	const text = (value: unknown) => (isJson(value) && typeof value["text"] === "string" ? value["text"] : "");
	return (Array.isArray(blocks) ? blocks : []).flatMap((block: unknown) =>
		isJson(block) && block["type"] === "actions" && Array.isArray(block["elements"])
			? block["elements"].filter(isJson).map((one) => ({
					label: text(one["text"]),
					actionId: String(one["action_id"]),
					value: String(one["value"] ?? ""),
					style: typeof one["style"] === "string" ? one["style"] : null,
					spoken: String(one["accessibility_label"] ?? ""),
					asks: isJson(one["confirm"]) ? text(one["confirm"]["text"]) : null,
				}))
			: [],
	);
}
