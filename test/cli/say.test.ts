import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { sayCommand } from "../../src/cli/say.ts";
import { removeLocalFile, writeLocalFile } from "../../src/local-file.ts";

/** Whom `say` speaks to, and with which token: two servers that note it down. */

interface Noted {
	readonly server: Server;
	readonly port: number;
	readonly heard: (string | undefined)[];
}

let dataDir: string;
let local: Noted;
let remote: Noted;

async function note(): Promise<Noted> {
	const heard: (string | undefined)[] = [];
	const server = createServer((request, response) => {
		heard.push(request.headers.authorization);
		request.resume();
		response.setHeader("content-type", "application/json");
		response.end(JSON.stringify({ outcome: "done", code: null, text: "Said.", card: [], run: null }));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return { server, port: (server.address() as AddressInfo).port, heard };
}

beforeEach(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "draven-say-"));
	[local, remote] = await Promise.all([note(), note()]);
	await writeLocalFile(dataDir, { url: `http://127.0.0.1:${local.port}`, token: "local-token" });
});
afterEach(async () => {
	for (const { server } of [local, remote]) {
		server.close();
		server.closeAllConnections();
	}
	await rm(dataDir, { recursive: true, force: true });
});

async function say(options: { url?: string; as?: string }, token?: string) {
	const env = {
		...{ DRAVEN_DATA_DIR: dataDir, PUBLIC_URL: `http://127.0.0.1:${remote.port}` },
		...(token === undefined ? {} : { DRAVEN_TOKEN: token }),
	};
	const cli = { env, print: () => {}, tell: () => {}, now: () => new Date() };
	const error = await sayCommand(cli, "status", { follow: true, json: false, ...options }).then(
		() => null,
		(thrown: Error) => thrown.message,
	);
	return { local: local.heard, remote: remote.heard, error };
}

const LOCAL = { local: ["Bearer local-token"], remote: [], error: null };

describe("the server of local mode", () => {
	test.each([
		["is the one without more words", () => say({})],
		["with a sample person", () => say({ as: "ben" })],
		["by its own address", () => say({ url: `http://127.0.0.1:${local.port}`, as: "ben" })],
		["by another name of this machine", () => say({ url: `http://localhost:${local.port}/` })],
		["when DRAVEN_TOKEN is empty", () => say({}, "")],
		["for a sample person also when there is a token for another one", () => say({ as: "ben" }, "other-token")],
	])("%s", async (_what, ask) => {
		expect(await ask()).toEqual(LOCAL);
	});
});

describe("another server", () => {
	test("is spoken to with DRAVEN_TOKEN, at --url or else PUBLIC_URL", async () => {
		await say({}, "other-token");
		const { heard, port } = remote;
		expect(heard).toEqual(["Bearer other-token"]);
		expect(await say({ url: `http://127.0.0.1:${port}` }, "other-token")).toMatchObject({ local: [], error: null });
		expect(heard).toHaveLength(2);
	});

	test("never gets the token of local mode", async () => {
		const url = `http://127.0.0.1:${remote.port}`;
		expect(await say({ url })).toEqual({
			...{ local: [], remote: [] },
			error: `There is no token for ${url}: set DRAVEN_TOKEN; \`draven token create\` makes one on its machine.`,
		});
		const { error, remote: heard } = await say({ url, as: "ben" }, " ");
		expect(heard).toEqual([]);
		expect(error).toMatch(`--as is for local mode alone, and ${url} is not the server of local mode`);
	});

	test("is asked for when none of local mode runs", async () => {
		await removeLocalFile(dataDir, "local-token");
		expect((await say({}, "")).error).toMatch(/^No server of local mode runs on this data folder: .*DRAVEN_TOKEN/);
		expect((await say({ as: "ben" })).error).toMatch(/^--as is for local mode alone, and no server of local mode runs/);
	});
});
