import { createHash } from "node:crypto";
import { hurriedKeys, type PressKeys } from "../../src/core/hurried-press.ts";
import type { Activity } from "./activity.ts";
import type { Press } from "./card-action.ts";
import { pressedOf } from "./pressed.ts";

/**
 * What makes two deliveries the same one: Microsoft sends again what it got no answer for, under the same id. Most decisions have one
 * effect however often they are pressed; what would be done twice is done once when it is pressed twice in a hurry.
 */
export function deliveryKeys(activity: Activity): PressKeys {
	const { id, timestamp, conversation, replyToId, from } = activity;
	const pressed = pressedOf(activity);
	const at = Date.parse(timestamp ?? "");
	if (pressed !== null && !hasOneEffect(pressed.press) && !Number.isNaN(at))
		return hurriedKeys(
			`press:${from?.aadObjectId ?? from?.id}:${replyToId ?? ""}:${digest(JSON.stringify(pressed))}`,
			at,
		);
	const alone = id === null ? `other:${digest(JSON.stringify(activity))}` : `${activity.type}:${conversation.id}:${id}`;
	return { id: alone, sameAs: [] };
}

/** A retry asks for another run each time. */
function hasOneEffect(press: Press): boolean {
	return press.act === "decide" && press.id !== "retry";
}

function digest(text: string): string {
	return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
