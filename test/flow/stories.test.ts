import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SHA, World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

const root = (channel: string) => {
	const [message] = world.chat.roots(channel);
	if (message === undefined) throw new Error(`nothing was posted to ${channel}`);
	return message;
};

describe("a deploy to stage", () => {
	test("goes from the command to the end of the pipeline, and is told in one thread", async () => {
		const answer = await world.say("U_OPS", "shop@v1.0.0 to stage");
		expect(answer.outcome).toBe("done");
		const run = await world.runOf(answer);
		expect(run.progress.state).toBe("queued");
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
		expect(world.pipeline.runOf(run.id).request.variables).toEqual({
			JOB_ID: run.id,
			ENV: "stage",
			REF: "v1.0.0",
			SHA: SHA.a,
			TYPE: "deploy",
		});
		const end = await world.finish(run, "succeeded");
		expect(end.progress).toMatchObject({
			state: "succeeded",
			external: { externalUrl: expect.stringContaining("https://") },
		});
		expect(world.chat.roots("C_STAGE")).toHaveLength(1);
		expect(root("C_STAGE").card.text).toContain("Succeeded");
		expect(world.chat.threadOf(root("C_STAGE"))).toEqual([
			expect.stringContaining("Requested by U_OPS"),
			expect.stringContaining("at work"),
			expect.stringContaining("succeeded"),
		]);
		expect(await world.actions(run.id)).toEqual([
			"run.requested",
			"run.dispatching",
			"run.trigger_attempted",
			"run.accepted",
			"run.running",
			"run.succeeded",
		]);
	});
});

