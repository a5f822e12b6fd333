import { z } from "zod";
import type { CardAction } from "../../src/ports/chat.ts";
import { cut, isLink } from "./markdown.ts";

/** An element of an Adaptive Card. */
export type Element = Readonly<Record<string, unknown>>;

/** What a button sends back, whichever way; inputs of the card stand beside it. */
export const Pressed = z.object({
	draven: z.discriminatedUnion("act", [
		z.object({
			act: z.literal("decide"),
			id: z.enum(["approve", "reject", "cancel", "retry"]),
			value: z.string().max(200),
		}),
		/** Nobody presses it: a client asks for its reader's own view. */
		z.object({ act: z.literal("view"), value: z.string().max(200) }),
		z.object({ act: z.literal("say"), command: z.string().max(4_000) }),
		/** The person's own page, as it is now. */
		z.object({ act: z.literal("home") }),
		/** The form: its project was picked (then it stands beside as an input), or it was sent. */
		z.object({ act: z.literal("form"), project: z.string().max(200).nullable() }),
	]),
	/** It stands on that page. */
	home: z.boolean().optional(),
});
export type Press = z.infer<typeof Pressed>["draven"];

const MAX_TITLE = 100;
const MAX_REASON = 500;

/** A button of a card. Null: it would not work, or would do something else than it says. */
export function renderAction(action: CardAction): Element | null {
	const about = { title: cut(action.label, MAX_TITLE), tooltip: cut(action.spoken, 250) };
	switch (action.kind) {
		case "link":
			return isLink(action.url) ? { type: "Action.OpenUrl", ...about, url: action.url } : null;
		case "command":
			// A command that is cut short is another command.
			return action.command.length > 4_000 ? null : press(about, { act: "say", command: action.command });
		case "decision": {
			const style = { primary: "positive", danger: "destructive", default: "default" }[action.style];
			const button = press({ ...about, style }, { act: "decide", id: action.id, value: action.value });
			if (action.id === "reject") return ask({ ...about, style }, [REASON], button);
			if (action.confirm === null) return button;
			return ask({ ...about, style }, [{ type: "TextBlock", text: action.confirm, wrap: true }], button);
		}
		default:
			return action satisfies never;
	}
}

const REASON: Element = {
	type: "Input.Text",
	id: "reason",
	label: "Reason: everybody who follows the run reads it",
	isRequired: true,
	errorMessage: "Say why: whoever asked for the run wants to know.",
	isMultiline: true,
	maxLength: MAX_REASON,
};

/** Sends `what` in the name of the person who presses it. Clients that do not know Action.Execute send it as a message. */
export function press(about: Element, what: Press): Element {
	const data = { draven: what };
	return {
		type: "Action.Execute",
		...about,
		verb: `draven/${what.act}`,
		data,
		associatedInputs: "auto",
		fallback: { type: "Action.Submit", ...about, data, associatedInputs: "auto" },
	};
}

/** A button that opens a question first, right under it. */
function ask(about: Element, body: readonly Element[], button: Element): Element {
	return { type: "Action.ShowCard", ...about, card: { type: "AdaptiveCard", version: "1.5", body, actions: [button] } };
}
