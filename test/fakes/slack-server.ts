import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { problemOfBlocks } from "./slack-blocks.ts";
import { FakeSocket } from "./slack-socket.ts";
import { type Json, SlackWorkspace } from "./slack-workspace.ts";

/** What goes wrong with a call, once. */
export type SlackFault =
	| { readonly error: string; readonly needed?: string }
	| { readonly status: number; readonly retryAfter?: number }
	/** It is done, and the answer is lost. */
	| "answer_lost"
	/** It is not done, and there is no answer. */
	| "hang_up"
	| { readonly delayMs: number };

/** The workspace behind real HTTP: the Web API, the addresses for answers, the sockets; with all that goes wrong between them and us. */
export class SlackServer extends SlackWorkspace {
	/** Each call as it came, in order. */
	readonly calls: { readonly method: string; readonly args: Json }[] = [];
	responseUrlsWork = true;
	/** Called when a call has come, and again when it is done; true: the one who called is gone by now, and gets no answer. */
	onCall: ((method: string, done: boolean) => boolean) | null = null;
	/** Seconds that this server's clock is ahead. */
	clockAhead = 0;
	/** Connected sockets. */
	readonly sockets: FakeSocket[] = [];
	/** What was acknowledged by socket, with its answer, by envelope. */
	readonly acked = new Map<string, unknown>();
	readonly #faults = new Map<string, SlackFault[]>();
	readonly #responseUrls = new Map<string, { user: string; channel: string | null; uses: number; ts: string | null }>();
	readonly #server: Server;
	readonly #open = new Set<Socket>();
	readonly #waiting: (() => void)[] = [];
	#stopped = false;

	protected constructor() {
		super();
		this.#server = createServer((request, response) => {
			this.#receive(request, response).catch((error: unknown) => {
				response.writeHead(500);
				response.end(String(error));
			});
		});
		this.#server.on("connection", (socket) => {
			this.#open.add(socket);
			socket.once("close", () => this.#open.delete(socket));
		});
		this.#server.on("upgrade", (request, wire) => {
			const socket = new FakeSocket(request, wire);
			this.sockets.push(socket);
			socket.onText = (text) => {
				const { envelope_id: id, payload } = JSON.parse(text);
				this.acked.set(id, payload);
				this.#changed();
			};
			socket.onClose = () => {
				this.sockets.splice(this.sockets.indexOf(socket), 1);
				this.#changed();
			};
			socket.send(JSON.stringify({ type: "hello", num_connections: 1 }));
			this.#changed();
		});
	}

	protected async listen(): Promise<void> {
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		this.#changed();
		for (const socket of this.#open) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	get apiUrl(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/`;
	}

	/** What goes wrong with the next calls of a method, in order. */
	fail(method: string, ...faults: SlackFault[]): void {
		this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
	}

	callsOf(method: string): Json[] {
		return this.calls.filter((call) => call.method === method).map((call) => call.args);
	}

	/** Resolves as soon as it holds; it is looked at again whenever something happens here. */
	async until<T>(look: () => T | undefined | null | false, withinMs = 8_000): Promise<T> {
		const end = Date.now() + withinMs;
		for (;;) {
			const found = look();
			if (found !== undefined && found !== null && found !== false) return found;
			const left = end - Date.now();
			if (left <= 0 || this.#stopped) throw new Error(`it did not happen: ${look}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(left, 250));
				this.#waiting.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const text = Buffer.concat(chunks).toString("utf8");
		const path = request.url ?? "";
		response.setHeader("date", new Date(Date.now() + this.clockAhead * 1_000).toUTCString());
		response.setHeader("content-type", "application/json");
		if (path.startsWith("/respond/")) this.#respond(path.slice("/respond/".length), JSON.parse(text), response);
		else await this.#api(path.replace("/api/", ""), request, new URLSearchParams(text), response);
		this.#changed();
	}

	#respond(id: string, message: Json, response: ServerResponse): void {
		const url = this.#responseUrls.get(id);
		if (url === undefined || !this.responseUrlsWork || url.uses >= 5) {
			response.writeHead(404);
			response.end(JSON.stringify({ ok: false, error: "expired_url" }));
			return;
		}
		url.uses += 1;
		const problem = problemOfBlocks(message["blocks"], 50);
		if (problem !== null) throw new Error(problem);
		this.ephemerals.push({
			...{ user: url.user, channel: url.channel, via: "response_url", ts: this.ts() },
			...{ text: String(message["text"]), blocks: message["blocks"] },
			thread: typeof message["thread_ts"] === "string" ? message["thread_ts"] : null,
			replaced: message["replace_original"] === true && url.ts !== null,
		});
		response.end(JSON.stringify({ ok: true }));
	}

	async #api(method: string, request: IncomingMessage, form: URLSearchParams, response: ServerResponse): Promise<void> {
		const args: Json = {};
		for (const [key, value] of form) args[key] = /^[[{]/.test(value) ? JSON.parse(value) : value;
		this.calls.push({ method, args });
		response.setHeader("x-oauth-scopes", [...this.scopes].join(","));
		const fault = this.onCall?.(method, false) === true ? "hang_up" : this.#faults.get(method)?.shift();
		if (fault === "hang_up") {
			response.destroy();
			return;
		}
		if (typeof fault === "object" && "status" in fault) {
			response.writeHead(
				fault.status,
				fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) },
			);
			response.end("");
			return;
		}
		if (typeof fault === "object" && "delayMs" in fault)
			await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
		const token = request.headers.authorization?.replace("Bearer ", "");
		const socketUrl = this.apiUrl.replace("http:", "ws:").replace("/api/", "/link");
		const failed = typeof fault === "object" && "error" in fault ? { ok: false, ...fault } : null;
		const answer = failed ?? this.refusal(method, token) ?? this.answer(method, args, socketUrl);
		if (this.onCall?.(method, true) === true || fault === "answer_lost") response.destroy();
		else response.end(JSON.stringify(answer));
	}

	protected responseUrl(user: string, channel: string | null, ts: string | null): string {
		const id = randomUUID();
		this.#responseUrls.set(id, { user, channel, uses: 0, ts });
		return this.apiUrl.replace("/api/", `/respond/${id}`);
	}

	#changed(): void {
		for (const wake of this.#waiting.splice(0)) wake();
	}
}
