import type { Card, ChatPort, Posted } from "../../src/ports/chat.ts";
import { ask, slackCode, type WebClient } from "./api.ts";
import { MAX_EDIT_TEXT, renderCard } from "./render-card.ts";
import { slackError } from "./slack-error.ts";

const EVENT_TYPE = "draven_message";
const GONE = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);
const CANNOT_LOOK = new Set(["missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"]);
/** Our clock and Slack's need not agree. */
const SKEW_MS = 300_000;
const MAX_PAGES = 5;

/** Slack as the outbox sees it. */
export function slackChat(api: WebClient): ChatPort {
	async function post(channel: string, thread: string | null, card: Card, clientId: string): Promise<Posted> {
		const { text, blocks } = renderCard(card);
		const sent = await ask(() =>
			api.chat.postMessage({
				channel,
				text,
				blocks,
				metadata: { event_type: EVENT_TYPE, event_payload: { client_id: clientId } },
				unfurl_links: false,
				unfurl_media: false,
				...(thread === null ? {} : { thread_ts: thread }),
			}),
		);
		return { channel: sent.channel ?? channel, messageId: sent.ts ?? "" };
	}

	return {
		platform: "slack",
		post: ({ channel, thread }, card, clientId) => post(channel, thread, card, clientId),

		async find({ channel, thread }, clientId, since) {
			const oldest = String((since.getTime() - SKEW_MS) / 1_000);
			const window = { channel, oldest, include_all_metadata: true, limit: 200 };
			let cursor: string | undefined;
			try {
				for (let page = 0; page < MAX_PAGES; page++) {
					const at = cursor === undefined ? window : { ...window, cursor };
					const found =
						thread === null
							? await api.conversations.history(at)
							: await api.conversations.replies({ ...at, ts: thread });
					const hit = found.messages?.find(
						(message) =>
							message.metadata?.event_type === EVENT_TYPE && clientIdOf(message.metadata.event_payload) === clientId,
					);
					if (hit?.ts !== undefined) return { channel, messageId: hit.ts };
					cursor = found.response_metadata?.next_cursor;
					if (cursor === undefined || cursor === "") return null;
				}
				return null;
			} catch (error) {
				if (CANNOT_LOOK.has(slackCode(error) ?? "")) return "cannot_look";
				throw slackError(error);
			}
		},

		async update({ channel, messageId }, card) {
			const { text, blocks } = renderCard(card, MAX_EDIT_TEXT);
			try {
				await api.chat.update({ channel, ts: messageId, text, blocks });
				return "updated";
			} catch (error) {
				if (GONE.has(slackCode(error) ?? "")) return "gone";
				throw slackError(error);
			}
		},

		async tell(user, card, clientId) {
			await post(user, null, card, clientId);
		},
	};
}

function clientIdOf(payload: unknown): unknown {
	return typeof payload === "object" && payload !== null && "client_id" in payload ? payload.client_id : undefined;
}
