import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { textCard } from "../../../src/words/rich.ts";
import { textOf } from "../../fakes/teams-card.ts";
import type { TeamsFault } from "../../fakes/teams-server.ts";
import { Harness } from "./harness.ts";

const CHANNEL = "19:releases@thread.tacv2";
const root = { channel: CHANNEL, thread: null };

let there: Harness;
beforeEach(async () => {
	there = await Harness.open();
	there.fake.joined.add(CHANNEL);
	await there.fake.install(CHANNEL);
	await there.work();
});
afterEach(() => there.close());

const chat = () => there.teams.chat;

describe("posting", () => {
	test("a root post, a reply in its thread, and both edited in place", async () => {
		const posted = await chat().post(root, textCard("one"), "c1");
		expect(posted.channel).toBe(CHANNEL);
		const reply = await chat().post({ channel: CHANNEL, thread: posted.messageId }, textCard("two"), "c2");
		const [first, second] = there.fake.messages;
		expect(second).toMatchObject({ conversation: `${CHANNEL};messageid=${posted.messageId}`, id: reply.messageId });
		expect(second?.replyTo).toBe(posted.messageId);
		expect(await chat().update(posted, textCard("one, edited"))).toBe("updated");
		expect(await chat().update(reply, textCard("two, edited"))).toBe("updated");
		expect([first, second].map((message) => textOf(message?.card ?? {}))).toEqual(["one, edited", "two, edited"]);
		expect(there.fake.unauthorized).toBe(0);
	});

	test("in a chat of several people, which has no threads", async () => {
		const group = "19:group@thread.v2";
		there.fake.joined.add(group);
		const posted = await chat().post({ channel: group, thread: null }, textCard("one"), "c1");
		await chat().post({ channel: group, thread: posted.messageId }, textCard("two"), "c2");
		await chat().update(posted, textCard("one, edited"));
		expect(there.fake.messages.map(({ conversation, card }) => [conversation, textOf(card)])).toEqual([
			[group, "one, edited"],
			[group, "two"],
		]);
	});

	test("to a channel that nothing was heard from, by the server that was heard of", async () => {
		const quiet = "19:quiet@thread.tacv2";
		there.fake.joined.add(quiet);
		await chat().post({ channel: quiet, thread: null }, textCard("one"), "c1");
		expect(there.fake.roots(quiet)).toHaveLength(1);
	});

	test("what was deleted is gone, so that it is replaced", async () => {
		const posted = await chat().post(root, textCard("one"), "c1");
		there.fake.messages.splice(0);
		expect(await chat().update(posted, textCard("two"))).toBe("gone");
	});

	test.each<[string, Exclude<TeamsFault, string>]>([
		["a message that is not in the thread", { status: 404, code: "ActivityNotFoundInConversation" }],
		["a message that somebody deleted", { status: 403, code: "ServiceError", message: "Unknown" }],
		["a message that is too old to be known", { status: 400, code: "BadArgument", message: "not a known activity id" }],
		["a thread that is gone", { status: 404, code: "ConversationNotFound" }],
		["nothing there, without a word", { status: 404 }],
		["nothing there any more", { status: 410 }],
	])("an edit that meets %s makes it be replaced", async (_, fault) => {
		const posted = await chat().post(root, textCard("one"), "c1");
		there.fake.fail("update", fault);
		expect(await chat().update(posted, textCard("two"))).toBe("gone");
	});

	test.each<[Exclude<TeamsFault, string>, object]>([
		[
			{ status: 403, code: "BotNotInConversationRoster" },
			{ kind: "not_found", message: expect.stringContaining("add the app DRAVEN to the team") },
		],
		[
			{ status: 403, code: "BotDisabledByAdmin" },
			{ kind: "not_found", message: expect.stringContaining("allows it again in the Teams admin centre") },
		],
		[
			{ status: 403, code: "ConversationBlockedByUser" },
			{ kind: "not_found", message: expect.stringContaining("moderation of the channel") },
		],
		[{ status: 400, code: "BadArgument", message: "the card is odd" }, { kind: "rejected" }],
		[{ status: 412, code: "PreconditionFailed" }, { kind: "unavailable" }],
	])("an edit that meets %j makes nothing be replaced", async (fault, error) => {
		const posted = await chat().post(root, textCard("one"), "c1");
		there.fake.fail("update", fault);
		await expect(chat().update(posted, textCard("two"))).rejects.toMatchObject(error);
		expect(there.fake.roots(CHANNEL)).toHaveLength(1);
	});

	test("in a channel that was deleted is told for good, with what an admin does", async () => {
		there.fake.fail("create", { status: 404, code: "ConversationNotFound" });
		await expect(chat().post(root, textCard("one"), "c1")).rejects.toMatchObject({
			...{ kind: "not_found", passing: false, message: expect.stringContaining("its channel was deleted") },
		});
	});

	test("a message that is too large is said shorter, once it is known to be", async () => {
		there.fake.maxBytes = 9_000;
		await chat().post(root, textCard("long ".repeat(8_000)), "c1");
		const [message] = there.fake.messages;
		expect(JSON.stringify(message?.card).length).toBeLessThan(9_000);
		expect(JSON.stringify(message?.card)).toContain("does not fit into one message");
	});
});

