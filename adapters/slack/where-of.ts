import type { Where } from "./answer-person.ts";
import { type Body, textAt } from "./body.ts";
import { readOrigin } from "./form.ts";

/** Where the person is who made a request, and how an answer reaches them; null: nobody asked for anything. */
export function whereOf(body: Body): Where | null {
	switch (textAt(body, "type")) {
		case null:
			return ofCommand(body);
		case "event_callback":
			return ofEvent(body);
		case "block_actions":
			return ofClick(body);
		case "view_submission":
			return ofForm(body);
		default:
			return null;
	}
}

function ofCommand(body: Body): Where | null {
	const user = textAt(body, "user_id");
	if (user === null) return null;
	const [responseUrl, channel] = [textAt(body, "response_url"), textAt(body, "channel_id")];
	return { user, responseUrl, replaces: false, channel, thread: null };
}

/** Words that were said to us; what else happens in a workspace, nobody waits for. */
function ofEvent(body: Body): Where | null {
	const user = textAt(body, "event", "user");
	if (user === null || !["app_mention", "message"].includes(textAt(body, "event", "type") ?? "")) return null;
	const [channel, thread] = [textAt(body, "event", "channel"), textAt(body, "event", "thread_ts")];
	return { user, responseUrl: null, replaces: false, channel, thread };
}

function ofClick(body: Body): Where | null {
	const user = textAt(body, "user", "id");
	if (user === null) return null;
	const message = textAt(body, "container", "message_ts") ?? textAt(body, "message", "ts");
	const thread = textAt(body, "container", "thread_ts") ?? textAt(body, "message", "thread_ts");
	const container = body["container"];
	const ephemeral =
		typeof container === "object" && container !== null && Reflect.get(container, "is_ephemeral") === true;
	return {
		user,
		responseUrl: textAt(body, "response_url"),
		// Buttons that one person was shown have served when they were clicked.
		replaces: ephemeral && textAt(body, "actions", 0, "action_id")?.startsWith("say:") === true,
		channel: textAt(body, "channel", "id") ?? textAt(body, "container", "channel_id"),
		// The root of a thread stands in the channel, and so does the answer: in a thread that is not open nobody would see it.
		thread: thread === message ? null : thread,
	};
}

/** The outcome of a form is told where it was opened from. */
function ofForm(body: Body): Where | null {
	const user = textAt(body, "user", "id");
	if (user === null) return null;
	const { channel, thread } = readOrigin(textAt(body, "view", "private_metadata"));
	return { user, responseUrl: null, replaces: false, channel, thread };
}
