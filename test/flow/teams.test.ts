import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { buttonsOn, textOf } from "../fakes/teams-card.ts";
import { TALK, TeamsWorld, teamsChannel } from "../support/teams-world.ts";

let there: TeamsWorld;
beforeEach(async () => {
	there = await TeamsWorld.open();
});
afterEach(() => there.close());

const labels = (shown: { card: Readonly<Record<string, unknown>> }) => buttonsOn(shown.card).map((one) => one.title);
const state = async (number: number) => (await there.world.run(number)).progress.state;

test("a mention in a channel deploys; its answer is for the one who spoke, in their own chat", async () => {
	const answer = await there.mention("U_OPS", "deploy&nbsp;shop@v1.0.0 to stage", TALK);
	expect(answer).toContain("shop v1.0.0 → stage");
	await there.world.pass(1_000);
	expect(await state(1)).toBe("running");
	expect(there.fake.messages.filter((one) => one.conversation.startsWith(TALK))).toEqual([]);
	expect(labels(there.card("stage"))).toEqual(["Cancel"]);
});

test("in a channel only what mentions the bot is for it, and a button that is not ours does nothing", async () => {
	await there.fake.send({
		...there.fake.inChannel("U_OPS", TALK, "77"),
		type: "message",
		text: "shop@v1.0.0 to stage",
	});
	const ann = { type: "mention", text: "<at>Ann</at>", mentioned: { id: "29:U_ANN", name: "Ann" } };
	const toAnn = { entities: [ann], text: "<at>Ann</at> shop@v1.0.0 to stage" };
	await there.fake.send({ ...there.fake.inChannel("U_OPS", TALK, "78"), type: "message", ...toAnn });
	await there.world.work();
	expect(there.fake.messages).toEqual([]);
	const other = { ...there.fake.inPersonal("U_OPS"), type: "message", value: { someone: "else's" } };
	expect(await there.answered("U_OPS", () => there.fake.send(other))).toContain("I do not know this button");
	await expect(there.world.run(1)).rejects.toThrow();
});

test("who has not installed the app is answered where they spoke", async () => {
	there.fake.installed.delete("U_OPS");
	await there.fake.mention("U_OPS", TALK, "whoami");
	await there.world.work();
	const [answer] = there.fake.messages.filter((one) => one.conversation.startsWith(TALK));
	expect(textOf(answer?.card ?? {})).toContain("For U_OPS:");
	expect(there.fake.toldTo("U_OPS")).toEqual([]);
});

test("who installs the app is shown their own page, once", async () => {
	const installed = { ...there.fake.inPersonal("U_OPS"), id: "f:install", type: "installationUpdate", action: "add" };
	await there.fake.send(installed);
	await there.fake.send(installed);
	await there.world.work();
	expect(there.fake.toldTo("U_OPS").map(({ card }) => textOf(card))).toEqual([
		expect.stringMatching(/^Waiting for you\s.*Type help to see what I can do/s),
	]);
});

test("a person's page in their chat shows what waits for them; its button approves, and the page follows", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.fake.write("U_ANN", "hello");
	await there.world.work();
	const [page] = there.fake.toldTo("U_ANN");
	if (page === undefined) throw new Error("no page was shown");
	expect(labels(page)).toEqual(["Approve", "Reject", "Refresh"]);
	expect(await there.press("U_ANN", page, "Approve")).toContain("recorded");
	expect(textOf(there.card("production").card)).toContain("1 of 2");
	expect(labels(page)).toEqual(["Refresh"]);
	expect(textOf(page.card)).toContain("Nothing waits for your approval.");
	const { body } = await there.fake.press("U_OPS", page, "Refresh");
	expect(textOf(JSON.parse(body).value)).toMatch(/Nothing waits for your approval\..*Your runs.*Deploy #1/s);
});

test("with several projects the form asks for one first, and shows its environments within the answer", async () => {
	await there.world.addProject("api");
	await there.fake.write("U_OPS", "deploy");
	await there.world.work();
	const [form] = there.fake.toldTo("U_OPS");
	if (form === undefined) throw new Error("no form was shown");
	expect(labels(form)).toEqual(["Next"]);
	const { status, body } = await there.fake.press("U_OPS", form, "Next", { project: "api" });
	expect(status).toBe(200);
	const { type, value } = JSON.parse(body);
	expect(type).toBe("application/vnd.microsoft.card.adaptive");
	expect(JSON.stringify(value)).toContain("v1.2.0 (tag)");
	await there.press("U_OPS", { ...form, card: value }, "Deploy", { environment: "stage", typed: "v1.2.0" });
	expect(await there.world.run(1)).toMatchObject({ project: "api", ref: { name: "v1.2.0" } });
});

