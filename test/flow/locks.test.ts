import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { listLocks } from "../../src/store/list-locks.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

const held = async () => (await listLocks(world.deps.db, world.now()))[0] ?? null;

describe("a lock that its owner takes again", () => {
	test("keeps its time and its reason when nothing is said of them", async () => {
		await world.say("U_OPS", "lock shop stage for 1h migration");
		const before = await held();
		expect((await world.say("U_OPS", "lock shop stage")).card.text).toContain(
			"U_OPS (migration) until 2026-03-04 11:00",
		);
		expect(await held()).toMatchObject({ until: before?.until, reason: "migration" });
		await world.pass(3_600_000);
		expect(await held()).toBeNull();
	});

	test("gets the time and the reason that are said now", async () => {
		await world.say("U_OPS", "lock shop stage for 1h migration");
		await world.say("U_OPS", "lock shop stage for 3h still migrating");
		expect(await held()).toMatchObject({ until: new Date("2026-03-04T13:00:00Z"), reason: "still migrating" });
	});
});

describe("somebody else's lock", () => {
	test("is given free by an admin, and its owner reads who did it and why", async () => {
		await world.say("U_OPS", "lock shop stage migration");
		expect(await world.say("U_ADA", "unlock shop stage they are on holiday")).toMatchObject({ outcome: "done" });
		await world.work();
		expect(world.chat.told).toMatchObject([
			{ user: "U_OPS", text: "U_ADA unlocked what you had locked, shop/stage: they are on holiday" },
		]);
		expect(world.chat.messages.at(-1)?.card.text).toBe(
			"🔓 U_ADA unlocked shop/stage. It was locked by U_OPS (migration). Why: they are on holiday",
		);
		const rows: { why: string }[] = await world.deps.db.query(
			"SELECT entry::jsonb #>> '{data,why}' AS why FROM audit_entry WHERE action = 'lock.released'",
		);
		expect(rows).toEqual([{ why: "they are on holiday" }]);
	});

	test("given free by its owner tells nobody but the channel", async () => {
		await world.say("U_OPS", "lock shop stage");
		await world.say("U_OPS", "unlock shop stage");
		await world.work();
		expect(world.chat.told).toEqual([]);
	});
});

describe("--steal", () => {
	test("takes nothing where nobody holds it: then it takes the right of whoever locks, too", async () => {
		expect(await world.say("U_ADA", 'lock shop stage --steal "incident"')).toMatchObject({ code: "no_right" });
		expect(await world.say("U_OPS", 'lock shop stage --steal "incident"')).toMatchObject({ code: "no_right" });
		expect(await held()).toBeNull();
	});

	test("takes somebody's, which an admin may who may not release", async () => {
		await world.say("U_OPS", "lock shop stage for 1h");
		expect(await world.say("U_ADA", 'lock shop stage --steal "incident"')).toMatchObject({ outcome: "done" });
		expect(await held()).toMatchObject({ person: { name: "U_ADA" }, until: null });
	});
});

describe("what is refused is on the trail", () => {
	const refusals = async () => {
		const rows: { entry: string }[] = await world.deps.db.query(
			"SELECT entry FROM audit_entry WHERE action IN ('lock.refused', 'run.cancel_refused') ORDER BY seq",
		);
		return rows.map(({ entry }) => JSON.parse(entry));
	};

	test("lock, steal and unlock", async () => {
		await world.say("U_OPS", "lock shop stage migration");
		await world.say("U_TWO", "lock shop stage");
		await world.say("U_TWO", 'lock shop stage --steal "mine"');
		await world.say("U_TWO", "unlock shop stage");
		await world.say("U_NOBODY", "unlock shop stage");
		expect(await refusals()).toMatchObject([
			{ actor: { name: "U_TWO" }, environment: "stage", data: { asked: "lock", code: "locked" } },
			{ actor: { name: "U_TWO" }, data: { asked: "steal", code: "no_right" } },
			{ actor: { name: "U_TWO" }, data: { asked: "unlock", code: "locked" } },
			{ actor: { name: "U_NOBODY" }, data: { asked: "unlock", code: "no_right" } },
		]);
	});

	test("cancel", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.say("U_TWO", `cancel #${run.number}`);
		await world.say("U_OPS", `cancel #${run.number}`);
		await world.say("U_OPS", `cancel #${run.number}`);
		expect(await refusals()).toMatchObject([{ run: run.number, data: { code: "no_right" } }]);
		expect((await world.run(run.number)).progress.state).toBe("cancelled");
	});
});
