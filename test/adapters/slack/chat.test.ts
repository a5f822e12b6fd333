import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pino } from "pino";
import { createApi } from "../../../adapters/slack/api.ts";
import { slackChat } from "../../../adapters/slack/chat.ts";
import type { ChatPort } from "../../../src/ports/chat.ts";
import { textCard } from "../../../src/words/rich.ts";
import { FakeSlack } from "../../fakes/slack.ts";

let fake: FakeSlack;
let chat: ChatPort;
beforeEach(async () => {
	fake = await FakeSlack.start();
	fake.joined.add("C1");
	chat = slackChat(
		createApi({ token: fake.botToken, apiUrl: fake.apiUrl, log: pino({ level: "silent" }), timeoutMs: 1_000 }),
	);
});
afterEach(() => fake.stop());

const C1 = { channel: "C1", thread: null };
const longAgo = () => new Date(Date.now() - 60_000);

test("a card is posted, told about in its thread, and edited in place", async () => {
	const root = await chat.post(C1, textCard("Deploy #1"), "card:1");
	await chat.post({ channel: "C1", thread: root.messageId }, textCard("Queued."), "thread:1");
	expect(await chat.update(root, textCard("Deploy #1: done"))).toBe("updated");
	const [message] = fake.roots("C1");
	if (message === undefined) throw new Error("nothing was posted");
	expect(message).toMatchObject({ ts: root.messageId, text: "Deploy #1: done", edits: 1 });
	expect(fake.threadOf(message).map((one) => one.text)).toEqual(["Queued."]);
});

test("a message to one person goes to them", async () => {
	await chat.tell("U_ANN", textCard("Your run failed."), "tell:1");
	expect(fake.messages).toEqual([expect.objectContaining({ channel: "D_U_ANN", text: "Your run failed." })]);
});

describe("what goes wrong is told as what it means", () => {
	test.each([
		["an error of Slack's", { error: "fatal_error" }, { kind: "unavailable", mayHaveHappened: true }],
		["HTTP 503", { status: 503 }, { kind: "unavailable", mayHaveHappened: true }],
		["a lost answer", "answer_lost", { kind: "unavailable", mayHaveHappened: true }],
		["silence", { delayMs: 1_500 }, { kind: "unavailable", mayHaveHappened: true }],
		["too many", { status: 429, retryAfter: 30 }, { kind: "rate_limited", retryAfter: 30, mayHaveHappened: false }],
		["too many, without a number", { status: 429 }, { kind: "rate_limited", retryAfter: 1 }],
		["too many, as an error", { error: "ratelimited" }, { kind: "rate_limited" }],
		[
			"a revoked token",
			{ error: "token_revoked" },
			{ kind: "unauthorized", message: expect.stringContaining("SLACK_BOT_TOKEN") },
		],
		[
			"a missing scope",
			{ error: "missing_scope", needed: "chat:write" },
			{ kind: "unauthorized", message: expect.stringContaining("chat:write") },
		],
		[
			"an archived channel",
			{ error: "is_archived" },
			{ kind: "not_found", message: expect.stringContaining("archived") },
		],
		[
			"a wrong channel",
			{ error: "channel_not_found" },
			{ kind: "not_found", message: expect.stringContaining("/invite @DRAVEN") },
		],
		[
			"a channel for announcements",
			{ error: "restricted_action_read_only_channel" },
			{ kind: "not_found", message: expect.stringContaining("let DRAVEN post there") },
		],
		["something else", { error: "invalid_blocks" }, { kind: "rejected", mayHaveHappened: false }],
	] as const)("%s", async (_, fault, error) => {
		fake.fail("chat.postMessage", fault);
		await expect(chat.post(C1, textCard("x"), "c")).rejects.toMatchObject({ name: "VendorError", ...error });
		// Tried once: the outbox looks before it tries again.
		expect(fake.callsOf("chat.postMessage")).toHaveLength(1);
	});

	test("a channel that the bot is not in asks for an invitation", async () => {
		await expect(chat.post({ channel: "C2", thread: null }, textCard("x"), "c")).rejects.toMatchObject({
			kind: "not_found",
			message: expect.stringContaining("/invite @DRAVEN"),
		});
	});

	test("Slack that is not there had no effect", async () => {
		await fake.stop();
		await expect(chat.post(C1, textCard("x"), "c")).rejects.toMatchObject({
			kind: "unavailable",
			mayHaveHappened: false,
		});
		fake = await FakeSlack.start();
	});

	test("no token is in any message", async () => {
		fake.tokenRevoked = true;
		const error = await chat.post(C1, textCard("x"), "c").catch((caught: unknown) => caught);
		expect(String(error)).not.toContain(fake.botToken);
	});
});

describe("a post whose answer was lost is looked for", () => {
	test("in the channel and in a thread, through all pages", async () => {
		for (let n = 0; n < 5; n++) await chat.post(C1, textCard(`other ${n}`), `other:${n}`);
		fake.fail("chat.postMessage", "answer_lost");
		await chat.post(C1, textCard("Deploy #7"), "card:7").catch(() => {});
		const found = await chat.find(C1, "card:7", longAgo());
		if (found === null || found === "cannot_look") throw new Error("it was not found");
		expect(fake.roots("C1").find((one) => one.ts === found.messageId)?.text).toBe("Deploy #7");
		const thread = { channel: "C1", thread: found.messageId };
		const line = await chat.post(thread, textCard("Queued."), "thread:7");
		expect(await chat.find(thread, "thread:7", longAgo())).toEqual(line);
		expect(await chat.find(C1, "thread:7", longAgo())).toBeNull();
	});

	test("a post that never arrived is not found", async () => {
		fake.fail("chat.postMessage", "hang_up");
		await chat.post(C1, textCard("Deploy #7"), "card:7").catch(() => {});
		expect(await chat.find(C1, "card:7", longAgo())).toBeNull();
	});

	test("where the scopes do not let us look, we say so", async () => {
		fake.scopes.delete("channels:history");
		expect(await chat.find(C1, "card:7", longAgo())).toBe("cannot_look");
		expect(await chat.find({ channel: "C2", thread: null }, "card:7", longAgo())).toBe("cannot_look");
	});

	test("when Slack fails, that is an error and no answer", async () => {
		fake.fail("conversations.history", { status: 500 });
		await expect(chat.find(C1, "card:7", longAgo())).rejects.toMatchObject({ kind: "unavailable" });
	});
});

describe("an edit", () => {
	test.each(["message_not_found", "cant_update_message", "edit_window_closed"])(
		"%s: the message is gone",
		async (error) => {
			const root = await chat.post(C1, textCard("x"), "c");
			fake.fail("chat.update", { error });
			expect(await chat.update(root, textCard("y"))).toBe("gone");
		},
	);

	test("in a channel that was archived says so", async () => {
		const root = await chat.post(C1, textCard("x"), "c");
		fake.fail("chat.update", { error: "is_inactive" });
		await expect(chat.update(root, textCard("y"))).rejects.toMatchObject({
			kind: "not_found",
			message: expect.stringContaining("archived"),
		});
	});

	test("that cannot be made now is an error", async () => {
		const root = await chat.post(C1, textCard("x"), "c");
		fake.joined.delete("C1");
		await expect(chat.update(root, textCard("y"))).rejects.toMatchObject({ kind: "not_found" });
	});
});
