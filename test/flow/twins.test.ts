import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Run } from "../../src/core/run.ts";
import { recordReport } from "../../src/use-cases/record-report.ts";
import { GitHubWorld } from "../support/github-world.ts";
import { SHA } from "../support/world.ts";

/** Whoever may start pipelines can start one with the JOB_ID of somebody's run. */
let at: GitHubWorld;
beforeEach(async () => {
	at = await GitHubWorld.open();
});
afterEach(() => at.close());

const DISPATCHES = /^POST .*\/dispatches$/;
const DONE = { status: "completed", conclusion: "success" };
const progress = async (run: Run) => (await at.world.run(run.number)).progress;
const asked = async () => at.world.runOf(await at.world.say("U_OPS", "shop@main to stage"));

function twin(run: Run, branch = "evil") {
	return at.shop.start("deploy.yml", { sha: SHA.d, branch, title: `deploy (${run.id})` });
}

async function told(run: Run): Promise<string> {
	const rows: { note: string }[] = await at.world.deps.db.query(
		"SELECT entry::jsonb #>> '{data,note}' AS note FROM audit_entry WHERE run_id = $1 AND action = 'run.noted'",
		[run.id],
	);
	return rows.map(({ note }) => note).join("\n");
}

test("before ours is called is not followed, whatever its webhooks say, and is told once", async () => {
	const run = await asked();
	await at.world.workOn("dispatch");
	const evil = twin(run);
	await at.deliver("workflow_run", at.github.runEvent(at.shop, evil, "in_progress", { status: "in_progress" }));
	await at.deliver("workflow_run", at.github.runEvent(at.shop, evil, "completed", DONE));
	await at.world.workOn("webhook");
	expect(await progress(run)).toMatchObject({ state: "dispatching", triggerAttempted: false, external: null });
	expect(await told(run)).toMatch(
		/^A pipeline at GitHub carries the JOB_ID of this run, and DRAVEN has not started it/,
	);
	await at.world.pass(31_000);
	expect(at.github.asked(DISPATCHES)).toHaveLength(1);
	const ours = at.shop.runOf(run.id);
	expect(await progress(run)).toMatchObject({ external: { externalId: String(ours.id) } });
	expect((await told(run)).split("\n")).toHaveLength(1);
});

test.each(["answer lost", "Enterprise Server"])("that was there before ours is not taken for it (%s)", async (how) => {
	const run = await asked();
	twin(run, "main");
	at.world.sleep(60_000);
	if (how === "answer lost") at.github.fault(DISPATCHES, "drop_answer");
	else at.github.enterprise = true;
	await at.world.work();
	await at.world.pass(3_000);
	const ours = at.shop.runOf(run.id);
	expect(await progress(run)).toMatchObject({ external: { externalId: String(ours.id) } });
});

test("whose webhook comes first while the answer is lost is not taken for ours", async () => {
	at.github.fault(DISPATCHES, "drop_answer");
	const run = await asked();
	await at.world.work();
	await at.deliver("workflow_run", at.github.runEvent(at.shop, twin(run), "completed", DONE));
	await at.world.work();
	expect(await progress(run)).toMatchObject({ external: { externalId: String(at.shop.runOf(run.id).id) } });
	await at.world.pass(3_000);
	expect(await at.state(run)).toBe("dispatching");
});

test("that nothing tells from ours: none is followed, and the thread names both", async () => {
	at.github.fault(DISPATCHES, "drop_answer");
	const run = await asked();
	await at.world.work();
	twin(run, "main");
	await at.world.pass(3_000);
	await at.world.pass(31_000);
	expect(await progress(run)).toMatchObject({ state: "dispatching", external: null });
	expect((await told(run)).match(/None is followed/g)).toHaveLength(1);
});

test("that was taken for ours gives way to what the answer names, and the thread says so", async () => {
	const run = await asked();
	const port = at.world.deps.pipelineOf({} as never);
	const trigger = port.trigger.bind(port);
	const evil = twin(run);
	port.trigger = async (request) => {
		const report = await trigger(request);
		const { id } = (await at.world.deps.db.query("SELECT id FROM integration"))[0] as { id: string };
		await recordReport(at.world.deps, id, {
			...{ externalId: String(evil.id), attempt: 1, externalUrl: null, status: "running", reason: null },
			jobId: run.id,
		});
		return report;
	};
	await at.world.work();
	expect(await progress(run)).toMatchObject({ external: { externalId: String(at.shop.runOf(run.id).id) } });
	expect(await told(run)).toContain(
		`because it carries its JOB_ID: ${evil.id}. GitHub says by now which one was started`,
	);
});