test("a client that does not know Action.Execute sends the same as a message", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.answered("U_BOB", () =>
		there.fake.submit("U_BOB", there.card("production"), "Reject", { reason: "not before the campaign" }),
	);
	expect(await state(1)).toBe("rejected");
});

test("a reject without its reason does nothing, whichever way it is sent, and says so", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	const card = there.card("production");
	expect(await there.press("U_BOB", card, "Reject", { reason: " \n " })).toContain("Nothing was done: say why");
	const submitted = () => there.fake.submit("U_BOB", card, "Reject");
	expect(await there.answered("U_BOB", submitted)).toContain("Nothing was done: say why");
	expect(await state(1)).toBe("waiting_approval");
	await there.press("U_BOB", card, "Reject", { reason: "too early" });
	expect(await state(1)).toBe("rejected");
});

describe("once, whatever happens", () => {
	test("an activity that is delivered twice, and a button that is pressed twice in a hurry", async () => {
		const once = { id: "f:same" };
		await there.fake.write("U_OPS", "shop@v1.0.0 to stage", once);
		await there.fake.write("U_OPS", "shop@v1.0.0 to stage", once);
		await there.world.work();
		expect(there.fake.toldTo("U_OPS")).toHaveLength(1);
		await there.fake.write("U_OPS", "shpo to stage");
		await there.world.work();
		const told = there.fake.toldTo("U_OPS").at(-1);
		if (told === undefined) throw new Error("nothing was told");
		const at = { timestamp: "2026-03-04T10:00:01Z" };
		const [label = ""] = labels(told);
		await there.fake.press("U_OPS", told, label, {}, at);
		await there.fake.press("U_OPS", told, label, {}, { timestamp: "2026-03-04T10:00:02Z" });
		await there.world.work();
		expect(there.fake.toldTo("U_OPS")).toHaveLength(3);
	});

	test("a card that cannot be edited any more gets a replacement", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		const card = there.card("production");
		there.fake.messages.splice(there.fake.messages.indexOf(card), 1);
		await there.press("U_ANN", card, "Approve");
		expect(textOf(there.card("production").card)).toContain("1 of 2");
	});

	test("what Teams asks to wait with comes later, and in order", async () => {
		there.fake.fail("create", { status: 429, retryAfter: 5 });
		await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
		await there.world.work();
		expect(there.fake.roots(teamsChannel("stage"))).toEqual([]);
		expect(await state(1)).toBe("running");
		await there.world.pass(4_000);
		expect(there.fake.roots(teamsChannel("stage"))).toEqual([]);
		await there.world.pass(1_500);
		expect(there.story("stage")).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("at work"),
		]);
	});
});

test("people and groups are called as the directory calls them, and by their ids when it does not say", async () => {
	there.fake.fail("groups", { status: 503 });
	expect(await there.say("U_OPS", "shop@v1.0.0 to production")).toContain("the Entra group S_LEADS");
	expect(await there.say("U_OPS", "shop@v1.1.0 to production")).toContain("by somebody else: the group Group S_LEADS.");
});

test("approvers who are bound by a group are called on one by one, without who asked", async () => {
	there.fake.directory.group("S_LEADS", "U_ANN", "U_BOB", "U_OPS", "U_EVE");
	there.fake.directory.user("U_ANN", { displayName: "Ann Lee" });
	there.fake.directory.user("U_BOB", { displayName: "Bob" });
	there.fake.directory.user("U_EVE", { userType: "Guest" });
	await there.say("U_OPS", "shop@v1.0.0 to production");
	const [asked] = there.fake.repliesTo(there.card("production"));
	expect(JSON.stringify(asked?.card["body"])).toContain("the group Group S_LEADS (<at>Ann Lee</at>, <at>Bob</at>)");
	expect(asked?.card["msteams"]).toMatchObject({
		entities: [
			{ type: "mention", text: "<at>Ann Lee</at>", mentioned: { id: "U_ANN", name: "Ann Lee" } },
			{ type: "mention", text: "<at>Bob</at>", mentioned: { id: "U_BOB", name: "Bob" } },
		],
	});
	// Once: the card that is edited all the time names the group alone.
	expect(JSON.stringify(there.card("production").card)).not.toContain("<at>");
});

