import type { Json } from "./teams-directory.ts";

/** A button of an Adaptive Card, with what it sends. */
export interface TeamsButton {
	readonly title: string;
	readonly type: string;
	readonly verb: string | null;
	readonly data: Json;
	readonly url: string | null;
	/** What opens when it is pressed. */
	readonly card: Json | null;
}

/** The buttons that a card shows before any of them is pressed. */
export function buttonsOn(card: Json): TeamsButton[] {
	const body = Array.isArray(card["body"]) ? (card["body"] as Json[]) : [];
	const sets = body.filter((element) => element["type"] === "ActionSet");
	return [...sets, card].flatMap((holder) => ((holder["actions"] as Json[] | undefined) ?? []).map(buttonOf));
}

function buttonOf(action: Json): TeamsButton {
	return {
		title: String(action["title"]),
		type: String(action["type"]),
		verb: typeof action["verb"] === "string" ? action["verb"] : null,
		data: (action["data"] as Json | undefined) ?? {},
		url: typeof action["url"] === "string" ? action["url"] : null,
		card: (action["card"] as Json | undefined) ?? null,
	};
}

export function textOf(card: Json): string {
	return String(card["fallbackText"]);
}
