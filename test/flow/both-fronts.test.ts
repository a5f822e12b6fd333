import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChatFront } from "../support/chat-front.ts";
import { CHATS } from "../support/chats.ts";

import { SHA } from "../support/world.ts";

describe.each(CHATS)("in %s", (_, open) => {
	let chat: ChatFront;
	beforeEach(async () => {
		chat = await open();
	});
	afterEach(() => chat.close());

	const state = async (number: number) => (await chat.world.run(number)).progress.state;

	test("a deploy to stage goes to its end, on one card and in its thread", async () => {
		expect(await chat.say("U_OPS", "shop@v1.0.0 to stage")).toContain("shop v1.0.0 → stage");
		expect(await state(1)).toBe("running");
		expect(chat.card("stage").labels).toEqual(["Cancel"]);
		await chat.world.finish(await chat.world.run(1), "succeeded");
		expect(chat.card("stage")).toEqual({ text: expect.stringContaining("Succeeded"), labels: [] });
		expect(chat.cards("stage")).toBe(1);
		expect(chat.story("stage")).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("at work"),
			expect.stringContaining("succeeded"),
		]);
	});

	test("a deploy to production takes two approvers, none of them the requester", async () => {
		expect(await chat.say("U_OPS", "shop@v1.0.0 to production")).toContain("It waits for 2 approvals");
		expect(chat.card("production").labels).toEqual(["Approve", "Reject"]);
		expect(await chat.press("U_OPS", "production", "Approve")).toContain("nobody approves what they asked for");
		await chat.press("U_ANN", "production", "Approve");
		expect(chat.card("production").text).toContain("1 of 2");
		await chat.press("U_ANN", "production", "Approve");
		expect(chat.card("production").text).toContain("1 of 2");
		await chat.world.pass(1_000);
		expect(await chat.sayInThread("U_BOB", "production", "approve looks good")).toContain("recorded");
		await chat.world.pass(1_000);
		expect(await state(1)).toBe("running");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		expect(chat.card("production").text).toContain("Approved by: U_ANN, U_BOB");
		expect(chat.story("production")).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("Approved by U_ANN (1 of 2)"),
			expect.stringContaining("Approved by U_BOB (2 of 2): looks good"),
			expect.stringContaining("at work"),
			expect.stringContaining("succeeded"),
		]);
	});

	test("one press delivered twice, and two presses of one person, count once", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		await chat.pressInHaste("U_ANN", "production", "Approve");
		expect(chat.card("production").text).toContain("1 of 2");
		expect(await state(1)).toBe("waiting_approval");
	});

	test("what nobody approves in time is over, and says so", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		await chat.world.pass(24 * 3_600_000 + 1);
		expect(await state(1)).toBe("expired");
		expect(chat.card("production").text).toContain("1d");
		expect(chat.card("production").labels).toEqual(["Retry"]);
	});

	test("a version that moved meanwhile is not approved; the card asks again with one press", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		chat.world.pipeline.tag("v1.0.0", SHA.d);
		expect(await chat.press("U_ANN", "production", "Approve")).toContain("moved");
		expect(await state(1)).toBe("superseded");
		const [again = ""] = chat.card("production").labels;
		await chat.press("U_OPS", "production", again);
		expect(await chat.world.run(2)).toMatchObject({ ref: { sha: SHA.d }, progress: { state: "waiting_approval" } });
		expect(chat.cards("production")).toBe(2);
	});

	test("nobody but the requester and an admin cancels, whatever their card shows", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		expect(await chat.press("U_TWO", "stage", "Cancel")).toContain("role admin");
		expect(await state(1)).toBe("running");
		await chat.press("U_ADA", "stage", "Cancel");
		await chat.world.pass(1_000);
		expect(await state(1)).toBe("cancelled");
	});

	test("a failed run says why, and whose it is", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.world.finish(await chat.world.run(1), "failed", "It failed at the provider: tests.");
		expect(chat.card("stage").text).toContain("It failed at the provider: tests.");
		expect(chat.card("stage").labels).toEqual(["Retry"]);
		expect(chat.story("stage").at(-1)).toContain("tests");
	});

	test("a project that nobody knows is suggested, and the button deploys as the one who presses it", async () => {
		await chat.say("U_OPS", "shpo@v1.0.0 to stage");
		const [label = ""] = chat.answer("U_OPS").labels;
		await chat.pressAnswer("U_OPS", label);
		const run = { project: "shop", environment: "stage", requestedBy: { name: "U_OPS" } };
		expect(await chat.world.run(1)).toMatchObject(run);
	});

	test.each([
		["shop@v1.1.0\u00a0to\u00a0stage —reason “the big launch”"],
		["`shop@v1.1.0 to stage` --reason 'the big launch'"],
	])("what phones and other keyboards make of a command is understood: %s", async (text) => {
		await chat.say("U_OPS", text);
		const run = { ref: { name: "v1.1.0" }, environment: "stage", note: "the big launch" };
		expect(await chat.world.run(1)).toMatchObject(run);
	});

	test("the form of a bare command deploys", async () => {
		await chat.fillForm("U_OPS", { environment: "stage", ref: "v1.1.0", reason: 'the "big" launch' });
		const run = { ref: { name: "v1.1.0" }, environment: "stage", note: 'the "big" launch' };
		expect(await chat.world.run(1)).toMatchObject(run);
	});

	test("a person's own page shows what waits for them, its button approves, and the page follows", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		await chat.openHome("U_ANN");
		expect(chat.home("U_ANN").labels.slice(0, 2)).toEqual(["Approve", "Reject"]);
		await chat.pressHome("U_ANN", "Approve");
		expect(chat.card("production").text).toContain("1 of 2");
		expect(chat.home("U_ANN").labels).not.toContain("Approve");
		expect(chat.home("U_ANN").text).toContain("Nothing waits for your approval.");
		await chat.openHome("U_OPS");
		expect(chat.home("U_OPS").text).toMatch(/Your runs.*Deploy #1/s);
		expect(chat.home("U_OPS").labels[0]).toBe("Cancel");
	});

	test("outsiders, people without the right, and groups that cannot be read are refused", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		chat.makeOutsider("U_BOB");
		expect(await chat.press("U_BOB", "production", "Approve")).toContain("people of other workspaces");
		expect(await chat.say("U_ADA", "shop@v1.0.0 to stage")).toMatch(/role operator/);
		chat.hideGroups();
		expect(await chat.press("U_ANN", "production", "Approve")).toContain("could not be read");
		expect(chat.card("production").text).toContain("0 of 2");
	});

	test("a right that was taken away counts at once when somebody approves", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		await chat.say("U_ANN", "status");
		chat.leaveGroup("U_ANN", "S_LEADS");
		expect(await chat.press("U_ANN", "production", "Approve")).toContain("role approver");
	});

	test("a reject asks for its reason, and everybody reads it", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to production");
		await chat.reject("U_BOB", "production", "not before the campaign");
		expect(await state(1)).toBe("rejected");
		expect(chat.card("production")).toEqual({
			text: expect.stringContaining("Rejected by U_BOB: not before the campaign"),
			labels: ["Retry"],
		});
	});

	test("a cancel is asked of the provider; a retry is another run with a card of its own", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.press("U_OPS", "stage", "Cancel");
		await chat.world.pass(1_000);
		expect(await state(1)).toBe("cancelled");
		expect(chat.card("stage").labels).toEqual(["Retry"]);
		await chat.press("U_OPS", "stage", "Retry");
		await chat.world.pass(1_000);
		expect(await state(2)).toBe("running");
		expect(chat.cards("stage")).toBe(2);
		expect(chat.card("stage").text).toContain("Retry of: #1");
	});

	test("a rollback goes to the last good version and locks the environment", async () => {
		for (const [index, version] of ["v1.0.0", "v1.1.0"].entries()) {
			await chat.say("U_OPS", `shop@${version} to stage`);
			await chat.world.pass(1_000);
			await chat.world.finish(await chat.world.run(index + 1), "succeeded");
		}
		await chat.say("U_OPS", "rollback shop stage");
		await chat.world.pass(1_000);
		await chat.world.finish(await chat.world.run(3), "succeeded");
		expect(chat.card("stage").text).toContain("Goes back");
		expect(chat.story("stage").at(-1)).toContain("is locked");
	});

	test("what is live on stage is promoted to production, and a nudge calls on the approvers again", async () => {
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.world.finish(await chat.world.run(1), "succeeded");
		expect(await chat.say("U_OPS", "promote shop from stage to production")).toContain("shop v1.0.0 → production");
		expect(chat.card("production").text).toContain("Promoted from: #1 on stage");
		await chat.world.pass(25 * 60_000);
		expect(await chat.sayInThread("U_TWO", "production", "nudge the customers wait")).toContain("waits for approval");
		expect(chat.story("production")).toEqual([
			expect.stringContaining("Requested by U_OPS, promoted from #1 on stage. It needs 2 approvals"),
			expect.stringMatching(
				/U_TWO asks again .* has waited for 25m.* 0 of 2 approvals.* the customers wait. Who can: /,
			),
		]);
		expect(await chat.say("U_OPS", "nudge #2")).toContain("U_TWO called on those who can approve it for #2");
		expect(chat.story("production")).toHaveLength(2);
	});

	test("a person's lock stops others, and its channel hears of it", async () => {
		expect(await chat.say("U_OPS", "lock shop stage for 2h release day")).toContain("release day");
		await chat.say("U_TWO", "shop@v1.0.0 to stage");
		await chat.world.pass(1_000);
		expect(await state(1)).toBe("queued");
		expect(chat.card("stage").text).toContain("U_OPS");
		await chat.say("U_OPS", "unlock shop stage");
		await chat.world.pass(1_000);
		expect(await state(1)).toBe("running");
	});
});
