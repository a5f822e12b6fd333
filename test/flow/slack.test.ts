import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pino } from "pino";
import { buttonsOf } from "../fakes/slack-blocks.ts";
import { SlackWorld } from "../support/slack-world.ts";

let there: SlackWorld;
beforeEach(async () => {
	there = await SlackWorld.open();
});
afterEach(() => there.close());

const labels = (shown: { blocks: unknown }) => buttonsOf(shown.blocks).map((button) => button.label);
const state = async (number: number) => (await there.run(number)).progress.state;

describe("a deploy to production, in Slack", () => {
	test("is asked for, approved by two people with one click each, and told on one card and in its thread", async () => {
		const answer = await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(answer).toMatchObject({ channel: "C_TALK", text: expect.stringContaining("It waits for 2 approvals") });
		const card = there.card("C_PRODUCTION");
		expect(card.text).toContain("Deploy #1: shop v1.0.0 → production");
		expect(labels(card)).toEqual(["Approve", "Reject"]);

		await there.click("U_ANN", card, "Approve");
		expect(card.text).toContain("1 of 2");
		await there.world.pass(1_000);
		await there.click("U_BOB", card, "Approve");
		expect(await state(1)).toBe("running");
		expect(labels(card)).toEqual(["Cancel"]);

		await there.world.finish(await there.run(1), "succeeded");
		expect(card.text).toContain("Succeeded");
		expect(card.text).toContain("Approved by: U_ANN, U_BOB");
		expect(labels(card)).toEqual([]);
		expect(there.fake.roots("C_PRODUCTION")).toEqual([card]);
		expect(there.story(card)).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("Approved by U_ANN (1 of 2)"),
			expect.stringContaining("Approved by U_BOB (2 of 2)"),
			expect.stringContaining("at work"),
			expect.stringContaining("succeeded"),
		]);
		// Nobody else reads what one person typed.
		expect(there.fake.roots("C_TALK")).toEqual([]);
	});

	test("is rejected with the reason that its form asked for", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		const card = there.card("C_PRODUCTION");
		await there.fake.click("U_BOB", card, "Reject");
		await there.world.work();
		const [form] = there.fake.views;
		if (form === undefined) throw new Error("no form was opened");
		expect(await state(1)).toBe("waiting_approval");
		await there.fake.submit(form, { reason: { reason: { value: "not before the campaign" } } });
		await there.world.work();
		expect(await state(1)).toBe("rejected");
		expect(card.text).toContain("Rejected by U_BOB: not before the campaign");
		expect(labels(card)).toEqual(["Retry"]);
	});

	test("is approved by words in its thread, which names the run", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		const card = there.card("C_PRODUCTION");
		const answer = await there.mention("U_ANN", "approve looks good", card);
		expect(answer).toMatchObject({ thread: card.ts, via: "chat.postEphemeral" });
		expect(there.story(card)).toContainEqual(expect.stringContaining("Approved by U_ANN (1 of 2): looks good"));
	});

	test("one click delivered twice, and two clicks of one person, count once", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		const card = there.card("C_PRODUCTION");
		const before = structuredClone(card);
		await Promise.all([
			there.fake.click("U_ANN", before, "Approve", "7.1"),
			there.fake.click("U_ANN", before, "Approve", "7.1"),
		]);
		await there.fake.click("U_ANN", before, "Approve", "7.2");
		await there.world.work();
		expect(card.text).toContain("1 of 2");
		expect(await state(1)).toBe("waiting_approval");
	});
});

describe("refusals are for the one who asked alone", () => {
	test("self-approval, no right, outsiders, and groups that cannot be read", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		const card = there.card("C_PRODUCTION");
		expect((await there.click("U_OPS", card, "Approve")).text).toContain("nobody approves what they asked for");
		there.fake.user("U_STRANGER", { flags: { is_stranger: true } });
		there.fake.groups.get("S_LEADS")?.add("U_STRANGER");
		expect((await there.click("U_STRANGER", card, "Approve")).text).toContain("people of other workspaces");
		there.fake.user("U_NOBODY");
		expect((await there.say("U_NOBODY", "shop@v1.0.0 to stage")).text).toMatch(/role operator/);
		there.fake.fail("usergroups.users.list", ...Array.from({ length: 4 }, () => ({ error: "fatal_error" })));
		expect((await there.click("U_ANN", card, "Approve")).text).toContain("could not be read");
		expect(card.text).toContain("0 of 2");
		expect(there.fake.roots("C_TALK")).toEqual([]);
	});

	test("a right that was taken away counts at once when somebody approves", async () => {
		await there.say("U_OPS", "shop@v1.0.0 to production");
		await there.say("U_ANN", "status");
		there.fake.groups.get("S_LEADS")?.delete("U_ANN");
		const answer = await there.click("U_ANN", there.card("C_PRODUCTION"), "Approve");
		expect(answer.text).toContain("role approver");
	});
});

