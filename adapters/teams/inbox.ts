import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { isLoopbackHost } from "../../src/core/base-url.ts";
import type { IntakeReply } from "./intake.ts";

const MAX_BYTES = 262_144;
const WITHIN_MS = 10_000;
const MAX_HELD = 33_554_432;

export interface InboxOptions {
	readonly take: (body: unknown, authorization: string) => Promise<IntakeReply>;
	/** False: the Playground sends no token. */
	readonly needsToken: boolean;
	readonly log: Logger;
	readonly withinMs?: number;
}

/** `POST /api/messages`, without a framework: nothing is read of a request that brings no token. */
export function createInbox(options: InboxOptions): (request: IncomingMessage, response: ServerResponse) => void {
	const { take, needsToken, log, withinMs = WITHIN_MS } = options;

	/** Bytes that are held of those whom nobody knows yet. */
	let held = 0;

	return (request, response) => {
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
		const chunks: Buffer[] = [];
		let size = Number(request.headers["content-length"] ?? 0);
		if (size > MAX_BYTES) {
			refuse(response, TOO_LARGE);
			return;
		}
		const late = setTimeout(() => refuse(response, { status: 408, body: "The body did not come in time." }), withinMs);
		response.once("close", () => clearTimeout(late));
		if (held > MAX_HELD) {
			response.setHeader("retry-after", "5");
			refuse(response, { status: 503, body: "Too much comes at the same time. Nothing was done; try again." });
			return;
		}
		size = 0;
		response.once("close", () => {
			held -= size;
		});
		request.on("data", (chunk: Buffer) => {
			if (size > MAX_BYTES) return;
			size += chunk.length;
			held += chunk.length;
			if (size > MAX_BYTES) {
				request.pause();
				chunks.length = 0;
				refuse(response, TOO_LARGE);
			} else chunks.push(chunk);
		});
		request.on("error", () => response.destroy());
		request.once("end", () => {
			clearTimeout(late);
			receive(Buffer.concat(chunks), authorization, response).catch((error: unknown) => {
				log.error({ err: error }, "an activity of Teams could not be taken");
				end(response, { status: 500, body: "Something went wrong here. Nothing was done; try again." });
			});
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

const TOO_LARGE: IntakeReply = { status: 413, body: "The body is larger than 256 KB." };

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
