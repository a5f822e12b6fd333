import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pino } from "pino";
import type { ChatPort } from "../../src/ports/chat.ts";
import type { ChatFront } from "../support/chat-front.ts";
import { CHATS } from "../support/chats.ts";

describe.each(CHATS)("in %s, when things go wrong", (_, open) => {
	let chat: ChatFront;
	beforeEach(async () => {
		chat = await open();
	});
	afterEach(() => chat.close());

	const state = async (number: number) => (await chat.world.run(number)).progress.state;

	test.each(["a bug", "the database refuses"])(
		"%s: the one who asked is told within a minute, with the id that the log has, and nothing of the rest",
		async (how) => {
			const { world } = chat;
			const logged: { id?: string; msg: string }[] = [];
			const log = pino({ level: "error" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
			world.deps = { ...world.deps, log };
			if (how === "the database refuses") await world.deps.db.query("ALTER TABLE environment RENAME TO hidden");
			else
				world.deps = {
					...world.deps,
					pipelineOf: () => {
						throw new TypeError("secret detail");
					},
				};
			await chat.send("U_OPS", "shop@v1.0.0 to stage");
			for (let n = 0; n < 5; n++) await world.pass(10_000);
			const [answer, ...more] = chat.told("U_OPS");
			expect(more).toEqual([]);
			const id = /\(error ([0-9a-f]{8})\)/.exec(answer ?? "")?.[1];
			expect(answer).toContain("Tell your admin");
			expect(answer).not.toMatch(/secret|relation|hidden/);
			expect(logged.filter((line) => line.id === id)).toEqual([
				expect.objectContaining({ id: expect.any(String), msg: "a job was given up" }),
			]);
		},
	);

	test("a fault that keeps a card from being shown is told to the requester by its id, and the run goes on", async () => {
		for (const port of Object.values<ChatPort>(chat.world.deps.chats))
			port.post = async () => {
				throw new TypeError("secret detail");
			};
		await chat.send("U_OPS", "shop@v1.0.0 to stage");
		for (let n = 0; n < 8; n++) await chat.world.pass(100_000);
		const told = chat.told("U_OPS").filter((text) => text.includes("(error "));
		expect(told).toEqual([expect.stringMatching(/#1 .*\(error [0-9a-f]{8}\)/)]);
		expect(told.join()).not.toContain("secret");
		expect(await state(1)).toBe("running");
	});

	test("a lock whose notice cannot be posted is told to the one who took it", async () => {
		chat.closeChannel("stage");
		await chat.say("U_OPS", "lock shop stage hotfix");
		const told = chat.told("U_OPS").filter((text) => chat.letUsIn.test(text));
		expect(told).toEqual([expect.stringContaining("shop/stage is locked by U_OPS")]);
	});

	test("who took a lock is told when its former holder cannot be reached", async () => {
		await chat.say("U_OPS", "lock shop stage");
		chat.closeChat("U_OPS");
		await chat.say("U_ADA", 'lock shop stage --steal "fire"');
		expect(chat.told("U_ADA")).toContainEqual(expect.stringContaining("U_ADA took your lock on shop/stage: fire"));
	});

	test("what the platform asks us to wait for is waited for, and then told in order", async () => {
		chat.slowDown("post", 30);
		await chat.send("U_OPS", "shop@v1.0.0 to stage");
		await chat.world.pass(29_000);
		expect(chat.posted()).toBe(0);
		await chat.world.pass(2_000);
		expect(chat.story("stage")).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("at work"),
		]);
		chat.slowDown("edit", 10);
		await chat.world.finish(await chat.world.run(1), "succeeded");
		expect(chat.card("stage").text).not.toContain("Succeeded");
		await chat.world.pass(11_000);
		expect(chat.card("stage").text).toContain("Succeeded");
		expect(chat.story("stage").at(-1)).toContain("succeeded");
	});

	test("what happens while the platform does not accept who we are is told when it does again", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		chat.acceptUs(false);
		await chat.world.finish(await chat.world.run(1), "succeeded");
		for (let n = 0; n < 3; n++) await chat.world.pass(10 * 60_000);
		expect(await state(1)).toBe("succeeded");
		expect(chat.card("stage").text).not.toContain("Succeeded");
		chat.acceptUs(true);
		await chat.world.pass(10 * 60_000);
		expect(chat.card("stage").text).toContain("Succeeded");
		expect(chat.story("stage").at(-1)).toContain("succeeded");
	});

	test("a card that somebody deleted is posted anew, as it stands then", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		chat.deleteCard("stage");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		expect(chat.card("stage").text).toContain("Succeeded");
		expect(chat.story("stage").at(-1)).toContain("succeeded");
	});

	test("a channel that closes while a run is at work does not stop it, and its requester hears it once", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		chat.closeChannel("stage");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		await chat.world.pass(60_000);
		expect(await state(1)).toBe("succeeded");
		expect(chat.told("U_OPS").filter((text) => chat.letUsIn.test(text))).toHaveLength(1);
	});

	test("a channel that we are not in does not stop the run, and its requester is told to let us in", async () => {
		chat.closeChannel("stage");
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.world.pass(1_000);
		expect(await state(1)).toBe("running");
		expect(chat.told("U_OPS").filter((text) => chat.letUsIn.test(text))).toHaveLength(1);
	});
});
