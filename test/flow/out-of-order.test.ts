import { afterEach, describe, expect, test } from "@jest/globals";
import { lastAtWork, succeededRuns, succeededWith } from "../../src/store/runs.ts";
import { SHA, World } from "../support/world.ts";

let world: World;
afterEach(() => world.close());

const live = async (environment: string) =>
	(await succeededRuns(world.deps.db, world.environment(environment).id, 1))[0]?.number;

describe("what went live last is what is live, whatever its number", () => {
	test("after a run that waited for its approval while a younger one passed", async () => {
		world = await World.open({ production: { approvals: { required: 1 } } });
		const rule = (required: number) =>
			world.deps.db.query("UPDATE policy SET rules = $1 WHERE slug = 'production'", [{ approvals: { required } }]);
		await rule(0);
		await world.deployed("U_OPS", "shop@v1.0.0 to production");
		await rule(1);
		const older = await world.runOf(await world.say("U_OPS", "shop@v1.1.0 to production"));
		const younger = await world.runOf(await world.say("U_OPS", "shop@v1.2.0 to production"));
		for (const run of [younger, older]) {
			expect(await world.click("U_ANN", "approve", run)).toMatchObject({ outcome: "done" });
			await world.work();
			await world.finish(run, "succeeded");
		}
		expect(await live("production")).toBe(older.number);
		const { id } = world.environment("production");
		expect((await lastAtWork(world.deps.db, id))?.number).toBe(older.number);
		expect((await world.say("U_TWO", "status shop production")).card.text).toContain("v1.1.0");
		const back = await world.runOf(await world.say("U_OPS", "rollback shop production"));
		expect(back).toMatchObject({ ref: { sha: SHA.c }, rollback: { toRun: younger.number, fromSha: SHA.b } });
	});

	test("after a lock whose owner's runs passed those of others", async () => {
		world = await World.open();
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.say("U_OPS", "lock shop stage migration");
		const older = await world.runOf(await world.say("U_TWO", "shop@v1.1.0 to stage"));
		await world.work();
		const younger = await world.deployed("U_OPS", "shop@v1.2.0 to stage");
		expect(younger.progress.state).toBe("succeeded");
		expect(await live("stage")).toBe(younger.number);
		await world.say("U_OPS", "unlock shop stage");
		await world.work();
		await world.finish(older, "succeeded");
		expect(await live("stage")).toBe(older.number);
		const again = await world.deployed("U_OPS", "shop@v1.2.0 to stage");
		expect((await succeededWith(world.deps.db, world.environment("stage").id, SHA.c))?.number).toBe(again.number);
	});
});

describe("a rollback after a deploy that did not succeed", () => {
	const failed = async (tag: string, status: "failed" | "cancelled" = "failed") => {
		const run = await world.runOf(await world.say("U_OPS", `shop@${tag} to stage`));
		await world.work();
		return world.finish(run, status);
	};
	const back = async () => world.runOf(await world.say("U_OPS", "rollback shop stage"));

	test("goes to what was live when that began, since it may have changed half of it", async () => {
		world = await World.open();
		const good = await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await failed("v1.1.0");
		expect(await back()).toMatchObject({ ref: { sha: SHA.a }, rollback: { toRun: good.number, fromSha: SHA.b } });
	});

	test("goes to the newest of the good ones", async () => {
		world = await World.open();
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		await failed("v1.2.0", "cancelled");
		expect(await back()).toMatchObject({ ref: { sha: SHA.b }, rollback: { fromSha: SHA.c } });
	});

	test("goes there again when the rollback itself failed", async () => {
		world = await World.open({ stage: { refs: { tags: ["**"] }, rollback: { locksAfter: false } } });
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		const first = await back();
		expect(first.ref.sha).toBe(SHA.a);
		await world.work();
		expect((await world.finish(first, "failed")).progress.state).toBe("failed");
		expect((await back()).ref.sha).toBe(SHA.a);
	});

	test("goes one further back when the last one was never started", async () => {
		world = await World.open();
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		const never = await world.runOf(await world.say("U_OPS", "shop@v1.2.0 to stage"));
		await world.say("U_OPS", `cancel #${never.number}`);
		expect((await back()).ref.sha).toBe(SHA.a);
	});
});
