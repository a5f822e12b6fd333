import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The network between us and a Postgres, and what can become of it. */
export interface Pipe {
	readonly url: string;
	/** Connections that stand now. */
	readonly open: () => number;
	/** Connections that were asked for since the start, let in or not. */
	readonly asked: () => number;
	/** `swallows`: what is sent never arrives, and nobody says so. `refuses`: every connection is cut, and new ones too. */
	become(state: "flows" | "swallows" | "refuses"): void;
	close(): Promise<void>;
}

export async function startPipe(target: string): Promise<Pipe> {
	const { hostname, port } = new URL(target);
	const sockets = new Map<Socket, Socket>();
	let state: "flows" | "swallows" | "refuses" = "flows";
	let asked = 0;

	const server = createServer((client) => {
		asked += 1;
		if (state === "refuses") return void client.destroy();
		const upstream = connect({ host: hostname, port: Number(port) });
		sockets.set(client, upstream);
		// What was swallowed once is never heard of again, also when the network is back.
		let lost = false;
		const carry = (from: Socket, to: Socket) => {
			from.setNoDelay(true);
			from.on("error", () => {});
			from.on("data", (chunk: Buffer) => {
				lost ||= state === "swallows";
				if (!lost) to.write(chunk);
			});
			from.on("close", () => {
				sockets.delete(client);
				client.destroy();
				upstream.destroy();
			});
		};
		carry(client, upstream);
		carry(upstream, client);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const url = new URL(target);
	url.hostname = "127.0.0.1";
	url.port = String((server.address() as AddressInfo).port);
	const cut = () => {
		for (const client of sockets.keys()) client.destroy();
	};
	return {
		url: url.href,
		open: () => sockets.size,
		asked: () => asked,
		become(next) {
			state = next;
			if (next === "refuses") cut();
		},
		async close() {
			server.close();
			cut();
		},
	};
}
