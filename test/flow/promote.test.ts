import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { SHA, World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({ production: { approvals: { required: 1 } } });
});
afterEach(() => world.close());

const reopen = async (setting: Parameters<typeof World.open>[0]) => {
	await world.close();
	world = await World.open(setting);
};
const PROMOTE = "promote shop from stage to production";
const commandsOf = (answer: Awaited<ReturnType<World["say"]>>) =>
	answer.card.blocks.flatMap((block) =>
		block.kind === "actions" ? block.actions.flatMap((one) => (one.kind === "command" ? [one.command] : [])) : [],
	);

describe("promote", () => {
	test("asks for what is live there, as a deploy with its approvals, and says where it comes from", async () => {
		const stage = await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		const run = await world.runOf(await world.say("U_OPS", `${PROMOTE} --reason "the fix"`));
		expect(run).toMatchObject({
			...{ type: "deploy", environment: "production", ref: { name: "v1.1.0", kind: "tag", sha: SHA.b } },
			...{ approvalsRequired: 1, note: "the fix", promotedFrom: { run: stage.number, environment: "stage" } },
		});
		await world.say("U_BOB", `approve #${run.number}`);
		await world.work();
		expect(world.pipeline.runOf(run.id).request.variables).toMatchObject({
			...{ TYPE: "deploy", ENV: "production", REF: "v1.1.0", SHA: SHA.b },
		});
		const [entry]: { entry: string }[] = await world.deps.db.query(
			"SELECT entry FROM audit_entry WHERE run_id = $1 AND action = 'run.requested'",
			[run.id],
		);
		expect(JSON.parse(entry?.entry ?? "{}").data.promotedFrom).toEqual({ run: stage.number, environment: "stage" });
	});

	test("as a dry-run needs no approval and starts a dry-run", async () => {
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		const run = await world.runOf(await world.say("U_OPS", `${PROMOTE} --dry-run`));
		expect(run).toMatchObject({ type: "dry-run", approvalsRequired: 0, ref: { sha: SHA.b } });
	});

	test("of a branch goes by a tag of that commit where only tags may go, and not by one that may not", async () => {
		await world.deployed("U_OPS", "shop@main to stage");
		world.pipeline.tag("nightly", SHA.a);
		expect((await world.runOf(await world.say("U_OPS", PROMOTE))).ref).toEqual({
			...{ name: "v1.0.0", kind: "tag", sha: SHA.a },
		});
	});

	test("of a branch that went on by is still of the commit that is live", async () => {
		await reopen({ production: { refs: { branches: ["main"], shas: true } } });
		await world.deployed("U_OPS", "shop@main to stage");
		world.pipeline.branch("main", SHA.d);
		expect((await world.runOf(await world.say("U_OPS", PROMOTE))).ref).toMatchObject({ kind: "tag", sha: SHA.a });
		world.pipeline.tag("v1.0.0", SHA.d);
		expect((await world.runOf(await world.say("U_OPS", PROMOTE))).ref).toMatchObject({ kind: "sha", sha: SHA.a });
	});

	test("is refused when the branch went on and the commit has no other name that may go there", async () => {
		await reopen({ production: { refs: { branches: ["main"], tags: [] } } });
		await world.deployed("U_OPS", "shop@main to stage");
		world.pipeline.branch("main", SHA.d);
		const answer = await world.say("U_OPS", PROMOTE);
		expect(answer).toMatchObject({ outcome: "refused", code: "ref_moved" });
		expect(answer.card.text).toContain(
			"#1 brought aaaaaaaa to shop/stage as main, and main is not that commit any more",
		);
		expect(commandsOf(answer)).toEqual(["deploy shop@main to stage"]);
	});

	test("meets the policy like a deploy: a branch that has no tag is refused with the policy's sentence", async () => {
		world.pipeline.branch("main", SHA.d);
		await world.deployed("U_OPS", "shop@main to stage");
		const answer = await world.say("U_OPS", PROMOTE);
		expect(answer).toMatchObject({ outcome: "refused", code: "ref_not_allowed" });
		expect(answer.card.text).toContain("Tag the commit");
	});

	test("is refused before anything succeeded there, and that is on the trail", async () => {
		const failed = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.finish(failed, "failed");
		const answer = await world.say("U_OPS", PROMOTE);
		expect(answer).toMatchObject({ outcome: "refused", code: "nothing_live" });
		expect(answer.card.text).toContain("Deploy it there first: deploy shop to stage.");
		const rows = await world.deps.db.query("SELECT environment FROM audit_entry WHERE action = 'run.refused'");
		expect(rows).toEqual([{ environment: "production" }]);
	});

	test("is refused after a rollback there, with the version at hand for whoever wants it", async () => {
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		await world.deployed("U_OPS", "rollback shop stage");
		const answer = await world.say("U_OPS", `${PROMOTE} --reason "the fix"`);
		expect(answer).toMatchObject({ outcome: "refused", code: "source_rolled_back" });
		expect(answer.card.text).toContain("the rollback #3: it took bbbbbbbb away and went back to v1.0.0");
		expect(commandsOf(answer)).toEqual(['deploy shop@v1.0.0 to production --reason "the fix"']);
	});

	test("takes the right to deploy where it goes", async () => {
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		expect(await world.say("U_BOB", PROMOTE)).toMatchObject({ outcome: "refused", code: "no_right" });
	});

	test("is refused when the provider cannot be asked", async () => {
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		world.pipeline.down = new VendorError("unavailable", "GitHub did not answer.");
		const answer = await world.say("U_OPS", PROMOTE);
		expect(answer.code).toBe("provider_unavailable");
		expect(answer.card.text).toContain("What is live on stage could not be looked up: GitHub did not answer.");
	});

	test("twice delivered is one run", async () => {
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		const first = await world.say("U_OPS", PROMOTE, { deliveryId: "same" });
		expect((await world.say("U_OPS", PROMOTE, { deliveryId: "same" })).runId).toBe(first.runId);
	});
});
