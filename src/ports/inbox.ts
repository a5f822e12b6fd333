import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * The raw bytes of a request of which nobody knows yet who sent it. They are held against a budget that all inboxes share, until the
 * response is over. "busy": too much is held already; "too_slow": it does not come at a pace that is worth its place. Of what is not
 * taken the rest is not read: the connection has to be closed. Throws when the sender goes away.
 */
export type ReadBody = (
	request: IncomingMessage,
	response: ServerResponse,
	limit: number,
) => Promise<Buffer | "too_large" | "busy" | "too_slow">;

/** Takes the requests of a chat, past the framework. */
export type Inbox = (request: IncomingMessage, response: ServerResponse, read: ReadBody) => void;

/** What is stored of a request of a chat before it is answered. */
export interface InboxItem {
	/** A second one with the same key is dropped. */
	readonly dedupeKey: string;
	/** It is dropped as well when one of these is there. */
	readonly sameAs: readonly string[];
	readonly body: unknown;
}
