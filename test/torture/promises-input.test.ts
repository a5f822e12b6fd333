import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Deps } from "../../src/deps.ts";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { startWorker } from "../../src/jobs/worker.ts";
import type { World } from "../support/world.ts";
import { type Crowd, openCrowd } from "./crowd.ts";
import { until } from "./until.ts";

const handlersOf = (deps: Deps) =>
	makeHandlers(deps, {
		...{ slackIn: async () => {}, teamsIn: async () => {}, apologise: async () => {}, writeCheckpoint: async () => {} },
	});

let crowd: Crowd;
let world: World;
beforeEach(async () => {
	crowd = await openCrowd();
	world = crowd.world;
});
afterEach(() => crowd.close());

describe("promise 6: doubles have one effect", () => {
	test("the same command delivered twenty times at once to three replicas is one run, and each answer names it", async () => {
		const { next, trouble } = await crowd.start();
		const answers = await Promise.all(
			Array.from({ length: 20 }, () =>
				world.say("U_OPS", "shop@v1.0.0 to stage", { deliveryId: "same", deps: next() }),
			),
		);
		expect(new Set(answers.map((answer) => answer.runId)).size).toBe(1);
		expect(await crowd.count("run")).toBe(1);
		expect(await crowd.count("audit_entry WHERE action = 'run.requested'")).toBe(1);
		await until(async () => (await crowd.allRuns()).every((run) => run.progress.state === "running"));
		expect(world.pipeline.runs).toHaveLength(1);
		expect(trouble).toEqual([]);
	});

	test("work that takes longer than a lease is not begun by a second worker while the first one lives", async () => {
		world.hasten(1);
		const { deps } = await crowd.start(2, { workers: false });
		await world.deps.db.query("INSERT INTO job (kind, run_at) VALUES ('checkpoint', '2020-01-01')");
		const leaseMs = 300;
		const leasedUntil = async (): Promise<number> => {
			const [job] = await world.deps.db.query("SELECT run_at FROM job WHERE kind = 'checkpoint'");
			return job.run_at.getTime();
		};
		let begun = 0;
		let over = false;
		const workers = deps.map((one) => {
			const { handle, gaveUp } = handlersOf(one);
			const checkpoint = async () => {
				begun += 1;
				// Its lease would have run out again and again, with the other worker looking all the time.
				const first = await leasedUntil();
				await until(async () => (await leasedUntil()) > first + 4 * leaseMs);
				over = true;
				return "done" as const;
			};
			return startWorker(one, { handle: { ...handle, checkpoint }, gaveUp }, { leaseMs, pollMs: 20 });
		});
		await until(async () => over);
		await Promise.all(workers.map((worker) => worker.stop()));
		expect(begun).toBe(1);
	});

	test("a limit of the queue holds against a crowd", async () => {
		await crowd.close();
		crowd = await openCrowd({ stage: { refs: { tags: ["**"] }, queue: { limit: 3 } } });
		world = crowd.world;
		const { next } = await crowd.start(3, { workers: false });
		const answers = await Promise.all(
			Array.from({ length: 12 }, () => world.say("U_OPS", "shop@v1.0.0 to stage", { deps: next() })),
		);
		expect(answers.filter((answer) => answer.outcome === "done")).toHaveLength(3);
		expect(new Set(answers.map((answer) => answer.code))).toEqual(new Set([null, "queue_full"]));
		expect(await crowd.count("run")).toBe(3);
	});

	test("locks asked for by two people at once have one holder, and a lock said twice is one lock", async () => {
		const { next } = await crowd.start(3, { workers: false });
		const answers = await Promise.all(
			["U_OPS", "U_TWO", "U_OPS", "U_TWO"].map((who) => world.say(who, "lock shop stage", { deps: next() })),
		);
		expect(answers.filter((answer) => answer.outcome === "done")).toHaveLength(2);
		expect(await crowd.count("environment_lock")).toBe(1);
	});

	test("reports in any order, each said three times to three replicas, are one story", async () => {
		const { deps: replicas, trouble } = await crowd.start(3, { workers: false });
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		const own = world.deps;
		const reports = (["succeeded", "running", "queued"] as const).flatMap((status) =>
			replicas.map(async (deps) => {
				world.deps = deps;
				const said = world.hear({ ...world.pipeline.set(run.id, "running"), status });
				world.deps = own;
				return said;
			}),
		);
		await Promise.all(reports);
		expect((await world.run(run.number)).progress.state).toBe("succeeded");
		expect((await world.actions(run.id)).slice(-2)).toEqual(["run.running", "run.succeeded"]);
		expect(trouble).toEqual([]);
	});

	test("first words of one person from everywhere at once are one person", async () => {
		const { next } = await crowd.start(3, { workers: false });
		world.people.emails.set("U_NEW", "new@acme.test").set("U_NEW2", "new@acme.test");
		await Promise.all(
			["U_NEW", "U_NEW2"].flatMap((who) => Array.from({ length: 6 }, () => world.say(who, "whoami", { deps: next() }))),
		);
		expect(await crowd.count("person WHERE name IN ('U_NEW', 'U_NEW2')")).toBe(1);
	});
});

describe("promise 8: bad input gets a sentence and changes nothing", () => {
	const odd = [
		...[
			"",
			"   ",
			"\u0000",
			"deploy",
			"deploy deploy deploy",
			"shop@ to stage",
			"shop@v1.0.0 to",
			"shop@v1.0.0 to moon",
		],
		...[
			"shop@v1.0.0 to stage --frobnicate",
			'shop@v1.0.0 to stage "',
			"shop@v1.0.0 to stage left over",
			"shop@v1.0.0 to stage a=b=c",
		],
		...[
			"shop@v1.0.0 to stage 🚀=🔥",
			"shop@../../etc/passwd to stage",
			"shop@--upload-pack=x to stage",
			"approve #0",
			"approve #-1",
		],
		...[
			"retry #2147483648",
			"rollback shop stage to #1 to #2",
			"lock shop stage for -5m",
			"lock shop stage for 99999999d",
			"x".repeat(40_000),
		],
		...[
			"shop@".concat("v".repeat(40_000), " to stage"),
			"<@U123> shop",
			"`shop`",
			"ｓｈｏｐ to stage",
			"__proto__",
			"constructor to toString",
		],
	];

	test("whatever it is", async () => {
		for (const text of odd) {
			const { outcome, code, runId, card } = await world.say("U_OPS", text);
			const said = { text: text.slice(0, 60), answer: card.text };
			expect({ ...said, runId }).toEqual({ ...said, runId: null });
			// Nothing at all is a question for help; everything else is refused by name.
			const asks = ["", "\u0000", "deploy"].includes(text.trim());
			expect({ ...said, outcome, code }).toEqual({
				...said,
				outcome: asks ? "done" : "refused",
				code: asks ? null : expect.stringMatching(/^[a-z_]+$/),
			});
			expect(said.answer.trim()).not.toBe("");
			expect(said.answer).not.toMatch(/\bat .*\.[jt]s:\d|undefined|\[object/);
			expect(said.answer.length).toBeLessThan(3_000);
		}
		expect(await crowd.count("run")).toBe(0);
		expect(await crowd.count("environment_lock")).toBe(0);
		expect(await crowd.count("audit_entry WHERE action NOT LIKE '%refused'")).toBe(0);
		expect(await crowd.count("job")).toBe(0);
	});
});
