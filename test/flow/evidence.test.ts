import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Comparison } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { evidenceOf } from "../../src/store/runs.ts";
import { findPlace } from "../../src/use-cases/catalog.ts";
import { gatherEvidence } from "../../src/use-cases/gather-evidence.ts";
import { SHA, World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open({ production: { approvals: { required: 1 } } });
});
afterEach(() => world.close());

function comparison(more: Partial<Comparison> = {}): Comparison {
	const commit = (n: number, name: string) => ({
		sha: String(n).repeat(40),
		title: `Change ${n}`,
		author: { name, email: null, login: null },
	});
	return {
		...{ ahead: 7, behind: 0, more: false, url: "https://git.test/compare" },
		commits: [1, 2, 3, 4, 5, 6, 7].map((n) => commit(n, n % 2 === 0 ? "Ada" : "Bob")),
		...more,
	};
}

/** v1.0.0 is live in production, by #1. */
async function released(): Promise<void> {
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to production"));
	await world.work();
	await world.click("U_ANN", "approve", run);
	await world.work();
	await world.finish(await world.run(run.number), "succeeded");
}

const rootOfLast = () => world.chat.roots("C_PRODUCTION").at(-1)?.card.text ?? "";

test("before they decide, approvers see what they decide on", async () => {
	await released();
	world.pipeline.comparisonOf = (base, head) => (base === SHA.a && head === SHA.b ? comparison() : null);
	world.pipeline.checksOf = () => [
		{ name: "build", state: "success", url: null },
		{ name: "test", state: "success", url: "https://ci.test/1" },
	];
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
	await world.work();
	const text = rootOfLast();
	expect(text).toContain("aaaaaaaa (live, v1.0.0, #1) → bbbbbbbb: 7 commits by Bob, Ada.");
	expect(text).toContain("https://git.test/compare");
	expect(text).toContain("11111111 Change 1 (Bob)");
	expect(text).toContain("and 2 more");
	expect(text).toContain("CI: ✅ build, ✅ test");
	expect(text).toContain("last here: #1 ✅ Succeeded · nothing else waits");
	expect(text).not.toContain("goes back");

	// What was shown is kept, also when the world goes on.
	world.pipeline.comparisonOf = () => comparison({ ahead: 99 });
	await world.click("U_ANN", "approve", run);
	await world.work();
	expect(rootOfLast()).not.toContain("7 commits");
	expect((await world.say("U_ANN", `show #${run.number}`)).card.text).toContain("7 commits by Bob, Ada.");
});

test("what goes back says so, and what else waits is named", async () => {
	await released();
	await world.say("U_OPS", "deploy shop@v1.1.0 to production");
	world.pipeline.comparisonOf = () => comparison({ ahead: 0, behind: 3, commits: [] });
	await world.say("U_OPS", "deploy shop@v1.2.0 to production");
	await world.work();
	expect(rootOfLast()).toContain("0 commits.");
	expect(rootOfLast()).toContain("It goes back: 3 commits of what is live are not in it.");
	expect(rootOfLast()).toContain("also waiting: #2");
});

test("what is live changes while it waits: it is gathered anew, with its time, and a decision says which was shown", async () => {
	await released();
	world.pipeline.comparisonOf = () => comparison({ ahead: 7 });
	const first = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.2.0 to production"));
	await world.work();
	expect(rootOfLast()).toContain("aaaaaaaa (live, v1.0.0, #1) → cccccccc: 7 commits");
	const before = await evidenceOf(world.deps.db, run.id);
	world.pipeline.comparisonOf = (base) => (base === SHA.b ? comparison({ ahead: 2, commits: [] }) : null);
	await world.click("U_ANN", "approve", first);
	await world.work();
	await world.finish(first, "succeeded");
	await world.work();
	expect(rootOfLast()).toContain("bbbbbbbb (live, v1.1.0, #2) → cccccccc: 2 commits.");
	expect(rootOfLast()).toContain("last here: #2 ✅ Succeeded · nothing else waits · read ");
	const after = await evidenceOf(world.deps.db, run.id);
	expect(Date.parse(after?.at ?? "")).toBeGreaterThan(Date.parse(before?.at ?? ""));
	expect((await world.click("U_ANN", "approve", run)).outcome).toBe("done");
	const said = await world.deps.db.query(
		"SELECT entry::jsonb #>> '{data,evidenceAt}' AS at FROM audit_entry WHERE run_id = $1 AND action = 'run.approved'",
		[run.id],
	);
	expect(said).toEqual([{ at: after?.at }]);
});

