import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeRequest {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: unknown;
}

export interface FakeAnswer {
	readonly status: number;
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

/** What goes wrong with a request. */
export type Fault =
	/** The connection ends before anything is done. */
	| "drop"
	/** It is done, and the answer is lost. */
	| "drop_answer"
	/** It is done, and the connection ends in the middle of the answer. */
	| "break_answer"
	/** It is done, and nothing is ever answered. */
	| "hang"
	/** This is answered, and nothing is done. */
	| FakeAnswer;

/** The HTTP half of every fake provider: it remembers what it was asked, and what goes wrong goes wrong here. */
export class ProviderServer {
	readonly requests: FakeRequest[] = [];
	/** How far the provider's clock is ahead of ours, ms. */
	ahead = 0;
	/** The provider's clock, but for that. */
	now: () => Date = () => new Date();
	/** Headers that come with each answer. */
	headers: Readonly<Record<string, string>> = {};
	/** Called once for each answer, unless it says that nothing changed; its headers come with the answer. */
	counts: () => Readonly<Record<string, string>> = () => ({});
	/** Called when a request has come, and again when it is done; true: the one who asked is gone by now, and gets no answer. */
	onRequest: ((asked: FakeRequest, done: boolean) => boolean) | null = null;
	/** What is really done and answered. */
	answer: (asked: FakeRequest) => FakeAnswer = () => ({ status: 404 });
	readonly url: string;
	readonly #server: Server;
	readonly #faults: { readonly on: RegExp; readonly fault: Fault; times: number }[] = [];

	private constructor(server: Server) {
		this.#server = server;
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		server.on("request", (request, response) => void this.#take(request, response));
	}

	static async open(): Promise<ProviderServer> {
		const server = createServer();
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new ProviderServer(server);
	}

	async close(): Promise<void> {
		if (!this.#server.listening) return;
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}

	/** The next `times` requests that fit `METHOD /path` go wrong. */
	fault(on: RegExp, fault: Fault, times = 1): void {
		this.#faults.push({ on, fault, times });
	}

	/** Nothing goes wrong any more. */
	forgive(): void {
		this.#faults.length = 0;
	}

	asked(on: RegExp): FakeRequest[] {
		return this.requests.filter(({ method, path }) => on.test(`${method} ${path}`));
	}

	async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", this.url);
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const text = Buffer.concat(chunks).toString();
		const asked: FakeRequest = {
			method: request.method ?? "GET",
			path: url.pathname,
			query: url.searchParams,
			headers: request.headers,
			body: text === "" ? null : JSON.parse(text),
		};
		this.requests.push(asked);
		if (this.onRequest?.(asked, false) === true) return void request.socket.destroy();
		const fault = this.#faults.find(({ on, times }) => times > 0 && on.test(`${asked.method} ${asked.path}`));
		if (fault !== undefined) fault.times -= 1;
		if (fault?.fault === "drop") return void request.socket.destroy();
		const given = typeof fault?.fault === "object" ? fault.fault : this.answer(asked);
		if (this.onRequest?.(asked, true) === true || fault?.fault === "drop_answer") return void request.socket.destroy();
		if (fault?.fault === "hang") return;
		this.#send(asked, response, given, fault?.fault === "break_answer");
	}

	#send(asked: FakeRequest, response: ServerResponse, answer: FakeAnswer, breaks: boolean): void {
		const isText = typeof answer.body === "string";
		const body = answer.body === undefined ? "" : isText ? String(answer.body) : JSON.stringify(answer.body);
		const etag = `W/"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
		const same = asked.method === "GET" && answer.status === 200 && asked.headers["if-none-match"] === etag;
		response.writeHead(same ? 304 : answer.status, {
			...(body === "" ? {} : { "content-type": isText ? "text/html" : "application/json; charset=utf-8" }),
			date: new Date(this.now().getTime() + this.ahead).toUTCString(),
			...(asked.method === "GET" ? { etag } : {}),
			...this.headers,
			...(same ? {} : this.counts()),
			...(breaks ? { "content-length": String(body.length) } : {}),
			...answer.headers,
		});
		if (!breaks) return void response.end(same ? undefined : body);
		response.write(body.slice(0, 5), () => response.destroy());
	}
}
