import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** Where a connection breaks: right before a statement reaches Postgres, or when it was carried out and its answer is on the way. */
export interface Cut {
	/** From 0, counted since the wire was armed; or what the statement or its values have in them. */
	readonly at: number | RegExp;
	/** `committed`: when the transaction of the statement is committed and the answer to that is on the way. */
	readonly when: "before" | "after" | "committed";
	/** `connection`: this one alone. `process`: all of it; nothing of it reaches the database until `revive`. */
	readonly dies: "connection" | "process";
}

/** A wire to Postgres that counts statements and breaks where a test wants it to: real sockets, nothing of pg is replaced. */
export interface Wire {
	readonly url: string;
	/** What was sent since the wire was armed, as text. */
	readonly statements: readonly string[];
	readonly fired: boolean;
	/** Called at the very moment of the break, before anything else comes of it. */
	onBreak: (() => void) | null;
	readonly dead: boolean;
	arm(cut: Cut | null): void;
	/** The process is dead from now on. */
	kill(): void;
	revive(): void;
	close(): Promise<void>;
}

export async function startWire(target: string): Promise<Wire> {
	const { hostname, port } = new URL(target);
	const open = new Set<Socket>();
	let statements: string[] = [];
	let cut: Cut | null = null;
	let fired = false;
	let dead = false;

	const kill = () => {
		dead = true;
		for (const socket of open) socket.destroy();
	};

	const server = createServer((client) => {
		if (dead) return void client.destroy();
		const upstream = connect({ host: hostname, port: Number(port) });
		for (const socket of [client, upstream]) {
			open.add(socket);
			socket.setNoDelay(true);
			socket.on("error", () => {});
			socket.on("close", () => {
				open.delete(socket);
				client.destroy();
				upstream.destroy();
			});
		}
		const breakHere = () => {
			fired = true;
			wire.onBreak?.();
			if (cut?.dies === "process") kill();
			else client.destroy();
		};
		const texts = new Map<string, string>();
		let held: Buffer[] = [];
		let text = "";
		let answerIsLost = false;
		let hitInside = false;

		const fromClient = frames({ startup: true }, (type, frame) => {
			held.push(frame);
			if (type === "P") {
				const [name = "", sql = ""] = strings(frame.subarray(5));
				texts.set(name, sql);
			}
			if (type === "B") text = texts.get(strings(frame.subarray(5))[1] ?? "") ?? "";
			if (type === "Q") text = strings(frame.subarray(5))[0] ?? "";
			if (type === "Q" || type === "S") {
				const hit =
					cut !== null &&
					!fired &&
					(typeof cut.at === "number" ? statements.length === cut.at : cut.at.test(text) || isIn(held, cut.at));
				statements.push(text);
				if (hit && cut?.when === "before") return breakHere();
				hitInside ||= hit && cut?.when === "committed";
				answerIsLost = (hit && cut?.when === "after") || (hitInside && text === "COMMIT" && !fired);
			} else if (type === "P" || type === "B" || type === "D" || type === "E") return;
			upstream.write(Buffer.concat(held));
			held = [];
		});
		const fromServer = frames({ startup: false }, (type, frame) => {
			if (!answerIsLost) client.write(frame);
			else if (type === "Z") breakHere();
		});
		client.on("data", fromClient);
		upstream.on("data", fromServer);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const isIn = (sent: readonly Buffer[], what: RegExp) => what.test(Buffer.concat(sent).toString("latin1"));
	const url = new URL(target);
	url.hostname = "127.0.0.1";
	url.port = String((server.address() as AddressInfo).port);
	const wire: Wire = {
		url: url.href,
		onBreak: null,
		get statements() {
			return statements;
		},
		get fired() {
			return fired;
		},
		get dead() {
			return dead;
		},
		arm(next) {
			statements = [];
			cut = next;
			fired = false;
		},
		kill,
		revive() {
			dead = false;
		},
		async close() {
			for (const socket of open) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return wire;
}

/** Cuts a stream into the messages of Postgres' protocol; the client's first one has no type. */
function frames({ startup }: { startup: boolean }, take: (type: string, frame: Buffer) => void) {
	let rest: Buffer = Buffer.alloc(0);
	let untyped = startup;
	return (chunk: Buffer) => {
		rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
		for (;;) {
			const head = untyped ? 0 : 1;
			if (rest.length < head + 4) return;
			const size = head + rest.readInt32BE(head);
			if (rest.length < size) return;
			const frame = rest.subarray(0, size);
			rest = rest.subarray(size);
			take(untyped ? "" : String.fromCharCode(frame[0] ?? 0), frame);
			untyped = false;
		}
	};
}

function strings(body: Buffer): string[] {
	return body.toString("utf8").split("\0");
}
