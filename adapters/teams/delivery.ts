import { createHash } from "node:crypto";
import type { Activity } from "./activity.ts";
import { pressedOf } from "./pressed.ts";

/** Presses of one person on one button that lie this close together are one. */
const HURRY_MS = 5_000;

/**
 * What makes two deliveries the same one: Microsoft sends again what it got no answer for. A decision has one effect however often it is
 * pressed; a command that is pressed twice in a hurry was meant once.
 */
export function deliveryId(activity: Activity): string {
	const { id, timestamp, conversation, replyToId, from } = activity;
	const pressed = pressedOf(activity);
	const at = Date.parse(timestamp ?? "");
	if (pressed !== null && pressed.press.act !== "decide" && !Number.isNaN(at)) {
		const what = digest(JSON.stringify(pressed));
		return `press:${from?.aadObjectId ?? from?.id}:${replyToId ?? ""}:${what}:${Math.floor(at / HURRY_MS)}`;
	}
	return id === null ? `other:${digest(JSON.stringify(activity))}` : `${activity.type}:${conversation.id}:${id}`;
}

function digest(text: string): string {
	return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
