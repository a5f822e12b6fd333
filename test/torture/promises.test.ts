import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { isEnd } from "../../src/core/run.ts";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { carryOut } from "../../src/jobs/worker.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { claim } from "../../src/store/jobs.ts";
import { listRuns } from "../../src/store/runs.ts";
import { World } from "../support/world.ts";
import { type Replicas, startReplicas } from "./replicas.ts";
import { until } from "./until.ts";
import { installWitness, unlawful } from "./witness.ts";

let world: World;
let replicas: Replicas | null = null;
beforeEach(async () => {
	world = await World.open({
		stage: { refs: { tags: ["**"] }, queue: { limit: 100 }, timeouts: { queue: "7d" } },
		production: { approvals: { required: 2 } },
	});
});
afterEach(async () => {
	await replicas?.stop();
	replicas = null;
	await world.close();
});

const start = async (count = 3, options = { workers: true }) => {
	replicas = await startReplicas(world, count, options);
	return replicas;
};
const allRuns = () => listRuns(world.deps.db, { limit: 1_000 });
const allOver = async () => (await allRuns()).every((run) => isEnd(run.progress.state));
const count = async (sql: string, values: unknown[] = []): Promise<number> => {
	const [row]: { n: number }[] = await world.deps.db.query(`SELECT count(*)::int AS n FROM ${sql}`, values);
	return row?.n ?? -1;
};

describe("promise 1: at most one run at work on an environment", () => {
	test("with three replicas, thirty requests at once, cancels in between, and without the index that would refuse it", async () => {
		const witness = await installWitness(world.deps.db);
		world.hasten(60);
		const { next, trouble } = await start();
		// The provider's answers come by polling; some fail, all in their own time.
		world.pipeline.onTrigger = async ({ variables }) => {
			const status = world.pipeline.runs.length % 3 === 0 ? "failed" : "succeeded";
			world.pipeline.set(variables.JOB_ID, status);
		};
		const answers = await Promise.all(
			Array.from({ length: 30 }, (_, n) =>
				world.say(n % 2 === 0 ? "U_OPS" : "U_TWO", `shop@v1.${n % 3}.0 to stage`, { deps: next() }),
			),
		);
		expect(answers.map((answer) => answer.code).filter((code) => code !== null)).toEqual([]);
		await Promise.all([5, 11, 17].map((number) => world.say("U_ADA", `cancel #${number}`, { deps: next() })));
		await until(allOver);
		expect(unlawful(await witness.seen())).toEqual([]);
		const runs = await allRuns();
		expect(runs.map((run) => run.number)).toEqual(Array.from({ length: 30 }, (_, n) => 30 - n));
		for (const run of runs) {
			const starts = world.pipeline.startsOf(run.id);
			expect({ run: run.number, starts }).toEqual({
				run: run.number,
				starts: run.progress.state === "cancelled" && run.progress.startedAt === null ? 0 : 1,
			});
		}
		// First in, first out: they were started in the order of their places.
		const places: { number: number }[] = await world.deps.db.query(
			"SELECT number FROM run WHERE started_at IS NOT NULL ORDER BY queue_position",
		);
		const started = (await witness.seen()).filter((one) => one.to === "dispatching" && one.from === "queued");
		expect(started.map((one) => one.number)).toEqual(places.map((one) => one.number));
		expect(trouble).toEqual([]);
	});

	test("and the database itself refuses a second one", async () => {
		const first = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.say("U_OPS", "shop@v1.1.0 to stage");
		for (const state of ["dispatching", "running", "cancelling"])
			await expect(
				world.deps.db.query(
					`UPDATE run SET state = $1, started_at = now(), external_id = 'x', stop = CASE WHEN $1 = 'cancelling' THEN '{}'::jsonb END
				 WHERE number <> $2`,
					[state, first.number],
				),
			).rejects.toThrow(/run_one_active/);
	});
});

