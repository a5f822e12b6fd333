import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
	harness = await Harness.open();
});
afterEach(() => harness.close());

const command = (text = "status", trigger = "t1") => ({
	...{ command: "/deploy", text, user_id: "U_ANN", team_id: "T1", channel_id: "C_TALK", token: "legacy" },
	...{ response_url: `${harness.fake.apiUrl}none`, trigger_id: trigger },
});

describe("who speaks", () => {
	test.each([
		["with another secret", { secret: "guessed" }],
		["from more than five minutes ago", { skew: -310 }],
		["from the future", { skew: 310 }],
		["without a version", { headers: { "x-slack-signature": "0".repeat(64) } }],
		["with half a signature", { headers: { "x-slack-signature": "v0=abcd" } }],
		["with a time that is none", { headers: { "x-slack-request-timestamp": "soon" } }],
	])("a request %s is refused with 401, and nothing is stored", async (_, options) => {
		expect((await harness.fake.send(command(), options)).status).toBe(401);
		expect(harness.stored.size).toBe(0);
	});

	test("a body that was changed on the way is refused", async () => {
		const { appUrl } = harness.fake;
		const response = await fetch(appUrl, { method: "POST", body: new URLSearchParams(command()) });
		expect(response.status).toBe(401);
	});

	test("a certificate check is answered, signed or not, and does nothing", async () => {
		const body = new URLSearchParams({ ssl_check: "1", token: "x", command: "/deploy", text: "web to production" });
		expect((await fetch(harness.fake.appUrl, { method: "POST", body })).status).toBe(200);
		expect(harness.stored.size).toBe(0);
	});

	test("the address is verified", async () => {
		const answer = await harness.fake.send({ type: "url_verification", challenge: "abc", token: "x" });
		expect(answer).toMatchObject({ status: 200, body: JSON.stringify({ challenge: "abc" }) });
		expect((await harness.fake.send({ type: "url_verification", challenge: "abc" }, { secret: "no" })).status).toBe(
			401,
		);
	});
});

describe("what is taken", () => {
	test("the same signed request twice, and a repeated event, have one effect", async () => {
		await harness.fake.send(command("status", "t7"));
		expect((await harness.fake.send(command("status", "t7"))).status).toBe(200);
		const event = { type: "app_mention", user: "U_ANN", channel: "C_TALK", text: "<@UBOT> status", ts: "1.2" };
		await harness.fake.event(event, "Ev9");
		await harness.fake.send(
			{ type: "event_callback", team_id: "T1", event_id: "Ev9", event },
			{ headers: { "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout" } },
		);
		await harness.fake.until(() => harness.front.said.length === 2);
		expect([...harness.stored.keys()]).toEqual(["slack:command:t7", "slack:event:T1:Ev9"]);
	});

	test("Slack's old token is not kept", async () => {
		await harness.fake.send(command());
		expect(JSON.stringify([...harness.stored.values()])).not.toContain("legacy");
	});

	test("letters that the database cannot hold are left out", async () => {
		await harness.fake.send(command("sta\0tus"));
		await harness.fake.sendRaw(
			'{"type":"event_callback","team_id":"T1","event_id":"E1","event":{"type":"app_mention","user":"U_ANN","channel":"C_TALK","text":"<@UBOT> a\\u0000b\\ud83dc 🚀 \\ud83d\\ude80","ts":"1"}}',
			"application/json",
		);
		await harness.fake.until(() => harness.front.said.length === 2);
		expect(harness.front.said.map((one) => one.text)).toEqual(["status", "abc 🚀 🚀"]);
	});

	test("forty kilobytes of text are taken; more than a megabyte is not", async () => {
		const long = "x ".repeat(20_000);
		expect((await harness.fake.send(command(long))).status).toBe(200);
		await harness.fake.until(() => harness.front.said[0]);
		expect(harness.front.said[0]?.text).toHaveLength(long.trim().length);
		expect((await harness.fake.send(command("y".repeat(1_100_000), "t2"))).status).toBe(413);
	});

	test.each([
		["{not json", "application/json"],
		["[1,2]", "application/json"],
		["payload=%7Bnot", "application/x-www-form-urlencoded"],
		["hello", "text/plain"],
	])("what cannot be read is refused: %s", async (text, type) => {
		expect((await harness.fake.sendRaw(text, type)).status).toBe(400);
	});

	test("events that Slack holds back are in the log", async () => {
		expect((await harness.fake.send({ type: "app_rate_limited", team_id: "T1" })).status).toBe(200);
		expect(harness.logged.map(({ msg }) => msg)).toContainEqual(expect.stringContaining("holds events back"));
	});

	test("kinds that nobody asked for are acknowledged and forgotten", async () => {
		for (const type of ["shortcut", "view_closed", "message_action"])
			expect((await harness.fake.send({ type, user: { id: "U_ANN" } })).status).toBe(200);
		expect(harness.stored.size).toBe(0);
	});
});

describe("stored first, then acknowledged", () => {
	test("nothing is acknowledged before it is stored", async () => {
		let release: (() => void) | null = null;
		harness.storing = () =>
			new Promise((resolve) => {
				release = resolve;
			});
		let answered = false;
		const sent = harness.fake.send(command()).then((answer) => {
			answered = true;
			return answer;
		});
		const go = await harness.fake.until<() => void>(() => release);
		expect(answered).toBe(false);
		go();
		expect((await sent).status).toBe(200);
	});

	test("a store that fails is told to Slack, which shows it or sends it again", async () => {
		harness.storing = async () => {
			throw new Error("the database is away");
		};
		expect((await harness.fake.send(command())).status).toBe(503);
		harness.storing = async () => {};
		expect((await harness.fake.send(command())).status).toBe(200);
		await harness.fake.until(() => harness.front.said.length === 1);
	});

	test("it is acknowledged at once even when all that follows is slow", async () => {
		harness.front.answer = () => new Promise(() => {});
		const answer = await harness.fake.command("U_ANN", "status");
		expect(answer).toMatchObject({ status: 200, body: "" });
		expect(answer.ms).toBeLessThan(1_000);
	});
});
