import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChatFront } from "../support/chat-front.ts";
import { CHATS } from "../support/chats.ts";

const FREEZE = { from: "2026-03-01T00:00", until: "2026-03-10T09:00", timezone: "Europe/Rome", reason: "Quarter end" };
const MONDAYS = { timezone: "Europe/Rome", allow: [{ days: ["mon"], from: "09:00", to: "17:30" }] };

describe.each(CHATS)("the rules that are out of the ordinary, in %s", (_, open) => {
	let chat: ChatFront | null = null;
	const opened = async (production: unknown) => {
		chat = await open({ production });
		return chat;
	};
	afterEach(async () => {
		await chat?.close();
		chat = null;
	});

	test("a freeze that asks for one more approver stands on the card, for whoever approves", async () => {
		const chat = await opened({ approvals: { required: 1 }, freezes: [{ ...FREEZE, mode: "approval" }] });
		expect(await chat.say("U_OPS", "shop@v1.0.0 to production")).toContain("It waits for 2 approvals");
		expect(chat.card("production").text).toContain("A freeze (Quarter end) asks for one more approver.");
		await chat.press("U_ANN", "production", "Approve");
		await chat.press("U_BOB", "production", "Approve");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		expect(chat.card("production").text).not.toContain("Quarter end");
	});

	test("a freeze that only warns does so on the card", async () => {
		const chat = await opened({ approvals: { required: 0 }, freezes: [{ ...FREEZE, mode: "warn" }] });
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		expect(chat.card("production").text).toContain("Take care, a freeze is on: Quarter end.");
	});

	test("outside of the windows, and in a freeze, the one who asks hears until when, and nobody else does", async () => {
		const chat = await opened({ freezes: [{ ...FREEZE, mode: "deny" }], windows: MONDAYS });
		const text = await chat.say("U_OPS", "shop@v1.0.0 to production");
		expect(text).toContain(
			"The next one opens on Mon 9 Mar at 09:00 (Europe/Rome), but it is frozen then: releases may go again on Mon 16 Mar at 09:00.",
		);
		expect(text).toContain("Releases stop until 2026-03-10 09:00 (Europe/Rome): Quarter end.");
		expect(chat.posted()).toBe(0);
	});

	test("force asks for a reason, and its card says what it sets aside and why", async () => {
		const force = { enabled: true, role: "operator", waives: ["windows"] };
		const chat = await opened({ approvals: { required: 1 }, windows: MONDAYS, force });
		expect(await chat.say("U_OPS", "deploy! shop@v1.0.0 to production")).toContain('--force "why"');
		expect(chat.posted()).toBe(0);
		// A phone writes other quotes than a keyboard.
		await chat.say("U_OPS", "shop@v1.0.0 to production --force “customers cannot pay”");
		const { text } = chat.card("production");
		expect(text).toContain("⚠️ Forced: customers cannot pay (set aside: windows)");
		expect(text).toContain("Set aside, windows: It is Wed 11:00 in Europe/Rome, outside of the windows");
		await chat.press("U_ANN", "production", "Approve");
		expect((await chat.world.run(1)).progress.state).toBe("running");
		expect(chat.card("production").text).toContain("Forced: customers cannot pay");
	});

	test("force is refused to whoever lacks its role", async () => {
		const chat = await opened({ force: { enabled: true, role: "emergency", waives: ["ci"] } });
		expect(await chat.say("U_OPS", 'shop@v1.0.0 to production --force "now"')).toContain(
			"Only the role emergency may use --force here.",
		);
	});

	test("the longest that a request can have fits on one card, with its buttons and its checks", async () => {
		const chat = await opened({ approvals: { required: 1 }, parameters: { note: { type: "string" } } });
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		await chat.press("U_ANN", "production", "Approve");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		const { pipeline } = chat.world;
		const long = "תיקון & <סל> ".repeat(30);
		pipeline.comparisonOf = () => ({
			...{ ahead: 250, behind: 3, more: true, url: `https://git.test/${"c".repeat(300)}` },
			commits: Array.from({ length: 100 }, (_, n) => ({
				sha: n.toString(16).padStart(40, "0"),
				title: `${n} ${long}`,
				author: { name: `Author ${n} ${long}`, email: null, login: null },
			})),
		});
		pipeline.checksOf = () =>
			Array.from({ length: 40 }, (_, n) => ({
				...{ name: `check ${n} ${"&".repeat(30)}`, state: "success" as const },
				url: `https://ci.test/${"x".repeat(150)}`,
			}));
		await chat.say("U_OPS", `shop@v1.1.0 to production note="${"&<>".repeat(300)}" --reason "${long}"`);
		expect(chat.cards("production")).toBe(2);
		expect(chat.card("production").labels).toEqual(["Approve", "Reject"]);
		expect(chat.raw("production")).toMatch(/250 commits or more.*CI: .*and 30 more/s);
		expect(chat.raw("production")).not.toContain("does not fit into one message");
	});
});

