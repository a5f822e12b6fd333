import { createHash } from "node:crypto";
import { hurriedKeys, type PressKeys } from "../../src/core/hurried-press.ts";
import { type Body, textAt } from "./body.ts";

/** How a request is known from the moment it was taken. */
export interface Delivery {
	readonly id: string;
	readonly saidAt: Date;
}

/** Written into a request when it is stored. `fallback`: what names this delivery where the request itself carries nothing. */
export function withDelivery(
	body: Body,
	fallback: string,
	now: Date,
): {
	readonly kept: Body & { readonly draven: { readonly id: string; readonly saidAt: string } };
	readonly sameAs: readonly string[];
} {
	const { id, sameAs } = hurried(body) ?? {
		id: deliveryId(body) ?? `other:${createHash("sha256").update(fallback).digest("hex")}`,
		sameAs: [],
	};
	return { kept: { ...body, draven: { id, saidAt: now.toISOString() } }, sameAs };
}

export function deliveryOf(body: unknown): Delivery {
	const id = textAt(body, "draven", "id");
	if (id === null) throw new Error("a request of Slack was not stored before it was carried out");
	return { id, saidAt: new Date(textAt(body, "draven", "saidAt") ?? 0) };
}

/**
 * What makes two deliveries the same one: Slack repeats events, and a signed request can be played again.
 * Null: the request carries nothing of the kind.
 */
function deliveryId(body: Body): string | null {
	const type = textAt(body, "type");
	const user = textAt(body, "user", "id");
	switch (type) {
		case null: {
			const trigger = textAt(body, "trigger_id");
			return trigger === null ? null : `command:${trigger}`;
		}
		case "event_callback": {
			const event = textAt(body, "event_id");
			return event === null ? null : `event:${textAt(body, "team_id")}:${event}`;
		}
		case "block_actions": {
			const at = textAt(body, "actions", 0, "action_ts");
			return at === null || user === null ? null : `action:${user}:${placeOf(body)}:${at}`;
		}
		case "view_submission": {
			const view = textAt(body, "view", "id");
			return view === null ? null : `view:${user}:${view}:${textAt(body, "view", "hash") ?? ""}`;
		}
		default:
			return null;
	}
}

/** A click that would be carried out twice: a command, and a retry. Most decisions have one effect however often they are clicked. */
function hurried(body: Body): PressKeys | null {
	const user = textAt(body, "user", "id");
	const at = Number(textAt(body, "actions", 0, "action_ts") ?? Number.NaN) * 1_000;
	const button = textAt(body, "actions", 0, "action_id") ?? "";
	if (textAt(body, "type") !== "block_actions" || user === null || Number.isNaN(at)) return null;
	const isTwice = button.startsWith("say:") || button.startsWith("decision:retry:");
	// By what it says: another button may stand in its place once the message is drawn anew.
	const what = createHash("sha256")
		.update(textAt(body, "actions", 0, "value") ?? button)
		.digest("hex")
		.slice(0, 32);
	return isTwice ? hurriedKeys(`press:${user}:${placeOf(body)}:${what}`, at) : null;
}

function placeOf(body: Body): string {
	return textAt(body, "container", "message_ts") ?? textAt(body, "message", "ts") ?? textAt(body, "view", "id") ?? "";
}
