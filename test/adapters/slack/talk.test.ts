import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { answerOf, Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
	harness = await Harness.open();
	await harness.slack.start();
});
afterEach(() => harness.close());

describe("a slash command", () => {
	test("is said as it was meant, and answered to its sender alone", async () => {
		await harness.fake.command("U_ANN", "deploy web@v1.4.2 to production");
		expect(await harness.told("U_ANN")).toBe("You said: deploy web@v1.4.2 to production");
		expect(harness.front.said).toEqual([
			{
				...{ platform: "slack", tenant: "T1", user: "U_ANN", channel: "C_TALK", thread: null },
				...{
					text: "deploy web@v1.4.2 to production",
					deliveryId: expect.stringMatching(/^command:trigger/),
					saidAt: expect.any(Date),
				},
			},
		]);
		expect(harness.fake.toldTo("U_ANN")).toEqual([expect.objectContaining({ via: "response_url", channel: "C_TALK" })]);
		expect(harness.fake.messages).toEqual([]);
	});

	test("works under any name that it was registered with", async () => {
		await harness.fake.command("U_ANN", "status", { command: "/release" });
		expect(await harness.told("U_ANN")).toBe("You said: status");
	});

	test.each([
		["explain web&lt;main&gt; &amp;amp; more", "explain web<main> &amp; more"],
		["approve <#C99|142>", "approve #142"],
		["lock web production <@U0ADA|ada> asked", "lock web production @ada asked"],
		["lock web production ask <@U0ADA>", "lock web production ask @U0ADA"],
		["deploy <mailto:web@v1.io|web@v1.io> to stage", "deploy web@v1.io to stage"],
		[
			'deploy web stage --reason "<https://acme.test/1?a=1&amp;b=2>"',
			'deploy web stage --reason "https://acme.test/1?a=1&b=2"',
		],
		["deploy <http://web.io|web.io> stage", "deploy web.io stage"],
		["freeze web <!here> <!subteam^S1|@devs>", "freeze web @here @devs"],
		["lock web production ask <!subteam^S0OPS>", "lock web production ask @S0OPS"],
		["lock web production <@W0ADA|ada>, of the other workspace", "lock web production @ada, of the other workspace"],
		["approve <#C99|>", "approve #C99"],
		["deploy web@<http://release-2.io|release-2.io> to stage", "deploy web@release-2.io to stage"],
		["deploy web@<tel:1234567890|1234567890> to stage", "deploy web@1234567890 to stage"],
		["explain web@&amp;lt; stage", "explain web@&lt; stage"],
		["`deploy web@v1.4.2 to production`", "deploy web@v1.4.2 to production"],
		["```deploy web to stage```", "deploy web to stage"],
		["*deploy web to stage*", "deploy web to stage"],
		["freeze */production for 2h _hot_", "freeze */production for 2h _hot_"],
		["unfreeze *", "unfreeze *"],
		["web\u200b@\u2066v1.4.2\u2069 to\u00a0stage\ufeff", "web@v1.4.2 to\u00a0stage"],
	])("%s is understood", async (sent, meant) => {
		await harness.fake.command("U_ANN", sent);
		await harness.told("U_ANN");
		expect(harness.front.said[0]?.text).toBe(meant);
	});

	test("is answered in the channel when its answer address is over", async () => {
		harness.fake.responseUrlsWork = false;
		await harness.fake.command("U_ANN", "status");
		await harness.told("U_ANN");
		expect(harness.fake.toldTo("U_ANN")[0]?.via).toBe("chat.postEphemeral");
	});

	test("is answered in a direct message when the bot is not in the channel either", async () => {
		harness.fake.responseUrlsWork = false;
		await harness.fake.command("U_ANN", "status", { channel: "C_SECRET" });
		const message = await harness.fake.until(() => harness.fake.messages[0]);
		expect(message).toMatchObject({ channel: "D_U_ANN", text: "You said: status" });
	});

	test("that cannot be answered is not done again for it", async () => {
		harness.fake.responseUrlsWork = false;
		harness.fake.tokenRevoked = true;
		await harness.fake.command("U_ANN", "status");
		await harness.fake.until(() => harness.logged.some(({ msg }) => msg.includes("could not be answered")));
		expect(harness.front.said).toHaveLength(1);
		expect(harness.failures).toEqual([]);
	});

	test("that DRAVEN cannot carry out right now fails, so that it is tried again", async () => {
		harness.front.answer = () => {
			throw new Error("the database is away");
		};
		await harness.fake.command("U_ANN", "status");
		await harness.fake.until(() => harness.failures[0]);
		expect(harness.failures).toEqual([new Error("the database is away")]);
	});
});