describe("promise 2: no pipeline without a verdict and the approvals, by distinct people with the right, for this very commit", () => {
	test("many clicks at once by the wrong people, and by one right person, are one approval", async () => {
		const { next, trouble } = await start();
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		world.people.emails.set("U_ANN", "ann@acme.test").set("U_ANN2", "ann@acme.test");
		world.people.groups.get("S_LEADS")?.add("U_ANN2");
		const clicks = ["U_ANN", "U_ANN2", "U_OPS", "U_TWO", "U_NOBODY"].flatMap((user) =>
			Array.from({ length: 4 }, () => world.click(user, "approve", run, null, next())),
		);
		await Promise.all(clicks);
		expect(await count("approval WHERE run_id = $1", [run.id])).toBe(1);
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
		expect(world.pipeline.runs).toEqual([]);
		await Promise.all(Array.from({ length: 5 }, () => world.click("U_BOB", "approve", run, null, next())));
		await until(async () => (await world.run(run.number)).progress.state === "running");
		expect(world.pipeline.startsOf(run.id)).toBe(1);
		expect(trouble).toEqual([]);
	});

	test("an approve and a reject at the same moment: one of them counts, never both", async () => {
		const { next, trouble } = await start(3, { workers: false });
		for (let n = 0; n < 8; n++) {
			const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
			await world.click("U_ANN", "approve", run);
			await Promise.all([
				world.click("U_BOB", "approve", run, null, next()),
				world.click("U_EVA", "approve", run, null, next()),
				world.click("U_BOB", "reject", run, "no", next()),
			]);
			const { state } = (await world.run(run.number)).progress;
			const said = (await world.actions(run.id)).filter((one) => one !== "run.decision_refused");
			expect(said).toEqual(
				state === "rejected"
					? ["run.requested", "run.approved", "run.rejected"]
					: ["run.requested", "run.approved", "run.approved", "run.queued"],
			);
		}
		expect(trouble).toEqual([]);
	});

	test("approvals that were written behind its back, for another commit, start nothing", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.click("U_ANN", "approve", run);
		await world.deps.db.query("UPDATE approval SET fingerprint = 'other'");
		await world.click("U_BOB", "approve", run);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
		await world.deps.db.query("UPDATE run SET state = 'queued', queue_position = 1, version = version + 1");
		await world.say("U_OPS", "lock shop production");
		await world.say("U_OPS", "unlock shop production");
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "superseded",
			reason: expect.stringContaining("1 more approval"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});
});

describe("promise 3: a run starts its pipeline once at most", () => {
	test("with answers lost, calls that never arrived and three replicas that race for the work", async () => {
		const witness = await installWitness(world.deps.db);
		world.hasten(120);
		const { next, trouble } = await start();
		world.pipeline.faults = Array.from({ length: 12 }, (_, n) =>
			n % 3 === 0 ? ("answer_lost" as const) : n % 3 === 1 ? ("unreachable" as const) : ("rejected" as const),
		);
		world.pipeline.onTrigger = async ({ variables }) => void world.pipeline.set(variables.JOB_ID, "succeeded");
		await Promise.all(Array.from({ length: 12 }, () => world.say("U_OPS", "shop@v1.0.0 to stage", { deps: next() })));
		await until(allOver);
		const runs = await allRuns();
		for (const run of runs) expect(world.pipeline.startsOf(run.id)).toBe(run.progress.state === "succeeded" ? 1 : 0);
		expect(runs.filter((run) => run.progress.state === "failed")).toHaveLength(4);
		expect(unlawful(await witness.seen())).toEqual([]);
		expect(trouble).toEqual([]);
	});

	test("a worker that was paused in the middle of the call, past its lease, comes back and starts nothing anew", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.workOn("dispatch");
		let goOn: () => void = () => {};
		const paused = new Promise<void>((resolve) => {
			goOn = resolve;
		});
		world.pipeline.onTrigger = () => paused;
		const slow = world.workOn("trigger");
		await until(async () => world.pipeline.startsOf(run.id) === 1);
		world.sleep(31_000);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
		goOn();
		await slow;
		await world.work();
		expect(world.pipeline.startsOf(run.id)).toBe(1);
		expect((await world.actions(run.id)).filter((action) => action === "run.running")).toHaveLength(1);
	});
});

