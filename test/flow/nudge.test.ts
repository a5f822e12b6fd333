import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Run } from "../../src/core/run.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import { enqueue } from "../../src/store/jobs.ts";
import type { WebhookJob } from "../../src/use-cases/webhook-job.ts";
import { World } from "../support/world.ts";

let world: World;
let asked: string[];
beforeEach(async () => {
	world = await World.open();
	asked = [];
	const { report } = world.pipeline;
	world.pipeline.report = async (project, id) => {
		asked.push(id);
		return report.call(world.pipeline, project, id);
	};
});
afterEach(() => world.close());

/** A webhook that only names a run. */
async function nudge(run: string, repository = "Acme/Shop"): Promise<void> {
	const { db } = world.deps;
	const { id: integrationId } = await db.getRepository(IntegrationTable).findOneByOrFail({ slug: "fake" });
	const payload: WebhookJob = { integrationId, content: { kind: "nudge", repository, run } };
	await enqueue(db, { kind: "webhook", payload }, world.now());
}

const deploy = async (): Promise<Run> => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
	await world.work();
	return world.run(run.number);
};
const state = async (run: Run) => (await world.run(run.number)).progress.state;
const waiting = async () => {
	const rows: { n: number }[] = await world.deps.db.query(
		"SELECT count(*)::int AS n FROM job WHERE kind = 'webhook' AND done_at IS NULL",
	);
	return rows[0]?.n;
};

describe("a webhook that only names a run", () => {
	test("makes the provider be asked, by its id or by the end of its page's address, and what it says counts", async () => {
		const run = await deploy();
		world.pipeline.set(run.id, "succeeded");
		await nudge("1000");
		await world.work();
		expect(await state(run)).toBe("succeeded");
		const second = await deploy();
		expect(await state(second)).toBe("running");
		await world.deps.db.query("UPDATE run SET external_url = 'https://p.test/results/17' WHERE id = $1", [second.id]);
		world.pipeline.set(second.id, "failed", "no");
		await nudge("7");
		await world.work();
		expect(await state(second)).toBe("running");
		await nudge("17");
		await world.work();
		expect(await state(second)).toBe("failed");
	});

	test("of another run, another repository, or a run that is over asks nothing", async () => {
		const run = await deploy();
		await nudge("1001");
		await nudge("1000", "acme/other");
		await nudge("");
		await world.work();
		world.pipeline.set(run.id, "succeeded");
		await nudge("1000");
		await world.work();
		const before = asked.length;
		await nudge("1000");
		await world.work();
		expect(asked).toHaveLength(before);
		expect(before).toBe(1);
		expect(await waiting()).toBe(0);
	});

	test("of a run that is over is asked about when it may have been run again there: that is put on the trail, once", async () => {
		const run = await deploy();
		const end = await world.finish(run, "failed");
		world.pipeline.set(run.id, "succeeded");
		await nudge("1000");
		await world.work();
		expect(asked).toHaveLength(1);
		world.sleep(61_000);
		for (let n = 0; n < 2; n++) {
			await nudge("1000");
			await world.work();
		}
		expect(await world.run(run.number)).toEqual(end);
		expect((await world.actions(run.id)).filter((action) => action === "run.late_report")).toHaveLength(1);
		const before = asked.length;
		await nudge("1000", "acme/other");
		await world.pass(8 * 24 * 3_600_000);
		await nudge("1000");
		await world.work();
		expect(asked).toHaveLength(before);
	});

	test("that overtakes the trigger's answer waits until the run is known by its id", async () => {
		world.pipeline.faults = ["answer_lost"];
		const { find } = world.pipeline;
		world.pipeline.find = async () => null;
		const run = await deploy();
		await nudge("1000");
		await world.work();
		expect(await waiting()).toBe(1);
		world.pipeline.find = find;
		world.pipeline.set(run.id, "succeeded");
		await world.pass(6_000);
		expect(await state(run)).toBe("succeeded");
		expect(await waiting()).toBe(0);
	});

	test("is not lost while the provider cannot be asked", async () => {
		const run = await deploy();
		world.pipeline.set(run.id, "succeeded");
		world.pipeline.down = new VendorError("rate_limited", "Slow down.", { retryAfter: 5 });
		await nudge("1000");
		await world.work();
		expect(await state(run)).toBe("running");
		world.pipeline.down = null;
		await world.pass(6_000);
		expect(await state(run)).toBe("succeeded");
	});
});