describe("a deploy to production with two approvers", () => {
	test("starts when both have approved, and names them on the card", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to prod"));
		expect(run.progress.state).toBe("waiting_approval");
		await world.work();
		expect(root("C_PRODUCTION").card.blocks).toContainEqual(
			expect.objectContaining({
				kind: "actions",
				actions: [
					expect.objectContaining({ id: "approve", label: "Approve" }),
					expect.objectContaining({ id: "reject", label: "Reject" }),
				],
			}),
		);
		expect((await world.say("U_ANN", `approve #${run.number}`)).outcome).toBe("done");
		await world.pass(1_000);
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
		expect(root("C_PRODUCTION").card.text).toContain("1 of 2");
		await world.say("U_BOB", `approve #${run.number} looks good`);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
		await world.finish(run, "succeeded");
		expect(root("C_PRODUCTION").card.text).toContain("Approved by: U_ANN, U_BOB");
		expect(root("C_PRODUCTION").card.blocks.some((block) => block.kind === "actions")).toBe(false);
		expect(world.people.freshReads).toBe(2);
	});

	test("is rejected with a reason, and starts nothing", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_BOB", `reject #${run.number} not before the campaign`);
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "rejected",
			reason: "Rejected by U_BOB: not before the campaign",
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("expires when nobody approves", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.pass(24 * 3_600_000 + 1);
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "expired",
			reason: expect.stringContaining("1d"),
		});
	});

	test("is superseded when its tag moves, and the card offers to ask again", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		world.pipeline.tag("v1.0.0", SHA.d);
		const answer = await world.say("U_BOB", `approve #${run.number}`);
		expect(answer).toMatchObject({ outcome: "refused", code: "superseded" });
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("superseded");
		expect(root("C_PRODUCTION").card.blocks).toContainEqual({
			kind: "actions",
			actions: [expect.objectContaining({ kind: "command", command: "deploy shop@v1.0.0 to production" })],
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("is superseded when its tag moves between the last approval and the start", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		await world.say("U_BOB", `approve #${run.number}`);
		world.pipeline.tag("v1.0.0", SHA.d);
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "superseded",
			reason: expect.stringContaining("moved"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("does not start when its policy changed after the approvals", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		await world.say("U_ANN", `approve #${run.number}`);
		await world.say("U_BOB", `approve #${run.number}`);
		await world.deps.db.query(`UPDATE policy SET rules = '{"approvals":{"required":3}}' WHERE slug = 'production'`);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("superseded");
		expect(world.pipeline.runs).toEqual([]);
	});
});

describe("refusals change nothing and say what to do", () => {
	const refused = async (user: string, text: string, code: string) => {
		const answer = await world.say(user, text);
		expect(answer).toMatchObject({ outcome: "refused", code });
		return answer.card.text;
	};

	test("who asked does not approve", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		expect(await refused("U_OPS", `approve #${run.number}`, "self_approval")).toContain("Somebody else");
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
		expect(await world.actions(run.id)).toEqual(["run.requested", "run.decision_refused"]);
	});

	test("one person approves once, also through two accounts of theirs", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		world.people.emails.set("U_BOB", "bob@acme.test").set("U_BOB2", "bob@acme.test");
		world.people.groups.get("S_LEADS")?.add("U_BOB2");
		await world.say("U_BOB", `approve #${run.number}`);
		await world.say("U_BOB", `approve #${run.number}`);
		await world.say("U_BOB2", `approve #${run.number}`);
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
	});

	test("without the right, for outsiders, and when groups cannot be read", async () => {
		expect(await refused("U_NOBODY", "shop@v1.0.0 to stage", "no_right")).toMatch(/role operator.*S_OPS/s);
		world.people.outsiders.add("U_TWO");
		expect(await refused("U_TWO", "shop@v1.0.0 to stage", "outsider")).toContain("guests");
		world.people.unreadable = true;
		expect(await refused("U_OPS", "shop@v1.0.0 to stage", "groups_unreadable")).toContain("Try again");
		const rows: unknown[] = await world.deps.db.query("SELECT 1 FROM audit_entry WHERE action = 'run.refused'");
		expect(rows).toHaveLength(3);
		expect(await world.deps.db.query("SELECT 1 FROM run")).toEqual([]);
	});

	test("by policy: refs, checks, parameters", async () => {
		expect(await refused("U_OPS", "shop@main to production", "ref_not_allowed")).toContain("v*.*.*");
		world.pipeline.checksOf = () => [{ name: "build", state: "failure", url: null }];
		expect(await refused("U_OPS", "shop@v1.0.0 to stage", "ci_failed")).toContain("build");
		world.pipeline.checksOf = () => [];
		await refused("U_OPS", "shop@v1.0.0 to stage", "ci_missing");
		world.pipeline.checksOf = () => [{ name: "build", state: "success", url: null }];
		await refused("U_OPS", "shop@v1.0.0 to stage region=eu", "bad_parameter");
		await refused("U_OPS", "shop@v9.9.9 to stage", "unknown_ref");
	});

	test("a policy that cannot be evaluated refuses everything", async () => {
		await world.deps.db.query(
			`UPDATE policy SET rules = '{"windows":{"timezone":"Mars/Olympus","allow":[]}}' WHERE slug = 'stage'`,
		);
		await refused("U_OPS", "shop@v1.0.0 to stage", "policy_unreadable");
	});

	test("without a ref, where the default one may not go, what may go is offered", async () => {
		const answer = await world.say("U_OPS", "shop to production");
		expect(answer.code).toBe("ref_needed");
		expect(answer.card.blocks).toContainEqual({
			kind: "actions",
			actions: expect.arrayContaining([expect.objectContaining({ command: "deploy shop@v1.0.0 to production" })]),
		});
	});
});

describe("a button never does more than its person asked for", () => {
	const offered = async (text: string) => {
		const { card } = await world.say("U_OPS", text);
		return card.blocks.flatMap((block) =>
			block.kind === "actions"
				? block.actions.flatMap((action) => (action.kind === "command" ? [action.command] : []))
				: [],
		);
	};

	test.each([
		["plan shop production", "deploy shop@v1.0.0 to production --dry-run"],
		["explain shop production migrate=true", "explain shop@v1.0.0 production migrate=true"],
		[
			'deploy shop to production migrate=true --dry-run --reason "just looking"',
			'deploy shop@v1.0.0 to production migrate=true --dry-run --reason "just looking"',
		],
	])("%s", async (text, command) => {
		const commands = await offered(text);
		expect(commands).toContain(command);
		// And it is understood as what it says.
		const answer = await world.say("U_OPS", command);
		expect(answer.runId === null || (await world.runOf(answer)).type === "dry-run").toBe(true);
	});

	test("nor does that of a retry whose ref has moved", async () => {
		const run = await world.deployed("U_OPS", "plan shop@main stage");
		world.pipeline.branch("main", SHA.d);
		expect(await offered(`retry #${run.number}`)).toEqual(["deploy shop@main to stage --dry-run"]);
	});
});