describe("a mention", () => {
	test("is said without our name, and answered to its sender alone", async () => {
		await harness.fake.mention("U_ANN", "C_TALK", "deploy web to stage");
		expect(await harness.told("U_ANN")).toBe("You said: deploy web to stage");
		expect(harness.fake.toldTo("U_ANN")[0]).toMatchObject({
			via: "chat.postEphemeral",
			channel: "C_TALK",
			thread: null,
		});
		expect(harness.front.said[0]).toMatchObject({
			channel: "C_TALK",
			thread: null,
			deliveryId: expect.stringMatching(/^event:T1:Ev/),
		});
	});

	test("in a thread names the run by it, and is answered there", async () => {
		await harness.fake.mention("U_ANN", "C_TALK", "approve", "1700000000.000100");
		await harness.told("U_ANN");
		expect(harness.front.said[0]).toMatchObject({ text: "approve", thread: "1700000000.000100" });
		expect(harness.fake.toldTo("U_ANN")[0]).toMatchObject({ thread: "1700000000.000100" });
	});

	test.each([
		["<@UBOT>: status", "status"],
		["hey <@UBOT|draven> status", "hey status"],
		["<@UBOT> lock web stage ask <@U_BOB>", "lock web stage ask @U_BOB"],
		["<@UBOT>\u00a0`status web`", "status web"],
		["<@UBOT> /deploy web to stage", "web to stage"],
		["<@UBOT> /deploy", ""],
		["<@UBOT> deploy <mailto:web@v1.io|web@v1.io>\nto stage", "deploy web@v1.io\nto stage"],
	])("%s: only our own name is left out", async (sent, meant) => {
		await harness.fake.mention("U_ANN", "C_TALK", sent);
		await harness.told("U_ANN");
		expect(harness.front.said[0]?.text).toBe(meant);
	});

	test("by a bot is not answered", async () => {
		await harness.fake.event({
			type: "app_mention",
			bot_id: "BOTHER",
			channel: "C_TALK",
			text: "<@UBOT> status",
			ts: "1.1",
			user: "UX",
		});
		await harness.fake.mention("U_ANN", "C_TALK", "help");
		await harness.told("U_ANN");
		expect(harness.front.said.map((one) => one.text)).toEqual(["help"]);
	});
});

describe("a direct message", () => {
	test("takes the bare words, and is answered there", async () => {
		await harness.fake.directMessage("U_ANN", "status web");
		const message = await harness.fake.until(() => harness.fake.messages[0]);
		expect(message).toMatchObject({ channel: "D_U_ANN", text: "You said: status web" });
	});

	test("our own ones, edits and bots are left alone", async () => {
		const message = {
			type: "message",
			channel_type: "im",
			channel: "D_U_ANN",
			text: "status",
			ts: "1.1",
			event_ts: "1.1",
		};
		await harness.fake.event({ ...message, user: "UBOT", bot_id: "BBOT" });
		await harness.fake.event({ ...message, user: "UBOT" });
		await harness.fake.event({ ...message, user: "U_ANN", subtype: "message_changed" });
		await harness.fake.event({ ...message, channel_type: "channel", user: "U_ANN" });
		await harness.fake.directMessage("U_ANN", "help");
		await harness.fake.until(() => harness.fake.messages[0]);
		expect(harness.front.said.map((one) => one.text)).toEqual(["help"]);
	});
});

test("what the workspace says of its groups and people is forgotten when they change", async () => {
	await harness.fake.event({ type: "subteam_members_changed", subteam_id: "S1", team_id: "T1" });
	await harness.fake.event({ type: "subteam_updated", subteam: { id: "S2" } });
	await harness.fake.event({ type: "user_change", user: { id: "U_ANN" } });
	await harness.fake.until(() => harness.front.forgotten.length === 3);
	expect(harness.front.forgotten).toEqual([{ group: "S1" }, { group: "S2" }, { user: "U_ANN" }]);
});

test.each(["app_uninstalled", "tokens_revoked"])("%s is told to whoever reads the log", async (type) => {
	await harness.fake.event({ type, tokens: { bot: ["UBOT"] } });
	await harness.fake.until(() =>
		harness.logged.some(({ level, msg }) => level === 50 && msg.includes("SLACK_BOT_TOKEN")),
	);
});

describe("suggestions are buttons", () => {
	const suggestion = answerOf("There is no project wev.", {
		outcome: "refused",
		card: {
			text: "There is no project wev.",
			blocks: [
				{ kind: "text", text: ["There is no project wev."] },
				{
					kind: "actions",
					actions: [
						{ kind: "command", label: "web", command: "deploy web to stage", spoken: "Run: deploy web to stage" },
					],
				},
			],
		},
	});

	test("that run the corrected command as the person who clicks, and give way to its answer", async () => {
		harness.front.answer = ({ text }) => (text.includes("wev") ? suggestion : answerOf(`You said: ${text}`));
		await harness.fake.command("U_ANN", "deploy wev to stage");
		await harness.told("U_ANN");
		const shown = harness.fake.toldTo("U_ANN")[0];
		if (shown === undefined) throw new Error("nothing was shown");
		await harness.fake.click("U_BOB", shown, "web");
		expect(await harness.told("U_BOB")).toBe("You said: deploy web to stage");
		expect(harness.fake.toldTo("U_BOB")[0]?.replaced).toBe(true);
		expect(harness.front.said[1]).toMatchObject({ user: "U_BOB", channel: "C_TALK", text: "deploy web to stage" });
	});

	test.each([
		["one click that arrives twice is one click", "1700000000.5"],
		["a double click is one click", "1700000000.8"],
	])("%s", async (_name, secondAt) => {
		harness.front.answer = () => suggestion;
		await harness.fake.command("U_ANN", "deploy wev to stage");
		await harness.told("U_ANN");
		const shown = harness.fake.toldTo("U_ANN")[0];
		if (shown === undefined) throw new Error("nothing was shown");
		await harness.fake.click("U_ANN", shown, "web", "1700000000.5");
		await harness.fake.click("U_ANN", shown, "web", secondAt);
		await harness.told("U_ANN", 1);
		expect(harness.front.said).toHaveLength(2);
	});
});
