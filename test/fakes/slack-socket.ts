import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** The server's side of one WebSocket, as much of it as Slack's Socket Mode uses: texts, pings and the end. */
export class FakeSocket {
	onText: (text: string) => void = () => {};
	onClose: () => void = () => {};
	readonly #wire: Duplex;
	#bytes: Buffer = Buffer.alloc(0);

	constructor(request: IncomingMessage, wire: Duplex) {
		this.#wire = wire;
		const accept = createHash("sha1")
			.update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
			.digest("base64");
		wire.write(
			`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
		);
		wire.on("data", (chunk: Buffer) => this.#read(chunk));
		wire.on("error", () => wire.destroy());
		wire.on("close", () => this.onClose());
	}

	send(text: string): void {
		this.#write(0x1, Buffer.from(text));
	}

	/** Without a farewell, as a network does it. */
	drop(): void {
		this.#wire.destroy();
	}

	#write(opcode: number, payload: Buffer): void {
		const long = payload.length > 125;
		const head = Buffer.alloc(long ? 4 : 2);
		head[0] = 0x80 | opcode;
		head[1] = long ? 126 : payload.length;
		if (long) head.writeUInt16BE(payload.length, 2);
		if (this.#wire.writable) this.#wire.write(Buffer.concat([head, payload]));
	}

	#read(chunk: Buffer): void {
		this.#bytes = Buffer.concat([this.#bytes, chunk]);
		for (;;) {
			const bytes = this.#bytes;
			const short = (bytes[1] ?? 0) & 0x7f;
			const head = short === 126 ? 4 : 2;
			if (bytes.length < head + 4) return;
			const length = short === 126 ? bytes.readUInt16BE(2) : short;
			const end = head + 4 + length;
			if (bytes.length < end) return;
			const mask = bytes.subarray(head, head + 4);
			const payload = Buffer.from(bytes.subarray(head + 4, end).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
			const opcode = (bytes[0] ?? 0) & 0x0f;
			this.#bytes = bytes.subarray(end);
			if (opcode === 0x1) this.onText(payload.toString("utf8"));
			else if (opcode === 0x9) this.#write(0xa, payload);
			else if (opcode === 0x8) {
				this.#write(0x8, payload);
				this.#wire.end();
			}
		}
	}
}
