import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { isLoopbackHost } from "../../src/core/base-url.ts";
import type { Inbox, ReadBody } from "../../src/ports/inbox.ts";
import type { IntakeReply } from "./intake.ts";

const MAX_BYTES = 262_144;

export interface InboxOptions {
	readonly take: (body: unknown, authorization: string) => Promise<IntakeReply>;
	/** False: the Playground sends no token. */
	readonly needsToken: boolean;
	readonly log: Logger;
}

/** `POST /api/messages`, without a framework: nothing is read of a request that brings no token. */
export function createInbox(options: InboxOptions): Inbox {
	const { take, needsToken, log } = options;

	async function answer(
		request: IncomingMessage,
		response: ServerResponse,
		read: ReadBody,
		authorization: string,
	): Promise<void> {
		const raw = await read(request, response, MAX_BYTES);
		if (typeof raw !== "string") return receive(raw, authorization, response);
		if (raw === "busy") response.setHeader("retry-after", "5");
		refuse(response, NOT_READ[raw]);
	}

	return (request, response, read) => {
		const authorization = request.headers.authorization ?? "";
		if (needsToken && !/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/.test(authorization)) {
			refuse(response, { status: 401, body: "A token of the Bot Framework is needed here." });
			return;
		}
		if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
			refuse(response, { status: 415, body: "Activities are JSON." });
			return;
		}
		if (!needsToken && !isForThisMachine(request.headers)) {
			refuse(response, {
				status: 403,
				body: "Without tokens, only what is on this machine and is no web page may speak here.",
			});
			return;
		}
		answer(request, response, read, authorization).catch((error: unknown) => {
			if (request.destroyed && !request.complete) return;
			log.error({ err: error }, "an activity of Teams could not be taken");
			end(response, { status: 500, body: "Something went wrong here. Nothing was done; try again." });
		});
	};

	async function receive(raw: Buffer, authorization: string, response: ServerResponse): Promise<void> {
		const body = parse(raw.toString("utf8"));
		end(response, body === undefined ? { status: 400, body: "This is no JSON." } : await take(body, authorization));
	}
}

/** A page in a browser reaches this machine too, by its own name or by one of ours; and so does who comes through a proxy. */
function isForThisMachine({ host, origin }: IncomingHttpHeaders): boolean {
	return origin === undefined && host !== undefined && isLoopbackHost(host.replace(/:\d+$/, ""));
}

const NOT_READ = {
	too_large: { status: 413, body: "The body is larger than 256 KB." },
	busy: { status: 503, body: "Too much comes at the same time. Nothing was done; try again." },
	too_slow: { status: 408, body: "The body did not come in time." },
} satisfies Record<string, IntakeReply>;

/** What the database cannot hold in JSON: NUL, and halves of letters. */
const UNSTORABLE = /\0|\p{Surrogate}/gu;

function parse(text: string): unknown {
	try {
		return /\\u(?:0000|d[89a-f])/i.test(text)
			? JSON.parse(text, (_, inner) => (typeof inner === "string" ? inner.replace(UNSTORABLE, "") : inner))
			: JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** What is still on its way is not read. */
function refuse(response: ServerResponse, reply: IntakeReply): void {
	if (!response.headersSent) response.setHeader("connection", "close");
	end(response, reply);
}

function end(response: ServerResponse, { status, body }: IntakeReply): void {
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
