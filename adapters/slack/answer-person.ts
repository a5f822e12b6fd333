import type { Card } from "../../src/ports/chat.ts";
import type { SlackContext } from "./context.ts";
import { type Rendered, renderCard } from "./render-card.ts";

/** Where a person spoke, and how an answer reaches them there. */
export interface Where {
	readonly user: string;
	/** Good for five answers within 30 minutes. */
	readonly responseUrl: string | null;
	/** The answer takes the place of the message that was clicked; only ever one that the person alone sees. */
	readonly replaces: boolean;
	readonly channel: string | null;
	readonly thread: string | null;
}

const TIMEOUT_MS = 5_000;

/**
 * Tells one person alone. What was asked for has been done by now and must not be done again, so this never throws: when no way leads to
 * the person, the log says so.
 */
export async function answerPerson(context: SlackContext, where: Where, card: Card): Promise<void> {
	const message = renderCard(card);
	const ways = [viaResponseUrl, viaChannel, viaDirectMessage];
	for (const way of ways) {
		try {
			if (await way(context, where, message)) return;
		} catch (error) {
			context.log.debug({ err: error, way: way.name }, "one way to answer in Slack is closed");
		}
	}
	context.log.warn({ user: where.user, channel: where.channel }, "a person could not be answered in Slack");
}

async function viaResponseUrl(_: SlackContext, where: Where, message: Rendered): Promise<boolean> {
	if (where.responseUrl === null) return false;
	const response = await fetch(where.responseUrl, {
		method: "POST",
		headers: { "content-type": "application/json; charset=utf-8" },
		body: JSON.stringify({
			response_type: "ephemeral",
			replace_original: where.replaces,
			...message,
			...(where.thread === null ? {} : { thread_ts: where.thread }),
		}),
		redirect: "error",
		signal: AbortSignal.timeout(TIMEOUT_MS),
	});
	await response.body?.cancel();
	return response.ok;
}

async function viaChannel({ api }: SlackContext, where: Where, message: Rendered): Promise<boolean> {
	const { channel, thread, user } = where;
	if (channel === null) return false;
	const to = { channel, ...message, ...(thread === null ? {} : { thread_ts: thread }) };
	// In a direct message nobody else reads along.
	if (channel.startsWith("D")) await api.chat.postMessage({ ...to, unfurl_links: false, unfurl_media: false });
	else await api.chat.postEphemeral({ ...to, user });
	return true;
}

async function viaDirectMessage({ api }: SlackContext, { user }: Where, message: Rendered): Promise<boolean> {
	await api.chat.postMessage({ channel: user, ...message, unfurl_links: false, unfurl_media: false });
	return true;
}
