import { createHash } from "node:crypto";
import { type Body, textAt } from "./body.ts";

/** Clicks of one person on one button that lie this close together are one. */
const HURRY_SECONDS = 5;

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
): Body & { readonly draven: { readonly id: string; readonly saidAt: string } } {
	const id = deliveryId(body) ?? `other:${createHash("sha256").update(fallback).digest("hex")}`;
	return { ...body, draven: { id, saidAt: now.toISOString() } };
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
			const where =
				textAt(body, "container", "message_ts") ?? textAt(body, "message", "ts") ?? textAt(body, "view", "id") ?? "";
			if (at === null || user === null) return null;
			const button = textAt(body, "actions", 0, "action_id") ?? "";
			// A decision has one effect however often it is clicked; a command that is clicked twice in a hurry was meant once.
			const once = button.startsWith("say:") ? `${button}:${Math.floor(Number(at) / HURRY_SECONDS)}` : at;
			return `action:${user}:${where}:${once}`;
		}
		case "view_submission": {
			const view = textAt(body, "view", "id");
			return view === null ? null : `view:${user}:${view}:${textAt(body, "view", "hash") ?? ""}`;
		}
		default:
			return null;
	}
}