const FREEZE = { from: "2026-03-01T00:00", until: "2026-03-10T09:00", timezone: "Europe/Rome", reason: "Quarter end" };
const reopen = async (production: unknown) => {
	await there.close();
	there = await SlackWorld.open({ production });
};

describe("the rules that are out of the ordinary", () => {
	test("a freeze that asks for one more approver stands on the card, for whoever approves", async () => {
		await reopen({ approvals: { required: 1 }, freezes: [{ ...FREEZE, mode: "approval" }] });
		const answer = await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(answer.text).toContain("It waits for 2 approvals");
		const card = there.card("C_PRODUCTION");
		expect(card.text).toContain("A freeze (Quarter end) asks for one more approver.");
		await there.click("U_ANN", card, "Approve");
		await there.click("U_BOB", card, "Approve");
		await there.world.finish(await there.run(1), "succeeded");
		expect(card.text).not.toContain("Quarter end");
	});

	test("a freeze that only warns does so on the card", async () => {
		await reopen({ approvals: { required: 0 }, freezes: [{ ...FREEZE, mode: "warn" }] });
		await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(there.card("C_PRODUCTION").text).toContain("Take care, a freeze is on: Quarter end.");
	});

	test("outside of the windows, and in a freeze, the one who asks hears until when, and nobody else does", async () => {
		await reopen({
			freezes: [{ ...FREEZE, mode: "deny" }],
			windows: { timezone: "Europe/Rome", allow: [{ days: ["mon"], from: "09:00", to: "17:30" }] },
		});
		const { text } = await there.say("U_OPS", "shop@v1.0.0 to production");
		expect(text).toContain("The next one opens on Mon 9 Mar at 09:00 (Europe/Rome)");
		expect(text).toContain("Releases stop until 2026-03-10 09:00 (Europe/Rome): Quarter end.");
		expect(there.fake.messages).toEqual([]);
	});

	test("force asks for a reason, and its card says what it sets aside and why", async () => {
		await reopen({
			approvals: { required: 1 },
			windows: { timezone: "Europe/Rome", allow: [{ days: ["mon"], from: "09:00", to: "17:30" }] },
			force: { enabled: true, role: "operator", waives: ["windows"] },
		});
		expect((await there.say("U_OPS", "deploy! shop@v1.0.0 to production")).text).toContain('--force "why"');
		expect(there.fake.messages).toEqual([]);
		// A phone writes other quotes than a keyboard.
		await there.say("U_OPS", "shop@v1.0.0 to production --force “customers cannot pay”");
		const card = there.card("C_PRODUCTION");
		expect(card.text).toContain("⚠️ Forced: customers cannot pay (set aside: windows)");
		expect(card.text).toContain("Set aside, windows: It is Wed 11:00 in Europe/Rome, outside of the windows");
		await there.click("U_ANN", card, "Approve");
		expect(await state(1)).toBe("running");
		expect(card.text).toContain("Forced: customers cannot pay");
	});

	test("force is refused to whoever lacks its role", async () => {
		await reopen({ force: { enabled: true, role: "emergency", waives: ["ci"] } });
		const { text } = await there.say("U_OPS", 'shop@v1.0.0 to production --force "now"');
		expect(text).toContain("Only the role emergency may use --force here.");
	});
});

test("by Socket Mode the whole of it goes the same way: asked for, approved by a click, shown on the one card", async () => {
	await there.close();
	there = await SlackWorld.open({ production: { approvals: { required: 1 } }, socketMode: true });
	expect(there.slack.inbox).toBeNull();
	await there.say("U_OPS", "shop@v1.0.0 to production");
	const card = there.card("C_PRODUCTION");
	await there.click("U_ANN", card, "Approve");
	expect(await state(1)).toBe("running");
	await there.mention("U_OPS", "show", card);
	await there.world.finish(await there.run(1), "succeeded");
	expect(card.text).toContain("Succeeded");
	expect(card.edits).toBeGreaterThan(1);
	expect(there.fake.roots("C_PRODUCTION")).toEqual([card]);
	await there.fake.openHome("U_OPS");
	await there.world.work();
	expect(JSON.stringify(there.fake.homes.get("U_OPS"))).toContain("Deploy #1");
});