describe("cancel, retry, rollback, dry-run", () => {
	test("a cancel is a request until the provider says that it stopped", async () => {
		world.pipeline.obeysCancel = false;
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.say("U_OPS", `cancel #${run.number} wrong version`);
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("cancelling");
		expect(world.pipeline.runOf(run.id).cancelRequested).toBe(true);
		const end = await world.finish(run, "cancelled");
		expect(end.progress).toMatchObject({ state: "cancelled", reason: "Cancelled by U_OPS: wrong version" });
	});

	test("what succeeded in spite of a cancel succeeded", async () => {
		world.pipeline.obeysCancel = false;
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.say("U_OPS", `cancel #${run.number}`);
		expect((await world.finish(run, "succeeded")).progress.state).toBe("succeeded");
	});

	test("only the requester and an admin may cancel", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		expect(await world.say("U_TWO", `cancel #${run.number}`)).toMatchObject({ outcome: "refused", code: "no_right" });
		expect(await world.say("U_ADA", `cancel #${run.number}`)).toMatchObject({ outcome: "done" });
		expect((await world.run(run.number)).progress.state).toBe("cancelled");
	});

	test("an admin who is no operator any more cancels what they asked for when they were", async () => {
		world.people.group("S_OPS", "U_OPS", "U_ADA");
		const run = await world.runOf(await world.say("U_ADA", "shop@v1.0.0 to stage"));
		world.people.group("S_OPS", "U_OPS");
		expect(await world.say("U_ADA", `cancel #${run.number}`)).toMatchObject({ outcome: "done" });
	});

	test("a run that was cancelled at the provider is cancelled", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		expect((await world.finish(run, "cancelled")).progress.state).toBe("cancelled");
	});

	test("retry makes a new run of the same commit, and none when the ref has moved", async () => {
		const first = await world.runOf(await world.say("U_OPS", "shop@main to stage"));
		await world.work();
		await world.finish(first, "failed", "It failed at GitHub: tests.");
		const second = await world.runOf(await world.say("U_OPS", `retry #${first.number}`));
		expect(second).toMatchObject({ retryOf: first.number, ref: { sha: SHA.a } });
		await world.work();
		await world.finish(second, "failed");
		world.pipeline.branch("main", SHA.d);
		expect(await world.say("U_OPS", `retry #${second.number}`)).toMatchObject({
			outcome: "refused",
			code: "ref_moved",
		});
	});

	test("rollback goes to the last good run, locks the environment, and the next one goes further back", async () => {
		for (const tag of ["v1.0.0", "v1.1.0", "v1.2.0"]) await world.deployed("U_OPS", `shop@${tag} to stage`);
		const back = await world.deployed("U_OPS", "rollback shop stage");
		expect(back).toMatchObject({
			type: "rollback",
			ref: { name: "v1.1.0", sha: SHA.b },
			progress: { state: "succeeded" },
		});
		expect(world.pipeline.runOf(back.id).request.variables["TYPE"]).toBe("rollback");
		expect((await world.say("U_TWO", "status shop stage")).card.text).toContain("Locked by U_OPS");
		expect(await world.deployed("U_OPS", "rollback shop stage")).toMatchObject({ ref: { name: "v1.0.0", sha: SHA.a } });
		expect(await world.say("U_OPS", "rollback shop stage")).toMatchObject({ code: "nothing_to_roll_back_to" });
	});

	test("a rollback needs no green checks of what ran there, and goes when the provider of checks is silent", async () => {
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		world.pipeline.checksOf = () => [{ name: "build", state: "failure", url: null }];
		expect((await world.deployed("U_OPS", "rollback shop stage")).progress.state).toBe("succeeded");
	});

	test("a dry-run needs no approval and starts the pipeline with TYPE=dry-run", async () => {
		const run = await world.deployed("U_OPS", "plan shop@v1.0.0 production");
		expect(run).toMatchObject({ type: "dry-run", progress: { state: "succeeded" } });
		expect(world.pipeline.runOf(run.id).request.variables["TYPE"]).toBe("dry-run");
	});
});

