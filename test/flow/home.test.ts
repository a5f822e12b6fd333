import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Card } from "../../src/ports/chat.ts";
import { createFront } from "../../src/use-cases/front.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

const home = (user: string) => createFront(world.deps).home("slack", "T1", user);
const titles = (cards: readonly Card[]) => cards.map(({ text }) => /#\d+/.exec(text)?.[0]);
const buttons = (cards: readonly Card[]) =>
	cards.map(({ blocks }) =>
		blocks.flatMap((block) => (block.kind === "actions" ? block.actions.map(({ label }) => label) : [])),
	);
const request = async (user = "U_OPS") => world.runOf(await world.say(user, "shop@v1.0.0 to production"));

describe("what waits for me", () => {
	test("is what I may decide and have not decided yet", async () => {
		const run = await request();
		expect(titles((await home("U_ANN")).waitingForMe)).toEqual(["#1"]);
		expect(buttons((await home("U_ANN")).waitingForMe)).toEqual([["Approve", "Reject"]]);
		await world.click("U_ANN", "approve", run);
		expect((await world.run(1)).progress.state).toBe("waiting_approval");
		expect((await home("U_ANN")).waitingForMe).toEqual([]);
		expect(titles((await home("U_BOB")).waitingForMe)).toEqual(["#1"]);
	});

	test("is nothing that I asked for, nothing that I have no right to, and nothing that is over", async () => {
		const run = await request();
		expect((await home("U_OPS")).waitingForMe).toEqual([]);
		expect((await home("U_TWO")).waitingForMe).toEqual([]);
		await world.click("U_BOB", "reject", run, "no");
		expect((await home("U_ANN")).waitingForMe).toEqual([]);
	});

	test("is what I asked for, where the policy lets me decide on it", async () => {
		await world.close();
		world = await World.open({ production: { approvals: { required: 1, self: true } } });
		await request();
		expect(buttons((await home("U_OPS")).waitingForMe)).toEqual([["Approve", "Reject"]]);
	});

	test("is nothing that I asked for or decided with another account of mine", async () => {
		world.people.emails.set("U_OPS", "olga@acme.test");
		await request();
		await world.say("U_ANN", "whoami");
		// Olga is known twice: her address became known after both had been seen.
		await world.deps.db.query("UPDATE identity SET email = 'olga@acme.test' WHERE external_id = 'U_ANN'");
		world.people.emails.set("U_ANN", "olga@acme.test");
		const page = await home("U_ANN");
		expect(page.waitingForMe).toEqual([]);
		expect(titles(page.myRuns)).toEqual(["#1"]);
	});
});

describe("my runs", () => {
	test("have no button that would refuse me: nobody decides on what they asked for, but may take it back", async () => {
		await request();
		const [run] = (await home("U_OPS")).myRuns;
		expect(buttons(run === undefined ? [] : [run])).toEqual([["Cancel"]]);
		expect(await world.click("U_OPS", "cancel", await world.run(1))).toMatchObject({ outcome: "done" });
		expect(buttons((await home("U_OPS")).myRuns)).toEqual([["Retry"]]);
	});

	test("keep no button of a right that was taken away", async () => {
		const run = await request();
		world.people.group("S_OPS", "U_TWO");
		expect(buttons((await home("U_OPS")).myRuns)).toEqual([[]]);
		await world.click("U_BOB", "reject", run, "no");
		expect(buttons((await home("U_OPS")).myRuns)).toEqual([[]]);
	});

	test("begin with what is not over, however many came after it", async () => {
		await request();
		for (let n = 0; n < 11; n++) {
			const later = await world.runOf(await world.say("U_OPS", "shop@v1.1.0 to stage"));
			await world.click("U_OPS", "cancel", later);
		}
		expect(titles((await home("U_OPS")).myRuns).slice(0, 3)).toEqual(["#1", "#12", "#11"]);
	});
});

test("somebody whose rights cannot be read is told so", async () => {
	await request();
	world.people.unreadable = true;
	const page = await home("U_BOB");
	expect(page.waitingForMe).toEqual([]);
	expect(page.notes.text).toContain("what waits for you may be missing here");
});
