import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Drive, drive } from "./measure.ts";

/** A request as bytes, made anew for each. */
export type MakeRequest = () => Buffer;

/** The bytes of a POST over a connection that stays open. */
export function post(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
	const lines = Object.entries({ host: "127.0.0.1", "content-length": String(body.length), ...headers });
	const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), body]);
}

/**
 * Sends requests over `connections` connections for `ms`, each waiting for its answer. Plain sockets: a whole HTTP client would take
 * more of the machine than the servers that are measured. Throws at the first answer that is not of the class `expected` ("2").
 */
export async function load(port: number, connections: number, ms: number, make: MakeRequest): Promise<Drive> {
	const free = await Promise.all(Array.from({ length: connections }, () => Caller.open(port)));
	try {
		return await drive(connections, ms, async () => {
			const caller = free.pop();
			if (caller === undefined) throw new Error("every connection is taken");
			await caller.call(make());
			free.push(caller);
		});
	} finally {
		for (const caller of free) caller.close();
	}
}

class Caller {
	readonly #socket: Socket;
	#answer: Buffer = Buffer.alloc(0);
	#resolve: () => void = () => {};
	#reject: (error: Error) => void = () => {};

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("data", (chunk) => this.#take(chunk));
		socket.on("error", (error) => this.#reject(error));
		socket.on("close", () => this.#reject(new Error("the server hung up")));
	}

	static async open(port: number): Promise<Caller> {
		const socket = connect(port, "127.0.0.1").setNoDelay(true);
		await once(socket, "connect");
		return new Caller(socket);
	}

	call(request: Buffer): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
			this.#socket.write(request);
		});
	}

	close(): void {
		this.#socket.destroy();
	}

	#take(chunk: Buffer): void {
		this.#answer = this.#answer.length === 0 ? chunk : Buffer.concat([this.#answer, chunk]);
		const text = this.#answer.toString("latin1");
		if (!isWhole(text)) return;
		this.#answer = Buffer.alloc(0);
		if (text.startsWith("HTTP/1.1 2")) this.#resolve();
		else this.#reject(new Error(`the server answered ${text.slice(0, 300)}`));
	}
}

/** Whether an answer is there to its end, with a length or in chunks. */
function isWhole(text: string): boolean {
	const end = text.indexOf("\r\n\r\n");
	if (end === -1) return false;
	const [, length] = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2)) ?? [];
	return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= end + 4 + Number(length);
}