describe("promise 4: state, trail and messages are one, nothing is lost, and messages come in order", () => {
	test.each(["audit_entry", "job", "run"])("a change whose %s cannot be written has not happened", async (table) => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.work();
		const snapshot = () =>
			world.deps.db.query(
				`SELECT (SELECT json_agg(r ORDER BY id) FROM run r) AS runs, (SELECT count(*) FROM audit_entry) AS trail,
				 (SELECT json_agg(h ORDER BY chain) FROM chain_head h) AS heads, (SELECT count(*) FROM job) AS jobs, (SELECT count(*) FROM approval) AS approvals`,
			);
		const before = await snapshot();
		await world.deps.db.query(
			"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$",
		);
		await world.deps.db.query(
			`CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`,
		);
		await expect(world.click("U_ANN", "reject", run, "no")).rejects.toThrow("disk full");
		await expect(world.say("U_OPS", `cancel #${run.number}`)).rejects.toThrow("disk full");
		await expect(world.say("U_OPS", "shop@v1.0.0 to stage")).rejects.toThrow("disk full");
		expect(await snapshot()).toEqual(before);
		await world.deps.db.query(`DROP TRIGGER refuse ON ${table}`);
		expect((await world.click("U_ANN", "reject", run, "no")).outcome).toBe("done");
	});

	test("with three replicas and a chat that loses posts and answers, each thread tells its trail once and in order", async () => {
		world.hasten(120);
		const { next, trouble } = await start();
		world.chat.faults = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? "answer_lost" : "unavailable"));
		world.pipeline.onTrigger = async ({ variables }) => void world.pipeline.set(variables.JOB_ID, "succeeded");
		const runs = await Promise.all(
			Array.from({ length: 6 }, async () =>
				world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production", { deps: next() })),
			),
		);
		await Promise.all(
			runs.flatMap((run) => ["U_ANN", "U_BOB"].map((who) => world.click(who, "approve", run, null, next()))),
		);
		await until(allOver);
		await until(async () => (await count("job WHERE done_at IS NULL AND kind IN ('card','thread','tell')")) === 0);
		const roots = world.chat.roots("C_PRODUCTION");
		expect(roots).toHaveLength(6);
		expect(new Set(world.chat.messages.map((message) => message.clientId)).size).toBe(world.chat.messages.length);
		for (const root of roots) {
			expect(root.card.text).toContain("Succeeded");
			expect(world.chat.threadOf(root).map((text) => text.split(" ")[0])).toEqual([
				"Requested",
				"Approved",
				"Approved",
				"The",
				"✅",
			]);
		}
		expect(trouble).toEqual([]);
	});

	test("a worker that was paused past its lease while it posted does not put old news over new", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		for (const kind of ["card", "thread", "dispatch"] as const) await world.workOn(kind);
		const handlers = makeHandlers(world.deps, {
			slackIn: async () => {},
			writeCheckpoint: async () => {},
		});
		const [card] = (await claim(world.deps.db, 100, 30_000, world.now())).filter((job) => job.kind === "card");
		if (card === undefined) throw new Error("there is no card to show");
		const update = world.chat.update.bind(world.chat);
		world.chat.update = async (posted, wanted) => {
			world.chat.update = update;
			// Meanwhile the lease runs out, another worker shows the card, and the run comes to its end.
			await world.pass(31_000);
			await world.finish(run, "succeeded");
			return update(posted, wanted);
		};
		await carryOut(world.deps, handlers, card);
		await world.pass(1_000);
		expect(world.chat.roots("C_STAGE").map((root) => root.card.text)).toEqual([expect.stringContaining("Succeeded")]);
	});
});