test("a dead provider leaves a gap that says so, and the request goes on", async () => {
	await released();
	world.pipeline.comparisonOf = () => {
		throw new VendorError("unavailable", "GitHub did not answer.");
	};
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
	await world.work();
	expect(run.progress.state).toBe("waiting_approval");
	expect(rootOfLast()).toContain("The comparison could not be read: GitHub did not answer.");
});

test("a slow provider is not waited for", async () => {
	await released();
	const place = await findPlace(world.deps.db.manager, "shop", "production");
	if (place === null) throw new Error("there is no place");
	world.pipeline.compare = () => new Promise<never>(() => {});
	const ref = { name: "v1.1.0", kind: "tag", sha: SHA.b } as const;
	const evidence = await gatherEvidence(world.deps, place, ref, null, 10);
	expect(evidence.comparison).toEqual({ known: false, why: "The provider did not answer within 0.01 s." });
});

test("commits that the provider does not know together, or a first release, are told as such", async () => {
	await world.say("U_OPS", "deploy shop@v1.0.0 to production");
	await world.work();
	expect(rootOfLast()).toContain("nothing has been released here before");
	await world.say("U_ADA", "cancel #1");
	await released();
	await world.say("U_OPS", "deploy shop@v1.1.0 to production");
	await world.work();
	expect(rootOfLast()).toContain("The provider does not know both commits.");
});

test("odd titles and names from outside harm neither the database nor the card", async () => {
	await released();
	const odd = {
		sha: SHA.b,
		title: `a\u0000b\ud800c ${"x".repeat(5_000)}`,
		author: { name: "\u0000", email: null, login: null },
	};
	world.pipeline.comparisonOf = () => comparison({ ahead: 1, commits: [odd] });
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to production"));
	const kept = await evidenceOf(world.deps.db, run.id);
	expect(JSON.stringify(kept).length).toBeLessThan(1_000);
	expect(kept?.comparison).toMatchObject({ known: true, commits: [{ title: expect.stringMatching(/^a b c x+…$/) }] });
});

test("nobody decides on stage, so nothing is compared there", async () => {
	await world.deployed("U_OPS", "deploy shop@v1.0.0 to stage");
	let asked = 0;
	world.pipeline.comparisonOf = () => {
		asked += 1;
		return null;
	};
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.1.0 to stage"));
	expect(asked).toBe(0);
	expect(await evidenceOf(world.deps.db, run.id)).toBeNull();
});

test("diff and explain show the same", async () => {
	await released();
	world.pipeline.comparisonOf = () => comparison();
	world.pipeline.branch("main", SHA.c);
	const diff = await world.say("U_OPS", "diff shop");
	expect(diff.outcome).toBe("done");
	expect(diff.card.text).toContain("what main (cccccccc) has that is not live");
	expect(diff.card.text).toMatch(/stage\n.*nothing has been released here before/);
	expect(diff.card.text).toMatch(/production\n.*7 commits by Bob, Ada/);
	expect((await world.say("U_OPS", "diff shop prod")).card.text).not.toContain("stage");
	const explained = await world.say("U_OPS", "explain shop@v1.2.0 production");
	expect(explained.card.text).toContain("7 commits by Bob, Ada.");
	world.pipeline.down = new VendorError("unavailable", "GitHub did not answer.");
	const dead = await world.say("U_OPS", "diff shop");
	expect(dead.outcome).toBe("refused");
	expect(dead.card.text).toContain("Nothing can be compared: GitHub did not answer.");
});
