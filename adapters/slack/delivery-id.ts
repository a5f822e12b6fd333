import { type Body, textAt } from "./body.ts";

/**
 * What makes two deliveries the same one: Slack repeats events, and a signed request can be played again.
 * Null: the request carries nothing of the kind.
 */
export function deliveryId(body: Body): string | null {
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
			return at === null || user === null ? null : `action:${user}:${where}:${at}`;
		}
		case "view_submission": {
			const view = textAt(body, "view", "id");
			return view === null ? null : `view:${user}:${view}:${textAt(body, "view", "hash") ?? ""}`;
		}
		default:
			return null;
	}
}