describe("each reader's own view of a card", () => {
	const view = async (user: string) => {
		const card = await there.fake.viewOf(user, there.card("production"));
		return card === null ? null : { labels: labels({ card }), text: textOf(card) };
	};

	test("has the buttons that do something for them, and says why others are missing", async () => {
		for (const user of ["U_ANN", "U_BOB", "U_ADA"]) await there.say(user, "whoami");
		await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(labels(there.card("production"))).toEqual(["Approve", "Reject"]);
		expect(await view("U_ANN")).toMatchObject({ labels: ["Approve", "Reject"] });
		expect(await view("U_OPS")).toEqual({ labels: ["Cancel"], text: expect.stringContaining("You asked for it") });
		expect(await view("U_ADA")).toEqual({ labels: ["Cancel"], text: expect.stringContaining("role approver") });
		await there.press("U_ANN", there.card("production"), "Approve");
		expect(await view("U_ANN")).toEqual({ labels: [], text: expect.stringContaining("You have approved it") });
		// Whom the card does not name sees what everybody sees.
		expect(await view("U_TWO")).toBeNull();
	});

	test("is asked for by those who may approve first, by the ids that Teams told of them anywhere", async () => {
		const others = Array.from({ length: 58 }, (_, n) => `U_OTHER_${n}`);
		// In a channel: none of them has ever written to the bot alone.
		for (const user of ["U_ANN", "U_OPS", ...others]) await there.fake.mention(user, TALK, "whoami");
		await there.world.work();
		there.fake.directory.group("S_LEADS", "U_ANN", "U_BOB", "U_EVE");
		there.fake.rosters.set(teamsChannel("production"), ["U_BOB", "U_ADA"]);
		await there.mention("U_OPS", "deploy shop@v1.0.0 to production", TALK);
		const readers = () => (there.card("production").card["refresh"] as { userIds: string[] }).userIds;
		// Teams has not told of U_EVE.
		expect(readers().slice(0, 3)).toEqual(["29:U_OPS", "29:U_ANN", "29:U_BOB"]);
		expect(readers()).toHaveLength(60);
		expect(readers()).not.toContain("29:U_ADA");
		await there.press("U_BOB", there.card("production"), "Approve");
		expect(readers().slice(0, 3)).toEqual(["29:U_OPS", "29:U_BOB", "29:U_ANN"]);
		expect(await view("U_BOB")).toEqual({ labels: [], text: expect.stringContaining("You have approved it") });
	});

	test("goes out without those of whom Teams will not tell", async () => {
		there.fake.fail("roster", { status: 403, code: "BotNotInConversationRoster" });
		await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(there.card("production").card["refresh"]).toMatchObject({ userIds: ["29:U_OPS"] });
	});

	test("is presentation alone: the button of everybody's card still refuses", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(await there.press("U_OPS", there.card("production"), "Approve")).toContain(
			"nobody approves what they asked",
		);
	});

	test("is not there when it cannot be made, and is not asked for once nothing is to be decided", async () => {
		await there.say("U_ANN", "whoami");
		await there.say("U_OPS", "shop@v1.0.0 to production");
		there.fake.fail("users", { status: 503 });
		there.teams.groups.forget(null);
		expect(await view("U_ANN")).toBeNull();
		await there.press("U_BOB", there.card("production"), "Reject", { reason: "no" });
		expect(there.card("production").card["refresh"]).toBeUndefined();
	});
});

test("who is of another tenant than the channel's does nothing, whatever the directory says of their id", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	const card = there.card("production");
	const foreign = (channel: string) => ({
		tenant: { id: "99999999-0000-0000-0000-000000000001" },
		channel: { id: channel },
	});
	const approved = () =>
		there.fake.press("U_ANN", card, "Approve", {}, { channelData: foreign(teamsChannel("production")) });
	expect(await there.answered("U_ANN", approved)).toContain("guests and people of other workspaces");
	const deployed = () => there.fake.write("U_TWO", "shop@v1.0.0 to stage", { channelData: foreign(TALK) });
	expect(await there.answered("U_TWO", deployed)).toContain("guests and people of other workspaces");
	expect(textOf(card.card)).toContain("0 of 2");
	// Those of the tenant itself are who they are, before and after.
	expect(await there.press("U_ANN", card, "Approve")).toContain("recorded");
});

test("who was made a guest, or whose account was closed a moment ago, approves nothing; nor does anybody while that cannot be read", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	for (const user of ["U_ANN", "U_BOB"]) expect(await there.say(user, "whoami")).toContain("approver");
	there.fake.fail("users", { status: 503 });
	expect(await there.press("U_BOB", there.card("production"), "Approve")).toContain("Your rights could not be read");
	there.fake.directory.user("U_ANN", { userType: "Guest" });
	there.fake.directory.user("U_BOB", { accountEnabled: false });
	for (const user of ["U_ANN", "U_BOB"])
		expect(await there.press(user, there.card("production"), "Approve")).toContain("guest");
	expect(textOf(there.card("production").card)).toContain("0 of 2");
});
