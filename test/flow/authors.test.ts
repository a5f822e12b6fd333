import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Run } from "../../src/core/run.ts";
import type { Commit } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import { linkIdentity, listPeople, peopleCalled } from "../../src/store/people.ts";
import { SHA, World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({
		production: { approvals: { required: 1, commitAuthors: false } },
	});
	world.people.emails.set("U_ANN", "ann@acme.test");
	world.people.emails.set("U_BOB", "bob@acme.test");
	// They are known once they have spoken.
	for (const user of ["U_ANN", "U_BOB", "U_OPS"]) await world.say(user, "whoami");
	// v1.0.0 is live, since a time when nobody minded.
	await policy({ required: 0 });
	await world.deployed("U_OPS", "deploy shop@v1.0.0 to production");
	await policy({ required: 1, commitAuthors: false });
});
afterEach(() => world.close());

async function policy(approvals: object): Promise<void> {
	await world.deps.db.query("UPDATE policy SET rules = $1 WHERE slug = 'production'", [{ approvals }]);
}

function wrote(...authors: Partial<Commit["author"]>[]): void {
	made(...authors.map((author) => ({ author: { ...SOMEBODY, ...author } })));
}

const SOMEBODY = { name: "Somebody", email: null, login: null };

function made(...some: Partial<Commit>[]): void {
	const commits = some.map((one, n) => ({
		...{ sha: String(n + 1).repeat(40), title: `Change ${n + 1}`, author: SOMEBODY },
		...one,
	}));
	world.pipeline.comparisonOf = (base, head) =>
		base === SHA.a && head === SHA.b ? { ahead: commits.length, behind: 0, more: false, commits, url: null } : null;
}

const asked = async (): Promise<Run> => world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
const stateOf = async (run: Run) => (await world.run(run.number)).progress.state;

async function link(name: string, identity: { email: string } | { login: string }): Promise<void> {
	const { db, auditKey, now } = world.deps;
	const [person] = peopleCalled(await listPeople(db), name);
	const integration = await db.getRepository(IntegrationTable).findOneByOrFail({ slug: "fake" });
	if (person === undefined) throw new Error(`nobody is called ${name}`);
	const row =
		"email" in identity
			? ({ platform: "email", tenant: "", externalId: identity.email, email: identity.email } as const)
			: ({ platform: "github", tenant: integration.id, externalId: identity.login, email: null } as const);
	await linkIdentity({ db, auditKey, now }, person, row, SYSTEM_ACTOR);
}

test("whoever wrote a commit in the range may not approve it, somebody else may", async () => {
	wrote({ name: "Ann", email: "Ann@Acme.test" });
	const run = await asked();
	const refused = await world.click("U_ANN", "approve", run);
	expect([refused.outcome, refused.code]).toEqual(["refused", "author_approval"]);
	expect(refused.card.text).toContain("You wrote a commit");
	expect(await stateOf(run)).toBe("waiting_approval");
	expect((await world.click("U_BOB", "approve", run)).outcome).toBe("done");
	expect(await stateOf(run)).toBe("queued");
});

test("an author whom nobody knows lets nobody approve, and it is said how to link them", async () => {
	wrote({ name: "Bob", email: "bob@acme.test" }, { name: "Neo", email: "neo@home.test", login: "Neo-1" });
	const run = await asked();
	const refused = await world.click("U_ANN", "approve", run);
	expect([refused.outcome, refused.code]).toEqual(["refused", "author_unknown"]);
	expect(refused.card.text).toContain("nobody here is known as Neo, neo@home.test, Neo-1 at fake, who wrote 22222222.");
	expect(refused.card.text).toContain("draven person link <person> --login fake:Neo-1");

	await link("U_BOB", { login: "neo-1" });
	expect((await world.click("U_BOB", "approve", run)).code).toBe("author_approval");
	expect((await world.click("U_ANN", "approve", run)).outcome).toBe("done");
	expect(await stateOf(run)).toBe("queued");
});

test("a linked address bars its owner too, also by another account of the same human", async () => {
	wrote({ name: "A.", email: "ann@private.test" });
	const run = await asked();
	expect((await world.click("U_ANN", "approve", run)).card.text).toContain("--email ann@private.test");
	await link("ann@acme.test", { email: "ann@private.test" });
	expect((await world.click("U_ANN", "approve", run)).code).toBe("author_approval");
	expect((await world.click("U_BOB", "approve", run)).outcome).toBe("done");
});

