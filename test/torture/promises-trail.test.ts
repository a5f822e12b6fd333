import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { carryOut } from "../../src/jobs/worker.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { claim } from "../../src/store/jobs.ts";
import type { World } from "../support/world.ts";
import { type Crowd, openCrowd } from "./crowd.ts";
import { until } from "./until.ts";

let crowd: Crowd;
let world: World;
beforeEach(async () => {
	crowd = await openCrowd();
	world = crowd.world;
});
afterEach(() => crowd.close());

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
		// Not faster: a lease has to last for longer than a busy machine may pause.
		world.hasten(40);
		const { next, trouble } = await crowd.start();
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
		await until(crowd.allOver);
		await until(
			async () => (await crowd.count("job WHERE done_at IS NULL AND kind IN ('card','thread','tell')")) === 0,
		);
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
			apologise: async () => {},
			teamsIn: async () => {},
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
		expect(await crowd.count("audit_entry WHERE chain = $1", [world.environment("stage").id])).toBe(12);
		await behindItsBack(sql);
		expect(await findings()).toContainEqual({ seq, problem });
	});
});
