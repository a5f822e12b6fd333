import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Run } from "../../src/core/run.ts";
import { sameHuman } from "../../src/store/accounts.ts";
import { linkIdentity, listPeople, peopleCalled } from "../../src/store/people.ts";
import { unlinkIdentity } from "../../src/store/unlink-identity.ts";
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

/** An admin says that this account of Slack is not of whose it is. */
async function unlink(user: string): Promise<void> {
	const { db, auditKey, now } = world.deps;
	const people = await listPeople(db);
	const person = people.find(({ identities }) => identities.some(({ externalId }) => externalId === user));
	if (person === undefined) throw new Error(`${user} is nobody's`);
	const account = { platform: "slack", tenant: "T1", externalId: user } as const;
	expect((await unlinkIdentity({ db, auditKey, now }, person, account, SYSTEM_ACTOR)).ok).toBe(true);
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

describe("an account that was taken from a person", () => {
	const ofTwo = async () => {
		await link("U_BOB", "U_ANN");
		await world.say("U_ANN", "whoami");
	};

	test("approves nothing that they asked for before, nor they what it asked for", async () => {
		await link("U_OPS", "U_ANN");
		const run = await asked();
		await unlink("U_OPS");
		expect((await world.click("U_ANN", "approve", run)).code).toBe("self_approval");
		expect((await world.click("U_OPS", "approve", run)).code).toBe("self_approval");
		await approved(run, "U_BOB");
	});

	test("does not decide a second time", async () => {
		await world.close();
		world = await World.open({ production: { approvals: { required: 2 } } });
		for (const user of ["U_OPS", "U_ANN", "U_BOB"]) await world.say(user, "whoami");
		await ofTwo();
		const run = await asked();
		await approved(run, "U_ANN");
		await unlink("U_BOB");
		await world.click("U_BOB", "approve", run);
		expect((await world.run(run.number)).progress.state).toBe("waiting_approval");
	});

	test("is another human for what is asked for afterwards, and stays so at its next word", async () => {
		await link("U_OPS", "U_ANN");
		await unlink("U_OPS");
		await world.pass(600_000);
		await world.say("U_OPS", "whoami");
		const run = await asked();
		await approved(run, "U_ANN");
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
	});
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

/** What the trail says of who is whom, oldest first. */
async function linked(): Promise<object[]> {
	const rows: { entry: string }[] = await world.deps.db.query(
		"SELECT entry FROM audit_entry WHERE action = 'person.linked' ORDER BY seq",
	);
	return rows.map(({ entry }) => JSON.parse(entry).data);
}

test.each(["before", "after"])(
	"whoever changed their address %s they asked does not approve by another account",
	async (when) => {
		const change = async () => {
			world.people.emails.set("U_OPS", "kim2@acme.test");
			await world.say("U_OPS", "whoami");
		};
		world.people.emails.set("U_OPS", "kim@acme.test");
		await world.say("U_OPS", "whoami");
		if (when === "before") await change();
		const run = await asked();
		if (when === "after") await change();
		world.people.emails.set("U_ANN", "kim@acme.test");
		expect((await world.click("U_ANN", "approve", run)).code).toBe("self_approval");
		expect((await linked()).at(-1)).toMatchObject({
			...{ platform: "slack", externalId: "U_ANN", how: "new_address" },
			...{ email: "kim@acme.test", was: null },
		});
	},
);

test("an account that joins a person by its address is on the trail", async () => {
	world.people.emails.set("U_OPS", "kim@acme.test").set("U_NEW", "kim@acme.test");
	await world.say("U_OPS", "whoami");
	await world.say("U_NEW", "whoami");
	expect((await linked()).at(-1)).toMatchObject({
		...{ person: { name: "U_OPS" }, externalId: "U_NEW", how: "by_email", email: "kim@acme.test", before: null },
	});
});

describe("what somebody has by one account is theirs by the other, once it is known that both are", () => {
	beforeEach(async () => {
		await world.say("U_TWO", "whoami");
	});

	test("their run, which they cancel", async () => {
		const run = await asked();
		await link("U_OPS", "U_TWO");
		expect((await world.say("U_OPS", `cancel #${run.number}`)).outcome).toBe("done");
	});

	test("their lock, which they free, and which their runs pass", async () => {
		await world.say("U_OPS", "lock shop stage migration");
		const run = await world.runOf(await world.say("U_TWO", "shop@v1.0.0 to stage"));
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("queued");
		await link("U_OPS", "U_TWO");
		const second = await world.runOf(await world.say("U_TWO", "shop@v1.1.0 to stage"));
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("running");
		expect((await world.run(second.number)).progress.state).toBe("queued");
		expect((await world.say("U_OPS", "unlock shop stage")).outcome).toBe("done");
	});
});

describe("an outsider's address", () => {
	const peopleOf = async (...users: string[]) =>
		new Set(
			(await listPeople(world.deps.db))
				.filter(({ identities }) => identities.some(({ externalId }) => users.includes(externalId)))
				.map(({ id }) => id),
		).size;

	test("makes them nobody else", async () => {
		world.people.emails.set("U_EVIL", "ada@acme.test").set("U_ADA", "ada@acme.test");
		world.people.outsiders.add("U_EVIL");
		for (const user of ["U_EVIL", "U_ADA"]) await world.say(user, "whoami");
		expect(await peopleOf("U_EVIL", "U_ADA")).toBe(2);
	});

	test("counts no more once its owner is one; what they asked for while they were none stays theirs", async () => {
		world.people.emails.set("U_OPS", "kim@acme.test");
		const before = await asked();
		await world.pass(600_000);
		world.people.outsiders.add("U_OPS");
		await world.say("U_OPS", "whoami");
		world.people.emails.set("U_NEW", "kim@acme.test");
		world.people.group("S_LEADS", "U_NEW");
		expect((await world.click("U_NEW", "approve", before)).code).toBe("self_approval");
		expect(await peopleOf("U_OPS", "U_NEW")).toBe(2);
		await world.pass(600_000);
		const { db, now } = world.deps;
		const requester = (await world.run(before.number)).requestedBy.id;
		expect((await sameHuman(db, requester, now())).size).toBe(1);
	});
});
