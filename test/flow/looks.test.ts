import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Run } from "../../src/core/run.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { IntegrationTable, ProjectTable } from "../../src/store/entities.ts";
import { gap } from "../../src/use-cases/next-look.ts";
import { FakePipeline } from "../fakes/pipeline.ts";
import { SHA, World } from "../support/world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("the time between two looks at a run", () => {
	test("is the interval, however long it has been at work", () => {
		const gaps = [0, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 5 * HOUR].map((since) =>
			gap("github", 30 * SECOND, 1, since),
		);
		expect(gaps.map((ms) => ms / SECOND)).toEqual([30, 30, 30, 30, 30]);
	});

	test.each(["github", "gitlab", "bitbucket"] as const)(
		"grows with what is at work, so that %s's limit has room for triggers",
		(provider) => {
			const limit = { github: 5_000, gitlab: 7_200, bitbucket: 1_000 }[provider];
			for (const atWork of [1, 10, 100, 1_000]) {
				const requests = (3 * atWork * HOUR) / gap(provider, SECOND, atWork, 2 * MINUTE);
				expect(Math.round(requests)).toBeLessThanOrEqual(limit / 2);
			}
		},
	);
});

test("a run that has just begun is looked at as often as was asked for, whatever else is at work", () => {
	expect(gap("bitbucket", SECOND, 1, 5 * SECOND)).toBe(SECOND);
	expect(gap("bitbucket", 30 * SECOND, 100, MINUTE)).toBe(30 * SECOND);
});

describe("runs at work", () => {
	let world: World;
	beforeEach(async () => {
		world = await World.open({ stage: { refs: { tags: ["**"] }, timeouts: { start: "1h", run: "6h" } } });
	});
	afterEach(() => world.close());

	const deploy = async (project: string): Promise<Run> => {
		const run = await world.runOf(await world.say("U_OPS", `${project}@v1.0.0 to stage`));
		await world.work();
		return run;
	};
	const state = async (run: Run) => (await world.run(run.number)).progress.state;
	/** How often a method is called from now on. */
	const counted = (pipeline: FakePipeline, method: "report" | "find") => {
		const told = { times: 0 };
		const original = pipeline[method];
		Object.assign(pipeline, {
			[method]: (...args: Parameters<typeof original>) => {
				told.times += 1;
				return Reflect.apply(original, pipeline, args);
			},
		});
		return told;
	};

	test("are looked at every interval, however long they take", async () => {
		const run = await deploy("shop");
		const looks = counted(world.pipeline, "report");
		for (let n = 0; n < 5 * 12; n++) await world.pass(5 * SECOND);
		const first = looks.times;
		for (let n = 0; n < 25 * 12; n++) await world.pass(5 * SECOND);
		looks.times = 0;
		for (let n = 0; n < 10 * 6; n++) await world.pass(10 * SECOND);
		expect([first, looks.times]).toEqual([10, 20]);
		world.pipeline.set(run.id, "succeeded");
		await world.pass(2 * MINUTE);
		expect(await state(run)).toBe("succeeded");
	});

	test("whose trigger's answer was lost are looked for soon, and then less and less often", async () => {
		world.pipeline.faults = ["lost"];
		const looks = counted(world.pipeline, "find");
		await deploy("shop");
		for (let n = 0; n < 10; n++) await world.pass(3 * SECOND);
		expect(looks.times).toBeGreaterThanOrEqual(9);
		for (let n = 0; n < 190; n++) await world.pass(3 * SECOND);
		expect(looks.times).toBeLessThan(60);
	});

	test("of one integration are not held up by the rate limit of another", async () => {
		const { db } = world.deps;
		const other = new FakePipeline();
		other.tag("v1.0.0", SHA.a);
		const second = {
			...{ id: randomUUID(), slug: "second", provider: "gitlab" as const, baseUrl: null },
			...{ settings: {}, secrets: null, managedBy: "file" as const },
		};
		await db.getRepository(IntegrationTable).insert(second);
		await world.addProject("till");
		await db.getRepository(ProjectTable).update({ slug: "till" }, { integrationId: second.id });
		world.deps = { ...world.deps, pipelineOf: ({ id }) => (id === second.id ? other : world.pipeline) };
		const slow = await deploy("shop");
		const quick = await deploy("till");
		world.pipeline.set(slow.id, "succeeded");
		other.set(quick.id, "succeeded");
		world.pipeline.down = new VendorError("rate_limited", "The rate limit is used up.", { retryAfter: 1_800 });
		await world.pass(31 * SECOND);
		expect([await state(slow), await state(quick)]).toEqual(["running", "succeeded"]);
		const next = await deploy("till");
		expect(await state(next)).toBe("running");
		world.pipeline.down = null;
		await world.pass(29 * MINUTE);
		expect(await state(slow)).toBe("running");
		await world.pass(2 * MINUTE);
		expect(await state(slow)).toBe("succeeded");
	});
});
