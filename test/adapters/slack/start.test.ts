import { afterEach, describe, expect, test } from "@jest/globals";
import { Harness } from "./harness.ts";

let harness: Harness;
afterEach(() => harness.close());

describe("the start", () => {
	test("says which workspace it is", async () => {
		harness = await Harness.open();
		expect(await harness.slack.start()).toEqual({ team: "Acme" });
	});

	test("is refused by one sentence when the token is not accepted, and nothing crashes later", async () => {
		harness = await Harness.open({ botToken: "xoxb-old" });
		await expect(harness.slack.start()).rejects.toThrow(
			/^SLACK_BOT_TOKEN is not accepted by Slack \(invalid_auth\): .*xoxb-…/,
		);
	});

	test("goes on when Slack is out of reach: commands are taken and done", async () => {
		harness = await Harness.open();
		harness.fake.fail("auth.test", "hang_up");
		expect(await harness.slack.start()).toEqual({ team: null, problem: expect.stringContaining("did not answer") });
		await harness.fake.command("U_ANN", "status");
		expect(await harness.told("U_ANN")).toBe("You said: status");
	});

	test("a mention that comes while we do not know who we are fails, and is understood when it is done again", async () => {
		harness = await Harness.open();
		harness.fake.fail("auth.test", { status: 500 });
		await harness.fake.mention("U_ANN", "C_TALK", "status");
		await harness.fake.until(() => harness.failures[0]);
		expect(harness.failures[0]).toMatchObject({ name: "VendorError", kind: "unavailable" });
		await harness.slack.process([...harness.stored.values()][0]);
		expect(harness.front.said.map((one) => one.text)).toEqual(["status"]);
	});
});

describe("Socket Mode", () => {
	test("takes commands, events and forms without an address of its own", async () => {
		harness = await Harness.open({ socketMode: true });
		expect(harness.slack.inbox).toBeNull();
		expect(await harness.slack.start()).toEqual({ team: "Acme" });
		await harness.fake.command("U_ANN", "status");
		expect(await harness.told("U_ANN")).toBe("You said: status");
		await harness.fake.mention("U_ANN", "C_TALK", "help");
		expect(await harness.told("U_ANN", 1)).toBe("You said: help");
		const form = { id: "V1", user: "U_ANN", hash: "h", view: { callback_id: "deploy_form" } };
		expect(await harness.fake.suggestions(form, "ref:web", "ref", "v1.0")).toEqual(["v1.0", "v1.0.0"]);
		const answer = await harness.fake.submit(form, {});
		expect(JSON.parse(answer.body)).toMatchObject({ response_action: "errors" });
	});

	test("acknowledges nothing that could not be stored, and knows what comes again", async () => {
		harness = await Harness.open({ socketMode: true });
		await harness.slack.start();
		harness.storing = async () => {
			throw new Error("the database is away");
		};
		const event = { type: "app_mention", user: "U_ANN", channel: "C_TALK", text: "<@UBOT> status", ts: "1.1" };
		void harness.fake.event(event, "Ev1").catch(() => {});
		await harness.fake.until(() => harness.logged.some(({ msg }) => msg.includes("could not be stored")));
		expect(harness.fake.acked.size).toBe(0);
		harness.storing = async () => {};
		await harness.fake.event(event, "Ev1");
		await harness.fake.event(event, "Ev1");
		await harness.told("U_ANN");
		expect(harness.front.said).toHaveLength(1);
	});

	test("connects again when the connection is lost, or Slack asks for it", async () => {
		harness = await Harness.open({ socketMode: true });
		await harness.slack.start();
		const first = await harness.fake.until(() => harness.fake.sockets[0]);
		first.drop();
		const second = await harness.fake.until(() => harness.fake.sockets.find((socket) => socket !== first));
		second.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
		await harness.fake.until(() => harness.fake.sockets.find((socket) => socket !== first && socket !== second));
		await harness.fake.command("U_ANN", "status");
		expect(await harness.told("U_ANN")).toBe("You said: status");
	});

	test("goes on trying when Slack is away in the meantime", async () => {
		harness = await Harness.open({ socketMode: true });
		await harness.slack.start();
		const first = await harness.fake.until(() => harness.fake.sockets[0]);
		harness.fake.fail("apps.connections.open", "hang_up", { status: 503 });
		first.drop();
		await harness.fake.until(() => harness.fake.sockets.find((socket) => socket !== first));
		expect(harness.fake.callsOf("apps.connections.open")).toHaveLength(4);
	});

	test("an app token that is not accepted is named", async () => {
		harness = await Harness.open({ socketMode: true, appToken: "xapp-old" });
		await expect(harness.slack.start()).rejects.toThrow(/^SLACK_APP_TOKEN is not accepted by Slack \(invalid_auth\)/);
	});
});
