import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Run } from "../../src/core/run.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { freezesBeforeStart, freezesOn } from "../../src/store/freezes.ts";
import { World } from "../support/world.ts";

let world: World;
const PRODUCTION = {
	approvals: { required: 1 },
	windows: {
		timezone: "Europe/Rome",
		allow: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from: "00:00", to: "24:00" }],
	},
};
beforeEach(async () => {
	world = await World.open({ production: PRODUCTION });
});
afterEach(() => world.close());

const frozen = () => freezesOn(world.deps.db, world.now());
const state = async (run: Pick<Run, "number">) => (await world.run(run.number)).progress.state;
const asked = async (text: string, by = "U_OPS") => world.runOf(await world.say(by, text));
const entries = async (action: string): Promise<{ data: Record<string, unknown> }[]> => {
	const rows: { entry: string }[] = await world.deps.db.query(
		"SELECT entry FROM audit_entry WHERE action = $1 ORDER BY at_ms, seq",
		[action],
	);
	return rows.map(({ entry }) => JSON.parse(entry));
};

describe("a freeze by hand", () => {
	test("refuses what is asked for, says who, why, until when and who can help, and ends by itself", async () => {
		const answer = await world.say("U_ADA", "freeze */production until 18:00 database work");
		expect(answer.card.text).toContain(
			"❄️ */production is frozen until 2026-03-04 17:00 UTC (Wed 4 Mar 2026 18:00 Europe/Rome): database work.",
		);
		const no = await world.say("U_OPS", "shop@v1.0.0 to production");
		expect(no).toMatchObject({ outcome: "refused", code: "frozen_by_hand" });
		expect(no.card.text).toContain(
			"U_ADA stopped releases to */production until 2026-03-04 18:00 (Europe/Rome): database work.",
		);
		expect(no.card.text).toContain("ask U_ADA or another admin to lift it: deploy unfreeze */production");
		const explained = await world.say("U_OPS", "explain shop@v1.0.0 production");
		expect(explained.card.text).toContain("❌ freezes: U_ADA stopped releases to */production");
		expect((await world.say("U_OPS", "status shop")).card.text).toContain("❄️ U_ADA stopped releases to */production");
		expect(await world.say("U_OPS", "shop@v1.0.0 to stage")).toMatchObject({ outcome: "done" });
		await world.pass(7 * 3_600_000);
		expect(await frozen()).toEqual([]);
		expect(await world.say("U_OPS", "shop@v1.0.0 to production")).toMatchObject({ outcome: "done" });
		expect(await entries("freeze.expired")).toMatchObject([{ data: { scope: "*/production" } }]);
	});

	test("is told in the channels of what it takes, each once, and again when it is over", async () => {
		await world.addProject("shop-two");
		await world.work();
		await world.say("U_ADA", "freeze * for 2h database work");
		await world.pass(0);
		const told = (from: number) =>
			world.chat.messages
				.slice(from)
				.map(({ channel, card }) => `${channel} ${card.text}`)
				.sort();
		const end = "until 2026-03-04 12:00 UTC: database work. It is the freeze of *.";
		expect(told(0)).toEqual([
			`C_PRODUCTION ❄️ U_ADA stopped releases to shop/production, shop-two/production ${end}`,
			`C_STAGE ❄️ U_ADA stopped releases to shop/stage, shop-two/stage ${end}`,
		]);
		await world.say("U_ADA", "freeze shop/stage broken");
		await world.pass(2 * 3_600_000);
		const over = "☀️ The freeze of * is over; it was U_ADA's: database work.";
		expect(told(3)).toEqual([
			`C_PRODUCTION ${over} Releases to shop/production, shop-two/production may go again.`,
			`C_STAGE ${over} Releases to shop-two/stage may go again. Still frozen: shop/stage by U_ADA, until it is lifted: broken.`,
		]);
	});

	test("stands on the card and the page of what waits for approval, from its beginning to its end", async () => {
		const run = await asked("shop@v1.0.0 to production");
		await world.work();
		const rootCard = () => world.chat.messages.find(({ channel }) => channel === "C_PRODUCTION")?.card.text;
		expect(rootCard()).not.toContain("❄️");
		await world.say("U_ADA", "freeze */production for 2h database work");
		await world.work();
		const says = "❄️ It cannot be approved now. U_ADA stopped releases to */production until 2026-03-04 13:00";
		expect(rootCard()).toContain(says);
		expect(await world.say("U_ANN", `approve ${run.number}`)).toMatchObject({ code: "frozen_by_hand" });
		await world.say("U_ADA", "unfreeze */production");
		await world.work();
		expect(rootCard()).not.toContain("❄️");
		await world.say("U_ADA", "freeze * for 1h database work");
		await world.work();
		expect(rootCard()).toContain("❄️ It cannot be approved now.");
		await world.pass(3_600_000);
		expect(rootCard()).not.toContain("❄️");
		expect(await world.say("U_ANN", `approve ${run.number}`)).toMatchObject({ outcome: "done" });
	});

	test("of which the end opens no window says so, and does not promise that releases go", async () => {
		const other = await World.open({
			production: {
				approvals: { required: 1 },
				windows: { timezone: "UTC", allow: [{ days: ["mon"], from: "09:00", to: "17:00" }] },
			},
		});
		try {
			await other.say("U_ADA", "freeze * for 2h database work");
			await other.say("U_ADA", "unfreeze *");
			await other.work();
			const told = (channel: string) => other.chat.messages.filter((one) => one.channel === channel).at(-1)?.card.text;
			expect(told("C_STAGE")).toContain("Releases to shop/stage may go again.");
			expect(told("C_PRODUCTION")).toContain(
				"By its policy releases to shop/production are stopped until 2026-03-09 09:00 UTC.",
			);
			expect(told("C_PRODUCTION")).not.toContain("may go again");
		} finally {
			await other.close();
		}
	});

	test("of many environments is one post in each channel, of Slack and of Teams alike", async () => {
		const many = await World.open({ channels: () => ({ slack: "C_ALL", teams: "19:all@thread.tacv2" }) });
		try {
			for (let n = 0; n < 20; n++) await many.addProject(`p${n}`);
			await many.say("U_ADA", "freeze * database work");
			const notices: { payload: { platform: string; channel: string; text: string } }[] = await many.deps.db.query(
				"SELECT payload FROM job WHERE kind = 'notice' ORDER BY payload->>'platform'",
			);
			expect(notices.map(({ payload }) => [payload.platform, payload.channel])).toEqual([
				["slack", "C_ALL"],
				["teams", "19:all@thread.tacv2"],
			]);
			expect(notices[0]?.payload.text).toContain("and 37 more until it is lifted: database work.");
		} finally {
			await many.close();
		}
	});

	test("holds for what is configured later, too", async () => {
		await world.say("U_ADA", "freeze */stage for 2h database work");
		await world.addProject("later");
		expect(await world.say("U_OPS", "later@v1.0.0 to stage")).toMatchObject({ code: "frozen_by_hand" });
	});

	test("takes the role admin, everywhere in its scope, and what is refused is on the trail", async () => {
		const no = await world.say("U_OPS", "freeze * for 2h database work");
		expect(no).toMatchObject({ outcome: "refused", code: "no_right" });
		expect(no.card.text).toContain("You may not freeze or unfreeze everything: it takes the role admin.");
		expect(await frozen()).toEqual([]);
		expect(await entries("freeze.refused")).toMatchObject([
			{ data: { scope: "*", asked: "freeze", code: "no_right" } },
		]);
		await world.say("U_ADA", "freeze * for 2h database work");
		expect(await world.say("U_OPS", "unfreeze *")).toMatchObject({ code: "no_right" });
		expect(await frozen()).toHaveLength(1);
	});

	test("said again takes the new reason and time, says what it was, and never becomes endless by the way", async () => {
		await world.say("U_ADA", "freeze shop/prod for 2h database work");
		const again = await world.say("U_ADA", "freeze shop/production still at it");
		expect(again.card.text).toContain(
			"It was frozen before: shop/production by U_ADA, until 2026-03-04 12:00 UTC: database work",
		);
		expect(await frozen()).toMatchObject([{ reason: "still at it", until: new Date("2026-03-04T12:00:00Z") }]);
		await world.say("U_ADA", "freeze shop/production for 4h still at it");
		await world.pass(3 * 3_600_000);
		expect(await frozen()).toHaveLength(1);
		await world.pass(3_600_000);
		expect(await frozen()).toEqual([]);
		expect(await entries("freeze.expired")).toHaveLength(1);
	});

	test("is lifted as it was set; what is not frozen is told with what is", async () => {
		expect((await world.say("U_ADA", "unfreeze")).card.text).toBe("Nothing is frozen by hand.");
		await world.say("U_ADA", "freeze * database work");
		const no = await world.say("U_ADA", "unfreeze shop/production");
		expect(no).toMatchObject({ outcome: "refused", code: "unknown_freeze" });
		expect(no.card.text).toContain("Frozen: * by U_ADA, until it is lifted: database work.");
		expect(no.card.text).toContain("→ unfreeze *");
		expect((await world.say("U_ADA", "unfreeze")).card.text).toContain("❄️ * by U_ADA");
		expect(await world.say("U_ADA", "unfreeze *")).toMatchObject({ outcome: "done" });
		expect(await world.say("U_OPS", "shop@v1.0.0 to stage")).toMatchObject({ outcome: "done" });
		await world.work();
		expect(world.chat.messages.map(({ card }) => card.text)).toContain(
			"☀️ U_ADA lifted the freeze of *; it was U_ADA's: database work. Releases to shop/stage may go again.",
		);
	});

	test("an end that is over, or in another age, freezes nothing", async () => {
		const no = await world.say("U_ADA", "freeze shop/production until today 09:00 database work");
		expect(no.card.text).toContain("That time is over already. It was read in Europe/Rome.");
		expect(await world.say("U_ADA", "freeze * until 2062-01-01 database work")).toMatchObject({ code: "bad_time" });
		expect(await frozen()).toEqual([]);
	});

	test("has its entry: one that was put in behind the application's back is found", async () => {
		await world.say("U_ADA", "freeze * database work");
		const findings = async () => (await verifyAudit(world.deps, null)).findings;
		expect(await findings()).toEqual([]);
		await world.deps.db.query("UPDATE release_freeze SET created_at = created_at + interval '1 second'");
		expect(await findings()).toMatchObject([
			{ problem: "without_trail", detail: "the freeze of */* by U_ADA has no entry" },
		]);
	});
});

