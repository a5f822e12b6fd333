import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Inbox, ReadBody } from "../../src/ports/inbox.ts";
import { type Body, readRequestBody } from "./body.ts";
import type { IntakeReply } from "./intake.ts";
import { signatureCheck } from "./signature.ts";

const MAX_BYTES = 1_048_576;

export interface InboxOptions {
	readonly signingSecret: string;
	readonly take: (body: Body, fallbackId: string) => Promise<IntakeReply>;
	readonly log: Logger;
	readonly now?: () => number;
}

/** `POST /slack/events`, without a framework: the bytes, their signature, and then what they say. */
export function createInbox(options: InboxOptions): Inbox {
	const { take, log } = options;
	const signed = signatureCheck(options.signingSecret, options.now);

	async function receive(request: IncomingMessage, response: ServerResponse, raw: Buffer): Promise<void> {
		const contentType = request.headers["content-type"] ?? "";
		if (!signed(request.headers, raw)) {
			// Slack looks whether the server's certificate is good, unsigned: there is nothing in it to obey.
			if (raw.length < 500 && new URLSearchParams(raw.toString("utf8")).get("ssl_check") === "1") end(response, 200);
			else end(response, 401, "The signature does not fit, or its time is more than 5 minutes off.");
			return;
		}
		const body = readRequestBody(contentType, raw);
		if (body === null) {
			end(response, 400, "This is not a request of Slack's that can be read.");
			return;
		}
		const reply = await take(body, String(request.headers["x-slack-signature"]));
		if (!reply.ok) end(response, 503, "It could not be stored. Nothing was done; try again.");
		else if (reply.body === undefined) end(response, 200);
		else end(response, 200, reply.body);
	}

	async function answer(request: IncomingMessage, response: ServerResponse, read: ReadBody): Promise<void> {
		const raw = await read(request, response, MAX_BYTES);
		if (typeof raw !== "string") return receive(request, response, raw);
		response.setHeader("connection", "close");
		switch (raw) {
			case "too_large":
				return end(response, 413, "The body is larger than 1 MB.");
			case "busy":
				return end(response, 503, "Too much comes at the same time. Nothing was done; try again.");
			case "too_slow":
				return end(response, 408, "The body did not come in time.");
			default:
				return raw satisfies never;
		}
	}

	return (request, response, read) => {
		answer(request, response, read).catch((error: unknown) => {
			if (request.destroyed && !request.complete) return;
			log.error({ err: error }, "a request of Slack could not be taken");
			end(response, 500, "Something went wrong here. Nothing was done; try again.");
		});
	};
}

function end(response: ServerResponse, status: number, body?: unknown): void {
	if (response.headersSent || response.destroyed) return;
	if (body === undefined) {
		response.writeHead(status, { "content-length": 0 });
		response.end();
		return;
	}
	const json = typeof body !== "string";
	const text = json ? JSON.stringify(body) : body;
	response.writeHead(status, {
		"content-type": json ? "application/json; charset=utf-8" : "text/plain; charset=utf-8",
		"content-length": Buffer.byteLength(text),
	});
	response.end(text);
}