describe("promise 5: the trail cannot be changed, and what was done behind its back is found", () => {
	beforeEach(async () => {
		for (const tag of ["v1.0.0", "v1.1.0"]) await world.deployed("U_OPS", `shop@${tag} to stage`);
	});
	const findings = async () =>
		(await verifyAudit(world.deps, "/nonexistent")).findings.map(({ seq, problem }) => ({ seq, problem }));
	const behindItsBack = async (sql: string) => {
		await world.deps.db.query("ALTER TABLE audit_entry DISABLE TRIGGER USER");
		await world.deps.db.query(sql.replaceAll("$HERE", `'${world.environment("stage").id}'`));
		await world.deps.db.query("ALTER TABLE audit_entry ENABLE TRIGGER USER");
	};

	test("changing is refused", async () => {
		for (const sql of [
			"UPDATE audit_entry SET entry = '{}' WHERE seq = 1",
			"DELETE FROM audit_entry WHERE seq = 1",
			"TRUNCATE audit_entry",
		])
			await expect(world.deps.db.query(sql)).rejects.toThrow(/append-only/);
		expect(await findings()).toEqual([]);
	});

	test.each([
		["changed", `UPDATE audit_entry SET entry = replace(entry, 'U_OPS', 'U_BOB') WHERE chain = $HERE AND seq = 1`, 1],
		["removed", "DELETE FROM audit_entry WHERE chain = $HERE AND seq = 4", 4],
		["tail_removed", "DELETE FROM audit_entry WHERE chain = $HERE AND seq = 12", 12],
		[
			"added",
			"INSERT INTO audit_entry (chain, seq, entry, previous, hash) SELECT chain, 13, entry, hash, hash FROM audit_entry WHERE chain = $HERE AND seq = 12",
			13,
		],
	])("a row %s is found", async (problem, sql, seq) => {
		expect(await count("audit_entry WHERE chain = $1", [world.environment("stage").id])).toBe(12);
		await behindItsBack(sql);
		expect(await findings()).toContainEqual({ seq, problem });
	});
});

describe("promise 6: doubles have one effect", () => {
	test("the same command delivered twenty times at once to three replicas is one run, and each answer names it", async () => {
		const { next, trouble } = await start();
		const answers = await Promise.all(
			Array.from({ length: 20 }, () =>
				world.say("U_OPS", "shop@v1.0.0 to stage", { deliveryId: "same", deps: next() }),
			),
		);
		expect(new Set(answers.map((answer) => answer.runId)).size).toBe(1);
		expect(await count("run")).toBe(1);
		expect(await count("audit_entry WHERE action = 'run.requested'")).toBe(1);
		await until(async () => (await allRuns()).every((run) => run.progress.state === "running"));
		expect(world.pipeline.runs).toHaveLength(1);
		expect(trouble).toEqual([]);
	});

	test("a limit of the queue holds against a crowd", async () => {
		await world.close();
		world = await World.open({ stage: { refs: { tags: ["**"] }, queue: { limit: 3 } } });
		const { next } = await start(3, { workers: false });
		const answers = await Promise.all(
			Array.from({ length: 12 }, () => world.say("U_OPS", "shop@v1.0.0 to stage", { deps: next() })),
		);
		expect(answers.filter((answer) => answer.outcome === "done")).toHaveLength(3);
		expect(new Set(answers.map((answer) => answer.code))).toEqual(new Set([null, "queue_full"]));
		expect(await count("run")).toBe(3);
	});

	test("locks asked for by two people at once have one holder, and a lock said twice is one lock", async () => {
		const { next } = await start(3, { workers: false });
		const answers = await Promise.all(
			["U_OPS", "U_TWO", "U_OPS", "U_TWO"].map((who) => world.say(who, "lock shop stage", { deps: next() })),
		);
		expect(answers.filter((answer) => answer.outcome === "done")).toHaveLength(2);
		expect(await count("environment_lock")).toBe(1);
	});

	test("reports in any order, each said three times to three replicas, are one story", async () => {
		const { trouble } = await start(3, { workers: false });
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		const own = world.deps;
		const reports = (["succeeded", "running", "queued"] as const).flatMap((status) =>
			(replicas?.deps ?? []).map(async (deps) => {
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
		const { next } = await start(3, { workers: false });
		world.people.emails.set("U_NEW", "new@acme.test").set("U_NEW2", "new@acme.test");
		await Promise.all(
			["U_NEW", "U_NEW2"].flatMap((who) => Array.from({ length: 6 }, () => world.say(who, "whoami", { deps: next() }))),
		);
		expect(await count("person WHERE name IN ('U_NEW', 'U_NEW2')")).toBe(1);
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
			if (outcome === "refused")
				expect({ ...said, code }).toEqual({ ...said, code: expect.stringMatching(/^[a-z_]+$/) });
			expect(said.answer.trim()).not.toBe("");
			expect(said.answer).not.toMatch(/\bat .*\.[jt]s:\d|undefined|\[object/);
			expect(said.answer.length).toBeLessThan(3_000);
		}
		expect(await count("run")).toBe(0);
		expect(await count("environment_lock")).toBe(0);
	});
});