describe("a fault of ours", () => {
	const logged: { id?: string; msg: string }[] = [];
	const breakDown = async (how: string) => {
		logged.length = 0;
		const log = pino({ level: "error" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
		there.world.deps = { ...there.world.deps, log };
		if (how === "the database refuses") await there.world.deps.db.query("ALTER TABLE environment RENAME TO hidden");
		else
			there.world.deps = {
				...there.world.deps,
				pipelineOf: () => {
					throw new TypeError("secret detail");
				},
			};
	};
	const told = async (user: string) => {
		for (let n = 0; n < 5; n++) await there.world.pass(10_000);
		return there.fake.toldTo(user).map(({ text }) => text);
	};

	test.each(["a bug", "the database refuses"])(
		"%s: the one who asked is told within a minute, with the id that the log has, and nothing of the rest",
		async (how) => {
			await breakDown(how);
			await there.fake.command("U_OPS", "shop@v1.0.0 to stage");
			await there.world.work();
			const [answer, ...more] = await told("U_OPS");
			expect(more).toEqual([]);
			const id = /\(error ([0-9a-f]{8})\)/.exec(answer ?? "")?.[1];
			expect(answer).toContain("Tell your admin");
			expect(answer).not.toMatch(/secret|relation|hidden/);
			expect(logged.filter((line) => line.id === id)).toEqual([
				expect.objectContaining({ id: expect.any(String), kind: "slack_in", msg: "a job was given up" }),
			]);
		},
	);

	test("that keeps a card from being shown is told to the requester by its id, and the run goes on", async () => {
		there.world.deps.chats.slack = {
			...there.slack.chat,
			post: async () => {
				throw new TypeError("secret detail");
			},
		};
		await there.fake.command("U_OPS", "shop@v1.0.0 to stage");
		for (let n = 0; n < 8; n++) await there.world.pass(100_000);
		const [message] = there.fake.roots("D_U_OPS");
		expect(message?.text).toMatch(/#1 .*C_STAGE.*\(error [0-9a-f]{8}\)/);
		expect(message?.text).not.toContain("secret");
		expect(there.fake.roots("D_U_OPS")).toHaveLength(1);
	});
});

test("a lock whose notice cannot be posted is told to the one who took it", async () => {
	there.fake.joined.delete("C_STAGE");
	await there.say("U_OPS", "lock shop stage hotfix");
	const [message] = there.fake.roots("D_U_OPS");
	expect(message?.text).toMatch(/C_STAGE.*\/invite @DRAVEN.*shop\/stage is locked by U_OPS/s);
});

test("who took a lock is told when its former holder cannot be reached", async () => {
	await there.say("U_OPS", "lock shop stage");
	there.fake.unreachable.add("U_OPS");
	await there.say("U_ADA", 'lock shop stage --steal "fire"');
	const [message] = there.fake.roots("D_U_ADA");
	expect(message?.text).toContain("U_ADA took your lock on shop/stage: fire");
});

test("a project that nobody knows is suggested, and the button deploys as the one who clicks", async () => {
	const answer = await there.say("U_OPS", "shpo@v1.0.0 to stage");
	const [label] = labels(answer);
	if (label === undefined) throw new Error(`nothing was suggested: ${answer.text}`);
	await there.click("U_OPS", answer, label);
	expect(await there.run(1)).toMatchObject({ project: "shop", environment: "stage", requestedBy: { name: "U_OPS" } });
});

test.each([
	["shop@v1.1.0\u00a0to\u00a0stage —reason “the big launch”"],
	["deploy shop@<http://v1.1.0|v1.1.0> to stage --reason „the big launch“"],
	["`shop@v1.1.0 to stage` --reason 'the big launch'"],
])("what Slack, phones and other keyboards make of a command is understood: %s", async (text) => {
	await there.say("U_OPS", text);
	expect(await there.run(1)).toMatchObject({ ref: { name: "v1.1.0" }, environment: "stage", note: "the big launch" });
});

test("the form of a bare command deploys", async () => {
	await there.fake.command("U_OPS", "");
	await there.world.work();
	const [form] = there.fake.views;
	if (form === undefined) throw new Error("no form was opened");
	expect(await there.fake.suggestions(form, "ref:shop", "ref", "v1.1")).toContain("v1.1.0");
	const picked = (value: string) => ({ selected_option: { value } });
	await there.fake.submit(form, {
		project: { project: picked("shop") },
		"environment:shop": { environment: picked("stage") },
		"ref:shop": { ref: picked("v1.1.0") },
		reason: { reason: { value: 'the "big" launch' } },
	});
	await there.world.work();
	expect(await there.run(1)).toMatchObject({ ref: { name: "v1.1.0" }, environment: "stage", note: 'the "big" launch' });
});

test("the Home tab shows what waits for me, and its button approves", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.fake.openHome("U_ANN");
	await there.world.work();
	await there.fake.clickHome("U_ANN", "Approve");
	await there.world.work();
	expect(there.card("C_PRODUCTION").text).toContain("1 of 2");
});

test("a card whose answer was lost is found, not posted twice", async () => {
	there.fake.fail("chat.postMessage", "answer_lost");
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.world.pass(5_000);
	expect(there.fake.roots("C_PRODUCTION")).toHaveLength(1);
	expect(labels(there.card("C_PRODUCTION"))).toEqual(["Approve", "Reject"]);
});

test("what Slack asks us to wait for is waited for, and then told in order", async () => {
	there.fake.fail("chat.postMessage", { status: 429, retryAfter: 30 });
	await there.say("U_OPS", "shop@v1.0.0 to stage");
	await there.world.pass(29_000);
	expect(there.fake.messages).toEqual([]);
	expect(there.fake.callsOf("chat.postMessage")).toHaveLength(1);
	await there.world.pass(2_000);
	const card = there.card("C_STAGE");
	expect(there.story(card)).toEqual([
		expect.stringContaining("Requested by U_OPS"),
		expect.stringContaining("at work"),
	]);
	there.fake.fail("chat.update", { status: 429, retryAfter: 10 });
	await there.world.finish(await there.run(1), "succeeded");
	expect(card.text).not.toContain("Succeeded");
	await there.world.pass(11_000);
	expect(card.text).toContain("Succeeded");
	expect(there.story(card).at(-1)).toContain("succeeded");
});

test("a card that somebody deleted is posted anew, as it stands then", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to stage");
	const card = there.card("C_STAGE");
	there.fake.messages.splice(there.fake.messages.indexOf(card), 1);
	await there.world.finish(await there.run(1), "succeeded");
	expect(there.card("C_STAGE").text).toContain("Succeeded");
	expect(there.story(there.card("C_STAGE")).at(-1)).toContain("succeeded");
});

test("a channel that is archived while a run is at work does not stop it, and its requester hears it once", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to stage");
	there.fake.archived.add("C_STAGE");
	await there.world.finish(await there.run(1), "succeeded");
	await there.world.pass(60_000);
	expect(await state(1)).toBe("succeeded");
	expect(there.fake.roots("D_U_OPS").map((message) => message.text)).toEqual([
		expect.stringMatching(/C_STAGE.*archived: restore it, or name another one/s),
	]);
});

