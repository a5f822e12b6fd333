import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { connectorHttp } from "../../../adapters/teams/connector-http.ts";

type Request = Parameters<ReturnType<typeof connectorHttp>["sendRequest"]>[0];

let server: Server;
let url: string;
let heard: { path: string; headers: IncomingHttpHeaders }[];
beforeEach(async () => {
	heard = [];
	server = createServer(({ url: path = "", headers }, response) => {
		heard.push({ path, headers });
		const away = path === "/moved";
		response.writeHead(away ? 307 : 200, away ? { location: "/elsewhere" } : {});
		response.end("{}");
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** As the library hands it over. */
function request(path: string): Request {
	const sent = { authorization: "Bearer ours" };
	const headers = { toJson: () => sent, get: () => sent.authorization, clone: () => ({ headerNames: () => [] }) };
	return { url: `${url}${path}`, method: "POST", headers, body: "{}" } as unknown as Request;
}

const http = (allowed: boolean) => connectorHttp({ mayHaveToken: () => allowed, tokens: null, withinMs: 5_000 });

test("a server that may not have our token hears nothing at all", async () => {
	await expect(http(false).sendRequest(request("/ours"))).rejects.toMatchObject({ kind: "rejected" });
	expect(heard).toEqual([]);
	await http(true).sendRequest(request("/ours"));
	expect(heard).toEqual([expect.objectContaining({ path: "/ours" })]);
});

test("a redirect is not followed: our token goes nowhere else", async () => {
	await expect(http(true).sendRequest(request("/moved"))).rejects.toMatchObject({ kind: "rejected" });
	expect(heard.map(({ path }) => path)).toEqual(["/moved"]);
});