describe("lock and queue", () => {
	test("first in, first out, one at a time", async () => {
		const first = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		const second = await world.runOf(await world.say("U_OPS", "shop@v1.1.0 to stage"));
		const third = await world.runOf(await world.say("U_TWO", "shop@v1.2.0 to stage"));
		await world.work();
		const states = async () =>
			Promise.all([first, second, third].map(async (run) => (await world.run(run.number)).progress.state));
		expect(await states()).toEqual(["running", "queued", "queued"]);
		await world.finish(first, "failed");
		expect(await states()).toEqual(["failed", "running", "queued"]);
		await world.finish(second, "succeeded");
		expect(await states()).toEqual(["failed", "succeeded", "running"]);
	});

	test("a person's lock stops everybody else's runs, and ends by itself", async () => {
		await world.say("U_OPS", "lock shop stage for 1h migration");
		const theirs = await world.runOf(await world.say("U_TWO", "shop@v1.0.0 to stage"));
		await world.work();
		expect((await world.run(theirs.number)).progress.state).toBe("queued");
		expect(world.chat.roots("C_STAGE").map(({ card }) => card.text)).toEqual([
			expect.stringMatching(/^🔒 shop\/stage is locked by U_OPS \(migration\) until .*: only their own runs pass/),
			expect.stringMatching(/Queued behind the lock of U_OPS \(migration\)/),
		]);
		const own = await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		expect(own.progress.state).toBe("succeeded");
		await world.pass(3_600_000);
		expect((await world.run(theirs.number)).progress.state).toBe("running");
	});

	test("somebody's lock is taken by an admin alone, with a reason, and they are told", async () => {
		await world.say("U_OPS", "lock shop stage");
		expect(await world.say("U_TWO", "lock shop stage")).toMatchObject({ outcome: "refused", code: "locked" });
		expect(await world.say("U_TWO", 'lock shop stage --steal "mine"')).toMatchObject({
			outcome: "refused",
			code: "no_right",
		});
		expect(await world.say("U_ADA", 'lock shop stage --steal "incident 7"')).toMatchObject({ outcome: "done" });
		await world.work();
		expect(world.chat.told).toEqual([
			{ user: "U_OPS", text: expect.stringContaining("U_ADA took your lock on shop/stage: incident 7") },
		]);
		await world.say("U_ADA", "unlock shop stage");
		await world.work();
		expect(world.chat.roots("C_STAGE").map(({ card }) => card.text)).toEqual([
			expect.stringContaining("locked by U_OPS"),
			expect.stringMatching(/locked by U_ADA \(incident 7\).*was U_OPS's until now/),
			expect.stringContaining("U_ADA unlocked shop/stage"),
		]);
	});

	test("the queue has a limit, and a waiting run expires", async () => {
		await world.close();
		world = await World.open({ stage: { refs: { tags: ["**"] }, queue: { limit: 1 }, timeouts: { queue: "10m" } } });
		await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		const waiting = await world.runOf(await world.say("U_OPS", "shop@v1.1.0 to stage"));
		expect(await world.say("U_OPS", "shop@v1.2.0 to stage")).toMatchObject({ outcome: "refused", code: "queue_full" });
		await world.pass(600_001);
		expect((await world.run(waiting.number)).progress.state).toBe("expired");
	});
});

test("a rollback to what never ran there is looked at like a deploy: approvals, windows and freezes hold", async () => {
	await world.close();
	const windows = { timezone: "UTC", allow: [{ days: ["sun"], from: "01:00", to: "02:00" }] };
	world = await World.open({ stage: { refs: { tags: ["**"] }, approvals: { required: 2 } }, production: { windows } });
	const asked = await world.runOf(await world.say("U_TWO", "rollback shop stage to v1.1.0"));
	expect([asked.progress.state, asked.approvalsRequired]).toEqual(["waiting_approval", 2]);
	expect(await world.say("U_TWO", "rollback shop production to v1.1.0")).toMatchObject({
		outcome: "refused",
		code: "window_closed",
	});
});

test("a pipeline that was changed before a second try to start it is not started under the old approval", async () => {
	world.pipeline.faults = ["unreachable"];
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
	await world.work();
	expect((await world.run(run.number)).progress.state).toBe("dispatching");
	await world.deps.db.query("UPDATE project SET pipeline = 'other.yml'");
	await world.pass(10_000);
	expect((await world.run(run.number)).progress).toMatchObject({
		state: "failed",
		reason: expect.stringContaining("changed since it was approved. Nothing was started"),
	});
	expect(world.pipeline.startsOf(run.id)).toBe(0);
});

describe("promotion", () => {
	test("takes a success in the environment before, long enough ago; to deploy it there again does not start the wait anew", async () => {
		await world.close();
		world = await World.open({ production: { promotion: { from: "stage", soak: "30m" } } });
		const ask = () => world.say("U_OPS", "shop@v1.0.0 to production");
		expect(await ask()).toMatchObject({ outcome: "refused", code: "not_promoted" });
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		expect(await ask()).toMatchObject({ outcome: "refused", code: "soaking" });
		await world.pass(25 * 60_000);
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.pass(5 * 60_000);
		expect(await ask()).toMatchObject({ outcome: "done" });
	});
});

test("force sets aside at dispatch only what it set aside when it was asked for", async () => {
	await world.close();
	const windows = { timezone: "UTC", allow: [{ days: ["sun"], from: "01:00", to: "02:00" }] };
	const force = { enabled: true, role: "operator", waives: ["ci", "windows"] };
	world = await World.open({ stage: { refs: { tags: ["**"] }, windows, force } });
	const first = await world.runOf(await world.say("U_OPS", 'shop@v1.0.0 to stage --force "incident 7"'));
	await world.work();
	const second = await world.runOf(await world.say("U_OPS", 'shop@v1.1.0 to stage --force "incident 7"'));
	expect(second.force?.waived).toEqual(["windows"]);
	world.pipeline.checksOf = () => [{ name: "build", state: "failure", url: null }];
	await world.finish(first, "succeeded");
	expect((await world.run(second.number)).progress).toMatchObject({
		state: "superseded",
		reason: expect.stringContaining("more rules aside"),
	});
	expect(world.pipeline.startsOf(second.id)).toBe(0);
});

describe("force", () => {
	const withForce = async () => {
		await world.close();
		world = await World.open({
			production: {
				approvals: { required: 2 },
				force: { enabled: true, role: "emergency", waives: ["ci", "approvals"] },
			},
		});
		world.pipeline.checksOf = () => [];
	};

	test("sets aside what the policy lets it, for the role that the policy names, with a reason", async () => {
		await withForce();
		expect(await world.say("U_OPS", 'shop@v1.0.0 to production --force "down"')).toMatchObject({
			code: "force_role_missing",
		});
		expect(await world.say("U_EVE", "deploy! shop@v1.0.0 to production")).toMatchObject({ code: "reason_needed" });
		const run = await world.deployed("U_EVE", 'shop@v1.0.0 to production --force "shop is down"');
		expect(run).toMatchObject({
			force: { reason: "shop is down", waived: ["ci", "approvals"] },
			progress: { state: "succeeded" },
		});
		expect(root("C_PRODUCTION").card.text).toContain("Forced: shop is down");
	});

	test("is refused where the policy does not know it", async () => {
		expect(await world.say("U_EVE", 'shop@v1.0.0 to production --force "x"')).toMatchObject({ code: "force_disabled" });
	});
});

describe("time", () => {
	test("what was said long before an outage ended is not carried out any more, and its sender is told", async () => {
		const minutesAgo = (n: number) => ({ saidAt: new Date(world.deps.now().getTime() - n * 60_000) });
		expect(await world.say("U_OPS", "shop@v1.0.0 to stage", minutesAgo(16))).toMatchObject({
			outcome: "refused",
			code: "too_late",
			card: { text: expect.stringMatching(/at 2026-03-04 09:44 UTC until now, so nothing was done/) },
		});
		expect(await world.say("U_OPS", "shop@v1.0.0 to stage", minutesAgo(14))).toMatchObject({ outcome: "done" });
		expect((await world.run(1)).number).toBe(1);
	});

	test("what does not begin in time fails, and is stopped at the provider", async () => {
		await world.close();
		world = await World.open({ stage: { refs: { tags: ["**"] }, timeouts: { start: "1m" } } });
		world.pipeline.onTrigger = async (request) => void world.pipeline.set(request.variables.JOB_ID, "queued");
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("dispatching");
		await world.pass(60_001);
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "failed",
			reason: expect.stringContaining("did not begin"),
		});
		expect(world.pipeline.runOf(run.id).cancelRequested).toBe(true);
	});

	test("what runs too long is stopped, and has timed out when the provider says so", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.pass(3_600_001);
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "timed_out",
			reason: expect.stringContaining("longer"),
		});
	});
});
