import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ReadBody } from "../../src/ports/inbox.ts";
import { bodyBudget } from "../../src/web/body-budget.ts";
import { bodyReader } from "../../src/web/read-body.ts";
import { until } from "../torture/until.ts";

const MB = 1_024 * 1_024;
const LIMIT = 25 * MB;

describe("the budget", () => {
	test("keeps a place for ordinary bodies that large ones cannot take", () => {
		const budget = bodyBudget();
		for (const address of ["a", "b"]) expect(budget.open(address, true).take(24 * MB)).toBe(true);
		expect(budget.open("c", true).take(2 * MB)).toBe(false);
		for (let n = 0; n < 16; n++) expect(budget.open(`small ${n}`, false).take(MB)).toBe(true);
		expect(budget.open("c", false).take(1)).toBe(false);
	});

	test("lets no one address fill a place", () => {
		const budget = bodyBudget();
		const own = budget.open("a", true);
		expect(own.take(36 * MB)).toBe(true);
		expect(budget.open("a", true).take(1)).toBe(false);
		expect(budget.open("b", true).take(12 * MB)).toBe(true);
		own.give();
		own.give();
		expect(budget.open("a", true).take(36 * MB)).toBe(true);
		expect(budget.open("c", true).take(1)).toBe(false);
	});

	test("moves one that turns out to be large, and then gives back all of it", () => {
		const budget = bodyBudget();
		const grown = budget.open("a", false);
		for (let n = 0; n < 30; n++) expect(grown.take(MB)).toBe(true);
		for (let n = 0; n < 12; n++) expect(budget.open("a", false).take(MB)).toBe(true);
		expect(budget.open("b", true).take(19 * MB)).toBe(false);
		grown.give();
		expect(budget.open("b", true).take(19 * MB)).toBe(true);
	});
});

describe("reading", () => {
	let server: Server;
	let read: ReadBody;
	const sockets: Socket[] = [];
	beforeEach(async () => {
		read = bodyReader(200);
		server = createServer((request, response) => {
			read(request, response, LIMIT).then(
				(body) => {
					response.setHeader("connection", "close");
					response.end(typeof body === "string" ? body : `${body.length} bytes`);
				},
				() => {},
			);
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
	});
	afterEach(async () => {
		for (const socket of sockets.splice(0)) socket.destroy();
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});

	const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	const send = async (bytes: number) => (await fetch(url(), { method: "POST", body: Buffer.alloc(bytes) })).text();
	/** Sends so many bytes of a body, and not the last one. */
	async function begin(bytes: number, headers = `Content-Length: ${bytes + 1}`) {
		const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
		sockets.push(socket);
		socket.on("error", () => {});
		let answer = "";
		socket.on("data", (chunk) => {
			answer += String(chunk);
		});
		await once(socket, "connect");
		socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n`);
		socket.write(Buffer.alloc(bytes));
		return { socket, answer: () => answer };
	}

	test("an ordinary body is taken while slow senders hold all that large ones may", async () => {
		read = bodyReader();
		const slow = await Promise.all([1, 2].map(() => begin(24 * MB)));
		await until(async () => slow.some(({ answer }) => answer().includes("busy")));
		expect(await send(20_000)).toBe("20000 bytes");
		for (const { socket } of slow) socket.destroy();
		await until(async () => (await send(24 * MB)) === `${24 * MB} bytes`);
	});

	test("one that stands still loses its place", async () => {
		const { answer } = await begin(1_000);
		await until(async () => answer().endsWith("too_slow"));
	});

	test("a body that does not say how long it is ends at the limit", async () => {
		read = (request, response) => bodyReader()(request, response, 1_000);
		const { answer, socket } = await begin(0, "Transfer-Encoding: chunked");
		socket.write(`800\r\n${"x".repeat(2_048)}\r\n`);
		await until(async () => answer().endsWith("too_large"));
	});
});