describe("to one person", () => {
	test("the chat with them is opened once, and kept", async () => {
		there.fake.installed.add("ada");
		await chat().tell("ada", textCard("one"), "t1");
		await chat().tell("ada", textCard("two"), "t2");
		expect(there.fake.toldTo("ada").map(({ card }) => textOf(card))).toEqual(["one", "two"]);
		expect(there.conversations.kept.filter(({ kind }) => kind === "personal")).toHaveLength(1);
	});

	test("who has not installed the app cannot be told, and the sentence says what to do", async () => {
		await expect(chat().tell("ada", textCard("one"), "t1")).rejects.toMatchObject({
			kind: "not_found",
			message: expect.stringContaining("add it under Apps"),
		});
	});

	test("who removed the app is asked anew the next time", async () => {
		there.fake.installed.add("ada");
		await chat().tell("ada", textCard("one"), "t1");
		there.fake.installed.delete("ada");
		await expect(chat().tell("ada", textCard("two"), "t2")).rejects.toMatchObject({ kind: "not_found" });
		there.fake.installed.add("ada");
		await chat().tell("ada", textCard("three"), "t3");
		expect(there.fake.toldTo("ada")).toHaveLength(2);
	});
});

describe("what goes wrong is told by what it means, and nothing is sent twice", () => {
	test.each<[TeamsFault, object]>([
		[
			{ status: 429, retryAfter: 7 },
			{ kind: "rate_limited", retryAfter: 7, mayHaveHappened: false },
		],
		[{ status: 412 }, { kind: "unavailable", mayHaveHappened: false }],
		[{ status: 502 }, { kind: "unavailable", mayHaveHappened: true }],
		[{ status: 504 }, { kind: "unavailable", mayHaveHappened: true }],
		[{ status: 401 }, { kind: "unauthorized" }],
		[{ status: 403, code: "BotNotInConversationRoster" }, { kind: "not_found" }],
		[{ status: 400, code: "BadSyntax" }, { kind: "rejected" }],
		["answer_lost", { kind: "unavailable", mayHaveHappened: true }],
	])("%j", async (fault, error) => {
		there.fake.fail("create", fault);
		await expect(chat().post(root, textCard("one"), "c1")).rejects.toMatchObject(error);
		expect(there.fake.roots(CHANNEL).length).toBe(fault === "answer_lost" ? 1 : 0);
	});

	test("a token that is not accepted any more is renewed; a new one that is not accepted is told", async () => {
		await chat().post(root, textCard("one"), "c1");
		there.later = 120_000;
		there.fake.fail("create", { status: 401 });
		await expect(chat().post(root, textCard("two"), "c2")).rejects.toMatchObject({
			...{ kind: "unavailable", mayHaveHappened: false },
		});
		there.fake.fail("create", { status: 401 });
		await expect(chat().post(root, textCard("two"), "c2")).rejects.toMatchObject({ kind: "unauthorized" });
		expect(there.fake.tokensGiven).toBe(2);
	});

	test("a team that removed the app is not written to any more as if it knew us", async () => {
		expect(await there.conversations.find("channel", CHANNEL)).not.toBeNull();
		await there.fake.install(CHANNEL, "membersRemoved");
		await there.work();
		expect(await there.conversations.find("channel", CHANNEL)).toBeNull();
	});
});
