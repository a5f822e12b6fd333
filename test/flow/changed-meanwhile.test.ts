import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({
		production: { approvals: { required: 1, expiresAfter: "1h" }, timeouts: { queue: "1h" } },
	});
});
afterEach(() => world.close());

const stateOf = async (number: number) => (await world.run(number)).progress.state;

describe("what changed between the request and the start", () => {
	test("checks that turned red stop it, and the reason names them", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		world.pipeline.checksOf = () => [{ name: "smoke", state: "failure", url: null }];
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "superseded",
			reason: expect.stringContaining("smoke"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("a policy that was changed while it waited cannot be approved any more", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.deps.db.query(
			`UPDATE policy SET rules = rules || '{"timeouts":{"run":"5m"}}' WHERE slug = 'production'`,
		);
		expect(await world.say("U_ANN", `approve #${run.number}`)).toMatchObject({ code: "superseded" });
		expect(await stateOf(run.number)).toBe("superseded");
	});

	test.each([
		["the address of its provider", "UPDATE integration SET base_url = 'https://github.other.test/api/v3'"],
		["its provider", "UPDATE integration SET provider = 'gitlab'"],
		["its repository", "UPDATE project SET repository = 'acme/other'"],
		["the branch that a workflow is read from when no ref names the commit", "UPDATE project SET default_ref = 'next'"],
		["the labels of the runners that may take it", "UPDATE environment SET labels = '{cheap}'"],
	])("what was approved does not run when %s was changed", async (_what, sql) => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		await world.deps.db.query(sql);
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "superseded",
			reason: "The policy or the pipeline of this environment changed since it was asked for.",
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("a policy that can no longer be evaluated starts nothing", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		await world.deps.db.query(`UPDATE policy SET rules = '{"approvals":{"required":-1}}' WHERE slug = 'production'`);
		await world.work();
		expect(await stateOf(run.number)).toBe("superseded");
		expect(world.pipeline.runs).toEqual([]);
	});

	test("an approver who left the group a moment ago is refused: membership is read afresh", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", "whoami");
		world.people.group("S_LEADS", "U_BOB");
		expect(await world.say("U_ANN", `approve #${run.number}`)).toMatchObject({ outcome: "refused", code: "no_right" });
		world.people.unreadable = true;
		expect(await world.say("U_BOB", `approve #${run.number}`)).toMatchObject({ code: "groups_unreadable" });
		expect(await stateOf(run.number)).toBe("waiting_approval");
		expect(await world.actions(run.id)).toEqual(["run.requested", "run.decision_refused", "run.decision_refused"]);
	});

	test("a provider that cannot be asked leaves the run where it is, approved and not lost", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		const checks = world.pipeline.checksOf;
		world.pipeline.checksOf = () => {
			throw new VendorError("unavailable", "GitHub does not answer.");
		};
		await world.work();
		expect(await stateOf(run.number)).toBe("queued");
		world.pipeline.checksOf = checks;
		await world.pass(15_000);
		expect(await stateOf(run.number)).toBe("running");
	});
});

describe("one's own request", () => {
	test("is not approved from a second account of the same verified address", async () => {
		world.people.emails.set("U_OPS", "kim@acme.test").set("U_OPS2", "kim@acme.test");
		world.people.groups.get("S_LEADS")?.add("U_OPS2");
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		expect(await world.say("U_OPS2", `approve #${run.number}`)).toMatchObject({ code: "self_approval" });
		expect(await stateOf(run.number)).toBe("waiting_approval");
	});

	test("is rejected by oneself without more ado", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		expect(await world.say("U_OPS", `reject #${run.number} typo`)).toMatchObject({ outcome: "done" });
		expect(await stateOf(run.number)).toBe("rejected");
	});

	test("is approved by oneself where the policy says so", async () => {
		await world.close();
		world = await World.open({ production: { approvals: { required: 1, self: true } } });
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		expect(await world.say("U_OPS", `approve #${run.number}`)).toMatchObject({ outcome: "done" });
		await world.work();
		expect(await stateOf(run.number)).toBe("running");
	});
});

describe("time that was over while nobody was at work", () => {
	test("an approval that comes too late ends the run as expired", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		world.sleep(3_600_000);
		expect(await world.say("U_ANN", `approve #${run.number}`)).toMatchObject({ outcome: "refused", code: "expired" });
		await world.work();
		expect(await stateOf(run.number)).toBe("expired");
		expect(world.pipeline.runs).toEqual([]);
	});

	test("what waited too long in the queue does not start after all", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		await world.pass(3_600_000);
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "expired",
			reason: expect.stringContaining("not free within 1h"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});
});
