import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Site } from "./site.ts";

let site: Site;
let ready: { ok: true } | { ok: false; why: string };
const sockets: Socket[] = [];
beforeEach(async () => {
	ready = { ok: true };
	site = await Site.open({ ready: async () => ready });
});
afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	await site.close();
});

interface Line {
	readonly socket: Socket;
	/** All that came so far. */
	read(): string;
	/** Resolves when the other side has ended it. */
	readonly ended: Promise<void>;
	until(part: string): Promise<void>;
}

/** A bare connection, for what no client would send. */
async function open(): Promise<Line> {
	const socket = connect(site.port, "127.0.0.1");
	sockets.push(socket);
	let text = "";
	socket.on("data", (chunk: Buffer) => {
		text += chunk.toString("latin1");
	});
	socket.on("error", () => {});
	const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
	await once(socket, "connect");
	const until = async (part: string) => {
		while (!text.includes(part))
			await Promise.race([once(socket, "data"), ended.then(() => Promise.reject(new Error(text)))]);
	};
	return { socket, read: () => text, ended, until };
}

async function answerTo(bytes: string): Promise<string> {
	const line = await open();
	line.socket.write(bytes, "latin1");
	await line.ended;
	return line.read();
}

describe("health", () => {
	test("alive is alive; ready says why it is not", async () => {
		expect(await site.ask("GET", "/healthz", { token: null })).toMatchObject({ status: 200, body: { status: "ok" } });
		expect(await site.ask("GET", "/readyz", { token: null })).toMatchObject({ status: 200 });
		ready = { ok: false, why: "The database does not answer." };
		expect(await site.ask("GET", "/readyz", { token: null })).toMatchObject({
			...{ status: 503, type: "application/problem+json" },
			body: { code: "not_ready", detail: "The database does not answer." },
		});
		expect((await site.ask("GET", "/healthz", { token: null })).status).toBe(200);
	});

	test("metrics are in the form of Prometheus and count requests by route, not by path", async () => {
		await site.run("stage");
		await site.api("GET", "/runs/1");
		await site.ask("GET", "/nowhere/1");
		const { body, type } = await site.ask("GET", "/metrics", { token: null });
		expect(type).toContain("text/plain");
		expect(body).toContain('draven_runs{state="queued"} 1');
		expect(body).toMatch(/draven_jobs\{state="waiting"\} [1-9]/);
		expect(body).toContain('draven_http_request_seconds_count{method="GET",route="/api/v1/runs/:id",status="200"} 1');
		expect(body).not.toContain("/nowhere");
	});
});

describe("what is no HTTP", () => {
	test.each([
		["garbage", "hello\r\n\r\n", "400"],
		["another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"],
		["a header without a name", "GET /healthz HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", "400"],
		[
			"two lengths",
			"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
			"400",
		],
		[
			"a length and chunks",
			"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"400",
		],
		["headers that are too long", `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "431"],
		["a path that cannot be decoded", "GET /api/v1/runs/%ZZ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "400"],
	])("%s is answered with a problem", async (_what, bytes, status) => {
		const answer = await answerTo(bytes);
		expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
		expect(answer).toContain("application/problem+json");
		expect(answer).not.toMatch(/\bat .*\.[jt]s/);
	});

	test("other requests are served all the same", async () => {
		await answerTo("hello\r\n\r\n");
		expect((await site.ask("GET", "/healthz", { token: null })).status).toBe(200);
	});

	test("a sender that goes away in the middle of a body leaves nothing", async () => {
		const token = await site.token("operator");
		const line = await open();
		line.socket.write(
			`POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"project":`,
		);
		line.socket.destroy();
		await line.ended;
		expect((await site.api("GET", "/runs")).body.items).toEqual([]);
	});
});

describe("a connection", () => {
	test("serves one request after the other", async () => {
		const line = await open();
		for (let i = 1; i <= 3; i++) {
			line.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
			while (line.read().split("HTTP/1.1 200").length <= i) await once(line.socket, "data");
		}
		expect(line.socket.destroyed).toBe(false);
	});

	test("two requests sent at once are both answered, in order", async () => {
		const answer = await answerTo(
			"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		);
		expect(answer).toMatch(/^HTTP\/1.1 200[\s\S]*HTTP\/1.1 404/);
	});

	test("HEAD says what GET would, without a body", async () => {
		expect(await site.ask("HEAD", "/healthz", { token: null })).toMatchObject({ status: 200, body: null });
		expect(await site.api("HEAD", "/runs")).toMatchObject({ status: 200, body: null });
	});
});

describe("closing", () => {
	test("lets what is under way end, ends long polls, takes nothing new, and drops idle connections", async () => {
		const idle = await open();
		idle.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
		await idle.until("200 OK");
		const runner = await site.token("runner");
		const operator = await site.token("operator");
		const poll = site.api("POST", "/runner/claim", {
			...{ token: runner, body: { runner: "box", labels: [], waitSeconds: 30 } },
		});
		// The runner is seen when its poll has begun.
		const seen = async () => ((await site.world.deps.db.query("SELECT 1 FROM runner")) as unknown[]).length;
		while ((await seen()) === 0) await new Promise((resolve) => setImmediate(resolve));
		const line = await open();
		const body = JSON.stringify({ project: "shop", environment: "stage", ref: "v1.0.0" });
		line.socket.write(
			`POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${operator}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
		);
		await line.until("100 Continue");
		const began = Date.now();
		const closed = site.server.close();
		await idle.ended;
		expect((await poll).status).toBe(204);
		line.socket.write(body);
		await line.ended;
		expect(line.read()).toMatch(/HTTP\/1.1 201[\s\S]*connection: close/i);
		await closed;
		expect(Date.now() - began).toBeLessThan(5_000);
		await expect(site.ask("GET", "/healthz", { token: null })).rejects.toThrow();
	});

	test("twice is once: whoever asks again waits for the same end, and what is under way still has its time", async () => {
		const operator = await site.token("operator");
		const line = await open();
		const body = JSON.stringify({ project: "shop", environment: "stage", ref: "v1.0.0" });
		line.socket.write(
			`POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${operator}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
		);
		await line.until("100 Continue");
		const order: string[] = [];
		const closes = [1, 2].map((n) => site.server.close().then(() => order.push(`close ${n}`)));
		await expect(site.ask("GET", "/healthz", { token: null })).rejects.toThrow();
		expect(order).toEqual([]);
		line.socket.write(body);
		await line.ended;
		expect(line.read()).toMatch(/HTTP\/1.1 201/);
		await Promise.all([...closes, site.server.close()]);
	});
});

test("every answer forbids guessing its type, and none of the API is kept by caches", async () => {
	for (const path of ["/healthz", "/", "/api/v1/runs", "/nowhere"])
		expect((await site.ask("GET", path)).headers.get("x-content-type-options")).toBe("nosniff");
	expect((await site.api("GET", "/runs")).headers.get("cache-control")).toBe("no-store");
	expect((await site.ask("GET", "/", { token: null })).headers.get("content-security-policy")).toContain(
		"default-src 'none'",
	);
});
