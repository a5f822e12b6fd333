import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { verifyAudit } from "../../src/store/audit.ts";
import { SHA, World } from "../support/world.ts";
import { type Action, Machine } from "./machine.ts";
import { LIMIT, USERS } from "./model.ts";

/** `DRAVEN_MODEL_RUNS` for a longer search; the seed of a failure is printed and can be given as `DRAVEN_MODEL_SEED`. */
const RUNS = Number(process.env["DRAVEN_MODEL_RUNS"] ?? 40);
const SEED = process.env["DRAVEN_MODEL_SEED"];

let world: World;
beforeAll(async () => {
	const rules = { queue: { limit: LIMIT }, timeouts: { queue: "40m", start: "5m", run: "30m" } };
	world = await World.open({
		stage: { refs: { tags: ["**"] }, ...rules },
		production: { approvals: { required: 2, expiresAfter: "1h" }, ...rules },
	});
});
afterAll(() => world.close());

const user = fc.constantFrom(...USERS);
const operator = fc.constantFrom("U_OPS", "U_ANN", "U_TWO", "U_TWO", "U_BOB");
const tag = fc.constantFrom("v1.0.0", "v1.1.0", "v1.2.0");
const env = fc.constantFrom("stage" as const, "production" as const);
const run = fc.nat({ max: 7 });
const named = <D extends Action["do"]>(name: D) => fc.constant(name);

const action: fc.Arbitrary<Action> = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ do: named("request"), user: operator, tag, env }) },
	{
		weight: 6,
		arbitrary: fc.record({
			do: named("decide"),
			user,
			run,
			verb: fc.constantFrom("approve", "approve", "approve", "reject"),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ do: named("cancel"), user, run }) },
	{ weight: 1, arbitrary: fc.record({ do: named("retry"), user: operator, run }) },
	{ weight: 1, arbitrary: fc.record({ do: named("rollback"), user: operator, env }) },
	{ weight: 1, arbitrary: fc.record({ do: named("unlock"), user, env }) },
	{
		weight: 1,
		arbitrary: fc.record({ do: named("lock"), user, env, minutes: fc.constantFrom(null, 5, 30), steal: fc.boolean() }),
	},
	{ weight: 1, arbitrary: fc.record({ do: named("move tag"), tag, sha: fc.constantFrom(SHA.a, SHA.b, SHA.c, SHA.d) }) },
	{
		weight: 5,
		arbitrary: fc.record({
			do: named("provider says"),
			run,
			status: fc.constantFrom("queued", "running", "succeeded", "succeeded", "failed", "cancelled"),
			times: fc.integer({ min: 1, max: 3 }),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			do: named("fault"),
			fault: fc.constantFrom("unreachable", "answer_lost", "answer_lost", "lost", "rejected"),
		}),
	},
	{
		weight: 8,
		arbitrary: fc.record({ do: named("jobs"), picks: fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 2 }) }),
	},
	{ weight: 1, arbitrary: fc.record({ do: named("die"), pick: fc.nat({ max: 5 }) }) },
	{ weight: 4, arbitrary: fc.record({ do: named("work") }) },
	{ weight: 2, arbitrary: fc.record({ do: named("pass"), minutes: fc.constantFrom(1, 6, 31, 61) }) },
);

test(
	"whatever people, providers, workers and crashes do in whatever order, the run and lock machine does what its model does",
	async () => {
		let cases = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(action, { maxLength: 45, size: "max" }), async (actions) => {
				cases += 1;
				const project = `shop${cases}`;
				await world.deps.db.query("UPDATE job SET done_at = now() WHERE done_at IS NULL");
				await world.addProject(project);
				world.pipeline.faults = [];
				for (const [name, sha] of [
					["v1.0.0", SHA.a],
					["v1.1.0", SHA.b],
					["v1.2.0", SHA.c],
				] as const)
					world.pipeline.tag(name, sha);
				const machine = new Machine(world, project);
				for (const one of actions) await machine.take(one);
				await machine.comesToRest();
			}),
			{ numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }), endOnFailure: false },
		);
		expect((await verifyAudit(world.deps, "/nonexistent")).findings).toEqual([]);
	},
	RUNS * 20_000,
);