describe("runs that were asked for before", () => {
	test("cannot be approved while it lasts, can be rejected, and go on when it is over", async () => {
		const run = await asked("shop@v1.0.0 to production");
		await world.say("U_ADA", "freeze */production for 2h database work");
		const no = await world.say("U_ANN", `approve #${run.number}`);
		expect(no).toMatchObject({ outcome: "refused", code: "frozen_by_hand" });
		expect(no.card.text).toContain(`#${run.number} cannot be approved now. U_ADA stopped releases to */production`);
		expect(await state(run)).toBe("waiting_approval");
		await world.say("U_ADA", "unfreeze */production");
		expect(await world.say("U_ANN", `approve #${run.number}`)).toMatchObject({ outcome: "done" });
		await world.work();
		expect(await state(run)).toBe("running");
	});

	test("do not start when it lands between the approval and the start", async () => {
		const run = await asked("shop@v1.0.0 to production");
		await world.say("U_ANN", `approve #${run.number}`);
		await world.say("U_ADA", "freeze */production for 2h database work");
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "superseded",
			reason: expect.stringContaining("U_ADA stopped releases to */production"),
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("do not start when it lands while their rules are looked at", async () => {
		const run = await asked("shop@v1.0.0 to production");
		await world.say("U_ANN", `approve #${run.number}`);
		const checks = world.pipeline.checks.bind(world.pipeline);
		let landed = false;
		// The freezes were read by then, and nothing is committed yet.
		world.pipeline.checks = async (...asked) => {
			if (!landed) await world.say("U_ADA", "freeze * for 2h database work");
			landed = true;
			return checks(...asked);
		};
		await world.workOn("dispatch");
		expect(landed).toBe(true);
		await world.work();
		expect(await state(run)).toBe("superseded");
		expect(world.pipeline.runs).toEqual([]);
	});

	test("do not start when it lands before the provider is called, and say why", async () => {
		const run = await asked("shop@v1.0.0 to stage");
		await world.workOn("dispatch");
		expect(await state(run)).toBe("dispatching");
		await world.say("U_ADA", "freeze * for 2h database work");
		await world.work();
		expect((await world.run(run.number)).progress).toMatchObject({
			state: "failed",
			reason: expect.stringMatching(/^U_ADA stopped all releases until .*Nothing was started; ask for it anew/),
		});
		expect(world.pipeline.runs).toEqual([]);
	});

	test("go on when they are at work", async () => {
		const run = await asked("shop@v1.0.0 to stage");
		await world.work();
		await world.say("U_ADA", "freeze * for 2h database work");
		expect((await world.finish(run, "succeeded")).progress.state).toBe("succeeded");
	});
});

describe("what passes a freeze", () => {
	test("a dry-run, a rollback, and force where the policy lets it waive freezes", async () => {
		await world.deployed("U_OPS", "shop@v1.0.0 to stage");
		await world.deployed("U_OPS", "shop@v1.1.0 to stage");
		await world.say("U_ADA", "freeze * database work");
		await world.deployed("U_OPS", "plan shop@v1.2.0 stage");
		const back = await asked("rollback shop stage");
		await world.work();
		expect((await world.finish(back, "succeeded")).progress.state).toBe("succeeded");
		const forced = await asked('shop@v1.2.0 to stage --force "the fix"');
		expect(forced.force).toMatchObject({ waived: ["freezes"] });
		await world.work();
		expect((await world.finish(forced, "succeeded")).progress.state).toBe("succeeded");
		expect(await world.say("U_OPS", 'shop@v1.2.0 to production --force "x"')).toMatchObject({ outcome: "refused" });
	});
});

describe("at the same moment", () => {
	test("a freeze is answered when what starts has started, and not before", async () => {
		const { db } = world.deps;
		const place = { project: "shop", environment: "stage" };
		let answered = false;
		let freeze: Promise<unknown> = Promise.resolve();
		await db.transaction(async (tx) => {
			expect(await freezesBeforeStart(tx, place, world.now())).toEqual([]);
			freeze = world.say("U_ADA", "freeze * for 2h database work").then(() => {
				answered = true;
			});
			const waits =
				"SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
			while ((await db.query(waits)).length === 0) expect(answered).toBe(false);
			expect(await freezesBeforeStart(tx, place, world.now())).toEqual([]);
		});
		await freeze;
		expect(await frozen()).toHaveLength(1);
	});

	test("two admins freeze one scope: there is one freeze, and both are on the trail", async () => {
		await Promise.all([
			world.say("U_ADA", "freeze * for 2h first"),
			world.say("U_ADA", "freeze * for 3h second"),
			world.say("U_ADA", "freeze * for 4h third"),
		]);
		expect(await frozen()).toHaveLength(1);
		expect(await entries("freeze.set")).toHaveLength(3);
	});

	test("a freeze and starts, by several replicas: what starts did so before it", async () => {
		for (let round = 0; round < 5; round++) {
			const project = `p${round}`;
			await world.addProject(project);
			const runs = [await asked(`${project}@v1.0.0 to stage`)];
			await Promise.all([
				world.workOn("dispatch"),
				world.workOn("dispatch"),
				world.say("U_ADA", "freeze * for 2h database work"),
			]);
			const set = (await entries("freeze.set")).length;
			expect(set).toBe(round + 1);
			for (const run of runs) {
				await world.work();
				const end = await state(run);
				expect(["superseded", "failed", "running"]).toContain(end);
				expect(world.pipeline.runs.length > 0).toBe(end === "running");
				if (end === "running") return;
			}
			await world.say("U_ADA", "unfreeze *");
		}
	});
});
