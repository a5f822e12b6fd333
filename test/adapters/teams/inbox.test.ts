import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makePair, TeamsKeys } from "../../fakes/teams-keys.ts";
import { Harness } from "./harness.ts";

let there: Harness;
beforeEach(async () => {
	there = await Harness.open();
});
afterEach(() => there.close());

const activity = () => ({ ...there.fake.inPersonal("ada"), type: "message", text: "status" });

describe("who may speak", () => {
	test("Microsoft, with a token that it signed for this bot", async () => {
		expect((await there.fake.send(activity())).status).toBe(200);
		expect(there.stored).toHaveLength(1);
	});

	const now = () => Math.floor(Date.now() / 1_000);
	test.each<[string, () => string | null]>([
		["none", () => null],
		["one that has expired", () => there.fake.token({ nbf: now() - 7_200, exp: now() - 3_600 })],
		["one that is not valid yet", () => there.fake.token({ nbf: now() + 3_600, exp: now() + 7_200 })],
		["one that would never end", () => there.fake.token({ exp: undefined })],
		["one for another bot", () => there.fake.token({ aud: "another-app" })],
		["one for nobody", () => there.fake.token({ aud: undefined })],
		["one of another issuer", () => there.fake.token({ iss: "https://evil.test" })],
		[
			"one of the Emulator",
			() =>
				there.fake.token({
					...{ iss: "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", ver: "1.0" },
					appid: there.fake.appId,
				}),
		],
		["one for another service URL", () => there.fake.token({ serviceurl: "https://smba.trafficmanager.net/other/" })],
		[
			"one signed by somebody else under the same name",
			() => {
				const others = new TeamsKeys(there.fake.keys.kid, makePair());
				const claims = {
					iss: "https://api.botframework.com",
					aud: there.fake.appId,
					serviceurl: there.fake.serviceUrl,
				};
				return others.sign({ ...claims, exp: now() + 600 });
			},
		],
		["one under a name that is not in the key set", () => there.fake.token({}, { kid: "key-9" })],
		["one that is not signed", () => `${there.fake.token({}, { alg: "none" }).split(".").slice(0, 2).join(".")}.`],
		["one that says it is signed with a password", () => there.fake.token({}, { alg: "HS256" })],
		["something else", () => "a.b.c"],
	])("not with %s", async (_, token) => {
		const { status } = await there.fake.send(activity(), token());
		expect(status).toBe(401);
		expect(there.stored).toEqual([]);
	});

	test("nobody while Microsoft's keys cannot be read, and Microsoft again as soon as they can", async () => {
		there.fake.fail("keys", { status: 503 }, "answer_lost");
		for (const _ of ["refused", "broken off"]) {
			// Not 401: that would say that it is wrong, and it would never come again.
			const { status, body } = await there.fake.send(activity());
			expect([status, body]).toEqual([503, expect.stringContaining("signing keys could not be read")]);
			expect(there.stored).toEqual([]);
		}
		expect((await there.fake.send(activity())).status).toBe(200);
	});

	test("nobody of another tenant", async () => {
		const conversation = { id: "a:ada", conversationType: "personal", tenantId: "other-tenant" };
		const both = { conversation, channelData: { tenant: { id: there.fake.tenant } } };
		expect((await there.fake.send({ ...activity(), ...both })).status).toBe(403);
		const silent = { conversation: { id: "a:ada" }, channelData: {} };
		expect((await there.fake.send({ ...activity(), ...silent })).status).toBe(403);
		expect(there.stored).toEqual([]);
	});

	test("no server but Microsoft's gets our token, whatever a token says", async () => {
		const serviceUrl = "https://smba.trafficmanager.net.evil.test/";
		const sent = await there.fake.send({ ...activity(), serviceUrl }, there.fake.token({ serviceurl: serviceUrl }));
		expect(sent.status).toBe(403);
	});

	test("no other channel of the Bot Framework", async () => {
		expect((await there.fake.send({ ...activity(), channelId: "webchat" })).status).toBe(403);
	});
});

describe("what is taken", () => {
	test("it is stored before it is answered, and not taken when it cannot be", async () => {
		there.storeFails = true;
		expect((await there.fake.write("ada", "status")).status).toBe(503);
		there.storeFails = false;
		expect((await there.fake.write("ada", "status")).status).toBe(200);
		expect(there.front.said).toEqual([]);
		expect(there.stored).toHaveLength(1);
		expect(JSON.stringify(there.stored)).not.toContain("Bearer");
	});

	test("text that the database cannot hold is taken without it", async () => {
		await there.fake.write("ada", "status\u0000 \ud800web");
		await there.work();
		expect(there.front.said[0]?.text).toBe("status web");
	});

	test.each([
		["no JSON", "{", 400],
		["no activity", "[]", 400],
		["an activity without a conversation", JSON.stringify({ type: "message", channelId: "msteams" }), 400],
		["too much", JSON.stringify({ text: "x".repeat(300_000) }), 413],
	])("%s is not", async (_, body, status) => {
		const headers = { authorization: `Bearer ${there.fake.token()}` };
		expect((await there.fake.sendRaw(body, headers)).status).toBe(status);
	});

	test("typing, reactions and the like are answered and forgotten", async () => {
		expect((await there.fake.send({ ...activity(), type: "typing" })).status).toBe(200);
		expect(there.stored).toEqual([]);
	});

	test("an invoke that nobody here knows is told so", async () => {
		expect((await there.fake.send({ ...activity(), type: "invoke", name: "task/fetch" })).status).toBe(501);
	});

	test("without a token nothing of the body is read", async () => {
		const url = new URL(there.fake.botUrl);
		const socket = connect(Number(url.port), url.hostname);
		socket.write("POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n{");
		const [answer] = await once(socket, "data");
		expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
		socket.destroy();
	});
});

test("the Playground's open door is shut to web pages, and to who comes from elsewhere", async () => {
	const open = await Harness.open({ insecure: true });
	try {
		const body = JSON.stringify({ ...open.fake.inPersonal("ada"), type: "message", text: "status" });
		expect((await open.fake.sendRaw(body, { "content-type": "text/plain" })).status).toBe(415);
		expect((await open.fake.sendRaw(body, { origin: "https://evil.test" })).status).toBe(403);
		const { hostname, port } = new URL(open.fake.botUrl);
		const socket = connect(Number(port), hostname);
		const head = "POST / HTTP/1.1\r\nHost: draven.acme.test\r\nContent-Type: application/json\r\nContent-Length:";
		socket.write(`${head} ${Buffer.byteLength(body)}\r\n\r\n${body}`);
		const [answer] = await once(socket, "data");
		expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /);
		socket.destroy();
		expect(open.stored).toEqual([]);
	} finally {
		await open.close();
	}
});

test("the Playground is let in without a token where that was asked for, and nowhere but to this machine is it answered", async () => {
	const open = await Harness.open({ insecure: true });
	try {
		const said = { ...open.fake.inPersonal("ada"), type: "message", text: "status" };
		expect((await open.fake.send(said, null)).status).toBe(200);
		expect((await open.fake.send({ ...said, serviceUrl: "http://evil.test/" }, null)).status).toBe(403);
	} finally {
		await open.close();
	}
});
