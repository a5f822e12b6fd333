import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Run } from "../../src/core/run.ts";
import { linkIdentity, listPeople, peopleCalled } from "../../src/store/people.ts";
import { World } from "../support/world.ts";

let world: World;
afterEach(() => world.close());
beforeEach(async () => {
	world = await World.open({ production: { approvals: { required: 1 } } });
	for (const user of ["U_OPS", "U_ANN", "U_BOB"]) await world.say(user, "whoami");
});

/** An admin says that this account of Slack is that person's. */
async function link(user: string, to: string): Promise<void> {
	const { db, auditKey, now } = world.deps;
	const [person] = peopleCalled(await listPeople(db), to);
	if (person === undefined) throw new Error(`nobody is called ${to}`);
	const identity = { platform: "slack", tenant: "T1", externalId: user, email: null } as const;
	await linkIdentity({ db, auditKey, now }, person, identity, SYSTEM_ACTOR);
}

const asked = async (): Promise<Run> => world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));

async function approved(run: Run, ...users: string[]): Promise<void> {
	for (const user of users) expect((await world.click(user, "approve", run)).outcome).toBe("done");
}

test("an approval does not count when its giver turns out to be the requester before it starts", async () => {
	const run = await asked();
	await approved(run, "U_ANN");
	await link("U_ANN", "U_OPS");
	await world.work();
	expect((await world.run(run.number)).progress).toMatchObject({
		state: "superseded",
		reason: expect.stringContaining("That of U_ANN no longer counts"),
	});
	expect(world.pipeline.runs).toEqual([]);
});

test("nor when both have the same verified address by then", async () => {
	const run = await asked();
	await approved(run, "U_ANN");
	world.people.emails.set("U_ANN", "kim@acme.test").set("U_OPS", "kim@acme.test");
	for (const user of ["U_OPS", "U_ANN"]) await world.say(user, "whoami");
	await world.work();
	expect((await world.run(run.number)).progress.state).toBe("superseded");
	expect(world.pipeline.runs).toEqual([]);
});

test("two approvers who turn out to be one count once", async () => {
	await world.close();
	world = await World.open({ production: { approvals: { required: 2 } } });
	const run = await asked();
	await approved(run, "U_ANN", "U_BOB");
	await link("U_BOB", "U_ANN");
	await world.work();
	expect((await world.run(run.number)).progress).toMatchObject({
		state: "superseded",
		reason: expect.stringContaining("It needs 1 more approval by now."),
	});
});

test("an account that was given to another person since the request still is the requester's", async () => {
	const run = await asked();
	await link("U_OPS", "U_ANN");
	expect((await world.click("U_ANN", "approve", run)).code).toBe("self_approval");
	expect((await world.click("U_OPS", "approve", run)).code).toBe("self_approval");
	await approved(run, "U_BOB");
	await world.work();
	expect((await world.run(run.number)).progress.state).toBe("running");
});

test("where the policy lets people approve their own requests, one who turns out to be the requester counts", async () => {
	await world.close();
	world = await World.open({ production: { approvals: { required: 1, self: true } } });
	const run = await asked();
	await approved(run, "U_ANN");
	await link("U_ANN", "U_OPS");
	await world.work();
	expect((await world.run(run.number)).progress.state).toBe("running");
});
