import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { applyDocument } from "../../src/configuration/apply.ts";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { World } from "../support/world.ts";
import { read } from "./configured.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

const apply = (source: string, prune = false) =>
	applyDocument(world.deps, read(source), { prune, dryRun: false, actor: SYSTEM_ACTOR, managedBy: "file" });
const rules = (required: number) =>
	`version: 1\npolicies:\n  - { slug: production, extends: production, rules: { approvals: { required: ${required} } } }\n`;

test("a run that waits under one policy is not approved under another", async () => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
	await world.say("U_ANN", `approve #${run.number}`);
	expect((await apply(rules(1))).changes).toHaveLength(1);
	expect(await world.say("U_BOB", `approve #${run.number}`)).toMatchObject({ outcome: "refused", code: "superseded" });
	expect((await world.run(run.number)).progress.state).toBe("superseded");
	await world.work();
	expect(world.pipeline.runs).toEqual([]);
});

test("a run that waits goes on when an apply changes nothing", async () => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
	await world.say("U_ANN", `approve #${run.number}`);
	expect((await apply(rules(2))).changes).toEqual([]);
	await world.say("U_BOB", `approve #${run.number}`);
	await world.work();
	expect((await world.run(run.number)).progress.state).toBe("running");
});

test("what has only finished runs can be removed; they stay, and nothing new is taken there", async () => {
	const run = await world.deployed("U_OPS", "shop@v1.0.0 to stage");
	await apply("version: 1\n", true);
	expect(await world.run(run.number)).toMatchObject({ project: "shop", progress: { state: "succeeded" } });
	expect(await world.say("U_ADA", "shop@v1.0.0 to stage")).toMatchObject({
		outcome: "refused",
		code: "unknown_project",
	});
});

test("a run that is being asked for while its environment is removed is refused, and none is left there", async () => {
	const { pipeline } = world;
	const resolve = pipeline.resolveRef.bind(pipeline);
	pipeline.resolveRef = async (...of) => {
		await apply("version: 1\n", true);
		return resolve(...of);
	};
	expect(await world.say("U_OPS", "shop@v1.0.0 to stage")).toMatchObject({
		...{ outcome: "refused", code: "unknown_environment" },
	});
	expect(await world.deps.db.query("SELECT 1 FROM run")).toEqual([]);
});
