import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { buttonsOf } from "../fakes/slack-blocks.ts";
import { SlackWorld } from "../support/slack-world.ts";

let there: SlackWorld;
beforeEach(async () => {
	there = await SlackWorld.open();
});
afterEach(() => there.close());

const labels = (shown: { blocks: unknown }) => buttonsOf(shown.blocks).map((button) => button.label);
const state = async (number: number) => (await there.run(number)).progress.state;

test("what one person typed is answered to them where they typed it, and nobody else reads it", async () => {
	const answer = await there.say("U_OPS", "shop@v1.0.0 to production");
	expect(answer).toMatchObject({ channel: "C_TALK", text: expect.stringContaining("It waits for 2 approvals") });
	const card = there.card("C_PRODUCTION");
	const inThread = await there.mention("U_ANN", "approve looks good", card);
	expect(inThread).toMatchObject({ thread: card.ts, via: "chat.postEphemeral" });
	expect(there.fake.roots("C_TALK")).toEqual([]);
});

test("nothing is rejected before its form was sent", async () => {
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.fake.click("U_BOB", there.card("C_PRODUCTION"), "Reject");
	await there.world.work();
	expect(there.fake.views).toHaveLength(1);
	expect(await state(1)).toBe("waiting_approval");
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

test("a version that Slack made a link of is understood", async () => {
	await there.say("U_OPS", "deploy shop@<http://v1.1.0|v1.1.0> to stage --reason „the big launch“");
	expect(await there.run(1)).toMatchObject({ ref: { name: "v1.1.0" }, environment: "stage", note: "the big launch" });
});

test("the form of a bare command suggests versions while one types", async () => {
	await there.fake.command("U_OPS", "");
	await there.world.work();
	const [form] = there.fake.views;
	if (form === undefined) throw new Error("no form was opened");
	expect(await there.fake.suggestions(form, "ref:shop", "ref", "v1.1")).toContain("v1.1.0");
});

test("a card whose answer was lost is found, not posted twice", async () => {
	there.fake.fail("chat.postMessage", "answer_lost");
	await there.say("U_OPS", "shop@v1.0.0 to production");
	await there.world.pass(5_000);
	expect(there.fake.roots("C_PRODUCTION")).toHaveLength(1);
	expect(labels(there.card("C_PRODUCTION"))).toEqual(["Approve", "Reject"]);
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