describe.each(CHATS)("what people ask and hold by hand, in %s", (_, open) => {
	let chat: ChatFront;
	beforeEach(async () => {
		chat = await open();
	});
	afterEach(() => chat.close());

	test("status, history, diff and show answer the one who asks alone", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		const before = chat.posted();
		expect(await chat.say("U_TWO", "status shop stage")).toContain("v1.0.0");
		expect(await chat.say("U_TWO", "history shop")).toContain("#1");
		expect(await chat.say("U_TWO", "diff shop")).toContain("stage");
		expect(await chat.say("U_TWO", "show #1")).toContain("Succeeded");
		expect(await chat.say("U_TWO", "explain shop@v1.0.0 production")).toContain("production");
		expect(chat.posted()).toBe(before);
	});

	test("whoami says who somebody is and what they may", async () => {
		expect(await chat.say("U_OPS", "whoami")).toMatch(/U_OPS.*operator/s);
		expect(await chat.say("U_ANN", "whoami")).toMatch(/U_ANN.*approver/s);
	});

	test("the link into the web page is told to its person alone", async () => {
		expect(await chat.say("U_ADA", "admin")).toContain("Open the web page of DRAVEN");
		expect(chat.posted()).toBe(0);
	});

	test("somebody's lock is taken by an admin alone, with a reason, and they are told", async () => {
		await chat.say("U_OPS", "lock shop stage");
		expect(await chat.say("U_TWO", "lock shop stage")).toContain("U_OPS");
		await chat.say("U_ADA", 'lock shop stage --steal "incident 7"');
		expect(chat.told("U_OPS")).toContainEqual(
			expect.stringContaining("U_ADA took your lock on shop/stage: incident 7"),
		);
		expect(chat.card("stage").text).toMatch(/locked by U_ADA \(incident 7\)/);
	});

	test("a freeze by hand stops releases, its channel hears of it and of its end", async () => {
		await chat.say("U_ADA", "freeze shop/production for 2h database work");
		expect(chat.card("production").text).toContain("U_ADA stopped releases to shop/production");
		expect(await chat.say("U_OPS", "shop@v1.0.0 to production")).toMatch(/U_ADA stopped releases.*database work/s);
		await chat.say("U_ADA", "unfreeze shop/production");
		expect(chat.card("production").text).toContain("Releases to shop/production may go again");
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		expect((await chat.world.run(1)).progress.state).toBe("waiting_approval");
	});

	test("a promotion releases what is live elsewhere, and a nudge calls on whoever it waits for", async () => {
		await chat.say("U_OPS", "shop@v1.1.0 to stage");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		await chat.say("U_OPS", "promote shop from stage to production");
		expect(await chat.world.run(2)).toMatchObject({ environment: "production", ref: { name: "v1.1.0" } });
		await chat.world.pass(3_600_000);
		const before = chat.story("production").length;
		expect(await chat.say("U_OPS", "nudge #2 the launch is at noon")).toContain("#2");
		expect(chat.story("production").slice(before)).toEqual([expect.stringContaining("the launch is at noon")]);
	});
});