test("what happens while Slack does not accept our token is told when it does again", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to stage");
	const card = there.card("C_STAGE");
	there.fake.tokenRevoked = true;
	await there.world.finish(await there.run(1), "succeeded");
	for (let n = 0; n < 3; n++) await there.world.pass(10 * 60_000);
	expect(await state(1)).toBe("succeeded");
	there.fake.tokenRevoked = false;
	await there.world.pass(10 * 60_000);
	expect(card.text).toContain("Succeeded");
	expect(there.story(card).at(-1)).toContain("succeeded");
});

test("the longest that a request can have fits on one card, with its buttons and its checks", async () => {
	await reopen({ approvals: { required: 1 }, parameters: { note: { type: "string" } } });
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.click("U_ANN", there.card("C_PRODUCTION"), "Approve");
	await there.world.finish(await there.run(1), "succeeded");
	const { pipeline } = there.world;
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
			...{
				name: `check ${n} ${"&".repeat(30)}`,
				state: "success" as const,
				url: `https://ci.test/${"x".repeat(150)}`,
			},
		}));
	await there.say("U_OPS", `shop@v1.1.0 to production note="${"&<>".repeat(300)}" --reason "${long}"`);
	const card = there.fake.roots("C_PRODUCTION").at(-1);
	if (card === undefined) throw new Error("there is no card");
	expect(labels(card)).toEqual(["Approve", "Reject"]);
	expect(JSON.stringify(card.blocks)).toMatch(/250 commits or more.*CI: .*and 30 more/s);
	expect(JSON.stringify(card.blocks)).not.toContain("does not fit into one message");
});

test("a channel without the bot does not stop the run, and its requester is told to invite it", async () => {
	there.fake.joined.delete("C_STAGE");
	await there.say("U_OPS", "shop@v1.0.0 to stage");
	await there.world.pass(1_000);
	expect(await state(1)).toBe("running");
	expect(there.fake.roots("D_U_OPS").map((message) => message.text)).toEqual([
		expect.stringContaining("/invite @DRAVEN"),
	]);
});