test("authors who cannot all be read let nobody approve; anybody may still reject", async () => {
	wrote({ name: "Ann", email: "ann@acme.test" });
	const compared = world.pipeline.comparisonOf;
	const run = await asked();
	const code = async () => (await world.click("U_BOB", "approve", run)).code;
	world.pipeline.comparisonOf = () => {
		throw new VendorError("unavailable", "GitHub did not answer.");
	};
	expect(await code()).toBe("authors_unreadable");
	world.pipeline.comparisonOf = () => null;
	expect(await code()).toBe("authors_unreadable");
	world.pipeline.comparisonOf = (...of) => {
		const some = compared(...of);
		return some === null ? null : { ...some, ahead: 101 };
	};
	expect(await code()).toBe("authors_unreadable");
	world.pipeline.comparisonOf = (...of) => {
		const some = compared(...of);
		return some === null ? null : { ...some, more: true };
	};
	expect(await code()).toBe("authors_unreadable");
	expect(await stateOf(run)).toBe("waiting_approval");
	expect((await world.click("U_ANN", "reject", run, "no")).outcome).toBe("done");
	expect(await stateOf(run)).toBe("rejected");
});

test("explain says who is barred, and whom nobody knows", async () => {
	wrote({ name: "Ann", email: "ann@acme.test" });
	const explained = await world.say("U_OPS", "explain shop@v1.1.0 production");
	expect(explained.card.text).toContain("May not approve it, because they wrote a commit of it: Ann.");
	wrote({ name: "Neo" });
	const unknown = await world.say("U_OPS", "explain shop@v1.1.0 production");
	expect(unknown.card.text).toContain("Nobody could approve it now.");
	expect(unknown.card.text).toContain("set approvals.commitAuthors to true");
});

test("a co-author and a committer are barred too; a program needs to be known as nobody, and evidence says that it is one", async () => {
	const bot = { name: "dependabot[bot]", email: null, login: "dependabot[bot]", bot: true };
	const [ann, bob] = ["ann", "bob"].map((name) => ({ name, email: `${name}@acme.test`, login: null }));
	made({ author: bot, coAuthors: [ann ?? bot], committer: { ...SOMEBODY, email: "noreply@github.com" } });
	const run = await asked();
	await world.work();
	const card = world.chat.roots("C_PRODUCTION").find((one) => one.card.text.includes(`#${run.number}:`))?.card;
	expect(card?.text).toContain("by dependabot[bot] (a bot), ann.");
	expect((await world.click("U_ANN", "approve", run)).code).toBe("author_approval");
	made({ author: bot, committer: bob ?? bot });
	expect((await world.click("U_BOB", "approve", run)).code).toBe("author_approval");
	made({ author: bot, coAuthors: [{ ...SOMEBODY, email: "neo@home.test" }] });
	const unknown = await world.click("U_BOB", "approve", run);
	expect(unknown.card.text).toContain("nobody here is known as Somebody, neo@home.test, who co-wrote 11111111.");
	made({ author: bot });
	expect((await world.click("U_BOB", "approve", run)).outcome).toBe("done");
});

test("the first release says what an admin has to do", async () => {
	await world.deps.db.query("UPDATE run SET state = 'failed' WHERE state = 'succeeded'");
	const refused = await world.click("U_BOB", "approve", await asked());
	expect(refused.code).toBe("authors_unreadable");
	expect(refused.card.text).toContain(
		"For the first release ask an admin to set approvals.commitAuthors to true in the policy production, ask for it anew, and set it to false again once it is live.",
	);
});

/** v1.1.0 by Bob is approved by Ann; before it starts, what is live goes back to before Ann's commit. */
async function approvedBeforeItGoesBack(): Promise<Run> {
	wrote({ name: "Bob", email: "bob@acme.test" });
	const run = await asked();
	expect((await world.click("U_ANN", "approve", run)).outcome).toBe("done");
	wrote({ name: "Bob", email: "bob@acme.test" }, { name: "Ann", email: "ann@acme.test" });
	return run;
}

test("who wrote a commit that is not live any more does not count at the start", async () => {
	const run = await approvedBeforeItGoesBack();
	await world.work();
	expect((await world.run(run.number)).progress).toMatchObject({
		state: "superseded",
		reason: expect.stringMatching(
			/^It needs 1 more approval by now\. That of U_ANN no longer counts: .* not live by now/,
		),
	});
	expect(world.pipeline.startsOf(run.id)).toBe(0);
});

test("at the start it waits for a provider that cannot be asked, and ends when an author is not known", async () => {
	const run = await approvedBeforeItGoesBack();
	wrote({ name: "Neo", email: "neo@home.test" });
	const compared = world.pipeline.comparisonOf;
	world.pipeline.comparisonOf = () => {
		throw new VendorError("unavailable", "GitHub did not answer.");
	};
	await world.work();
	expect(await stateOf(run)).toBe("queued");
	world.pipeline.comparisonOf = compared;
	await world.pass(15_000);
	expect((await world.run(run.number)).progress).toMatchObject({
		state: "superseded",
		reason: expect.stringContaining("nobody here is known as Neo, neo@home.test"),
	});
});
