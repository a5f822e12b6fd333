import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AccessBinding } from "../../src/core/access.ts";
import { World } from "../support/world.ts";

const EVERYWHERE = { projects: ["*"], environments: ["*"] };
const ACCESS: readonly AccessBinding[] = [
	{ role: "operator", subjects: [{ slackGroup: "S_OPS" }], ...EVERYWHERE },
	{ role: "approver", subjects: [{ slackUser: "U_OPS" }, { slackUser: "U_BOB" }], ...EVERYWHERE },
	{ role: "approver", subjects: [{ slackGroup: "S_LEADS" }], projects: ["*"], environments: ["stage"] },
];

let world: World;
beforeEach(async () => {
	world = await World.open({ production: { approvals: { required: 1 } }, access: ACCESS });
});
afterEach(() => world.close());

const BOB = { mention: { platform: "slack", kind: "user", id: "U_BOB", name: "the Slack user U_BOB" } };

describe("who can help is named", () => {
	test("when one's own request cannot be approved by oneself: everybody who can, and not oneself", async () => {
		const asked = await world.say("U_OPS", "shop@v1.0.0 to production");
		expect(asked.card.text).toContain("an approval by somebody else: the Slack user U_BOB.");
		const answer = await world.say("U_OPS", `approve #${(await world.runOf(asked)).number}`);
		expect(answer.code).toBe("self_approval");
		expect(answer.card.blocks).toContainEqual({
			kind: "small",
			text: ["Who can help: ", BOB, ".", " Somebody else with the role approver has to approve it."],
		});
	});

	test("when nobody is left who could", async () => {
		await world.deps.db.query("DELETE FROM access_binding WHERE subjects::text LIKE '%U_BOB%'");
		await world.deps.db.query(
			`INSERT INTO access_binding (id, role, subjects, projects, environments, managed_by, position)
			 VALUES (gen_random_uuid(), 'approver', '[{"slackUser":"U_OPS"}]', '{*}', '{*}', 'file', 9)`,
		);
		const asked = await world.say("U_OPS", "shop@v1.0.0 to production");
		expect(asked.card.text).toContain("by somebody else: nobody (no access binding gives the role approver there).");
	});
});

describe("explain", () => {
	test("says to whoever may not release there what is missing and who can", async () => {
		const { card } = await world.say("U_BOB", "explain shop@v1.0.0 production");
		expect(card.text).toContain(
			"❌ right: You may not deploy to shop/production: it takes the role operator. Who can help: the Slack group S_OPS.",
		);
		expect(card.text).toContain("Its policy would allow it, but not to you.");
	});

	test("says to whoever may that they may, and who holds the environment", async () => {
		expect((await world.say("U_OPS", "explain shop@v1.0.0 production")).card.text).not.toContain("lock:");
		await world.say("U_ANN", "lock shop production for 1h migration");
		const { text } = (await world.say("U_OPS", "explain shop@v1.0.0 production")).card;
		expect(text).toContain("✅ right: You may deploy to shop/production.");
		expect(text).toContain("lock: Locked by U_ANN (migration) until 2026-03-04 11:00 UTC. A run of yours would wait");
		expect((await world.say("U_ANN", "explain shop@v1.0.0 production")).card.text).toContain("lock: You hold it");
	});
});

test("whoever asks for what has to wait for somebody's lock is told whose it is and why", async () => {
	await world.say("U_ANN", "lock shop stage for 1h migration");
	const LOCKED = "🔒 shop/stage is locked by U_ANN (migration) until 2026-03-04 11:00 UTC: it does not start before";
	expect((await world.say("U_OPS", "shop@v1.0.0 to stage")).card.text).toContain(LOCKED);
	expect((await world.say("U_ANN", "shop@v1.0.0 to stage")).card.text).not.toContain("locked by");
});

describe("the thread of a run that waits calls on those who can approve it", () => {
	const first = () => world.chat.messages.find(({ thread }) => thread !== null)?.card;

	test("once, and neither whoever asked nor the card, which is edited", async () => {
		await world.say("U_OPS", "shop@v1.0.0 to production");
		await world.work();
		expect(first()).toMatchObject({
			text: "Requested by U_OPS. It needs one approval by somebody else. Who can: the Slack user U_BOB.",
			blocks: [{ text: expect.arrayContaining([BOB]) }],
		});
		const [card] = world.chat.roots("C_PRODUCTION");
		expect(JSON.stringify(card?.card.blocks)).not.toContain("mention");
	});

	test("whoever is named by an address, by their account there; not those of another chat", async () => {
		world.people.emails.set("U_EVE", "eve@acme.test");
		await world.say("U_EVE", "whoami");
		const subjects = JSON.stringify([{ email: "Eve@Acme.test" }, { entraGroup: "0f9c" }]);
		await world.deps.db.query("UPDATE access_binding SET subjects = $1 WHERE subjects::text LIKE '%U_BOB%'", [
			subjects,
		]);
		await world.say("U_OPS", "shop@v1.0.0 to production");
		await world.work();
		expect(first()?.text).toContain("Who can: the Slack user U_EVE.");
	});

	test("nobody, where it does not wait", async () => {
		await world.say("U_OPS", "shop@v1.0.0 to stage");
		await world.work();
		expect(world.chat.messages.find(({ thread }) => thread !== null)?.card.text).toBe(
			"Requested by U_OPS. Its policy asks for no approval.",
		);
	});
});
