import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pino } from "pino";
import { applyWhenFree } from "../../src/apply-when-free.ts";
import { examineWaiting } from "../../src/cli/examine.ts";
import { ApplyRefused, applyDocument } from "../../src/configuration/apply.ts";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { holdChain } from "../../src/store/change.ts";
import { IntegrationTable, ProjectTable } from "../../src/store/entities.ts";
import { noteWaiting } from "../../src/store/waiting-configuration.ts";
import { World } from "../support/world.ts";
import { until } from "../torture/until.ts";
import { read } from "./configured.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

const apply = (source: string, prune = false) =>
	applyDocument(world.deps, read(source), { prune, dryRun: false, actor: SYSTEM_ACTOR, managedBy: "file" });
const rules = (required: number) =>
	`version: 1\npolicies:\n  - { slug: production, extends: production, rules: { approvals: { required: ${required} } } }\n`;

test("a run that waits under one policy is not approved under another", async () => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
	await world.say("U_ANN", `approve #${run.number}`);
	expect((await apply(rules(1))).changes).toHaveLength(1);
	expect(await world.say("U_BOB", `approve #${run.number}`)).toMatchObject({ outcome: "refused", code: "superseded" });
	expect((await world.run(run.number)).progress.state).toBe("superseded");
	await world.work();
	expect(world.pipeline.runs).toEqual([]);
});

test("a run that waits goes on when an apply changes nothing", async () => {
	const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
	await world.say("U_ANN", `approve #${run.number}`);
	expect((await apply(rules(2))).changes).toEqual([]);
	await world.say("U_BOB", `approve #${run.number}`);
	await world.work();
	expect((await world.run(run.number)).progress.state).toBe("running");
});

test("what has only finished runs can be removed; they stay, and nothing new is taken there", async () => {
	const run = await world.deployed("U_OPS", "shop@v1.0.0 to stage");
	await apply("version: 1\n", true);
	expect(await world.run(run.number)).toMatchObject({ project: "shop", progress: { state: "succeeded" } });
	expect(await world.say("U_ADA", "shop@v1.0.0 to stage")).toMatchObject({
		outcome: "refused",
		code: "unknown_project",
	});
});

test("a run that is being asked for while its environment is removed is refused, and none is left there", async () => {
	const { pipeline } = world;
	const resolve = pipeline.resolveRef.bind(pipeline);
	pipeline.resolveRef = async (...of) => {
		await apply("version: 1\n", true);
		return resolve(...of);
	};
	expect(await world.say("U_OPS", "shop@v1.0.0 to stage")).toMatchObject({
		...{ outcome: "refused", code: "unknown_environment" },
	});
	expect(await world.deps.db.query("SELECT 1 FROM run")).toEqual([]);
});

describe("what leads to the pipeline of a run at work", () => {
	const shop = (more: {
		baseUrl?: string;
		integration?: string;
		repository?: string;
		pipeline?: string;
		name?: string;
	}) =>
		`version: 1
integrations:
  - { slug: fake, provider: github, token: "\${GITHUB_TOKEN}", baseUrl: ${more.baseUrl ?? "https://api.github.com"} }
  - { slug: other, provider: github, token: "\${GITHUB_TOKEN}" }
projects:
  - slug: shop
    name: ${more.name ?? "shop"}
    integration: ${more.integration ?? "fake"}
    repository: ${more.repository ?? "acme/shop"}
    pipeline: ${more.pipeline ?? "deploy.yml"}
    defaultRef: main
    environments:
      - { slug: stage, policy: stage, channels: { slack: C_STAGE } }
      - { slug: production, aliases: [prod], policy: production, channels: { slack: C_PRODUCTION } }
`;
	beforeEach(() => apply(shop({})));

	test.each([
		["repository of the project shop", { repository: "acme/other" }],
		["pipeline of the project shop", { pipeline: "release.yml" }],
		["integration of the project shop", { integration: "other" }],
		["baseUrl of the integration fake", { baseUrl: "https://github.acme.test/api/v3" }],
	])("cannot change: %s", async (what, change) => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		const applied = apply(shop(change));
		await expect(applied).rejects.toThrow(
			`The ${what} cannot change now: the run #${run.number} (shop/stage) is at work there and could not be followed or stopped any more. Wait, or cancel, and apply again.`,
		);
		await expect(applied).rejects.toMatchObject({ passes: true });
		expect((await world.finish(run, "succeeded")).progress.state).toBe("succeeded");
		expect((await apply(shop(change))).changes).not.toEqual([]);
	});

	test("names each run, and lets everything else change", async () => {
		const stage = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await world.work();
		await world.say("U_OPS", `cancel #${stage.number}`);
		const production = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to production"));
		for (const leader of ["U_ANN", "U_BOB"]) await world.say(leader, `approve #${production.number}`);
		await world.work();
		await expect(apply(shop({ repository: "acme/other", name: "Shop of ours" }))).rejects.toThrow(
			`#${production.number} (shop/production)`,
		);
		expect((await apply(shop({ name: "Shop of ours" }))).changes).toHaveLength(1);
	});

	test("is not taken from under a run that is being dispatched at that moment", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		let applied: Promise<unknown> = Promise.resolve();
		await world.deps.db.transaction(async (tx) => {
			await holdChain(tx, world.environment("stage").id);
			applied = apply(shop({ repository: "acme/other" })).catch((error: unknown) => error);
			await until(async () => {
				const waiting: unknown[] = await world.deps.db.query(
					"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
				);
				return waiting.length > 0;
			});
			await tx.query("UPDATE run SET state = 'dispatching', started_at = created_at WHERE id = $1", [run.id]);
		});
		expect(await applied).toBeInstanceOf(ApplyRefused);
		const { repository } = await world.deps.db.getRepository(ProjectTable).findOneByOrFail({ slug: "shop" });
		expect(repository).toBe("acme/shop");
	});

	test("a run that waits is not sent to another server than the one it was asked for", async () => {
		const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
		await apply(shop({ baseUrl: "https://github.acme.test/api/v3" }));
		const { baseUrl } = await world.deps.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "fake" });
		expect(baseUrl).toBe("https://github.acme.test/api/v3");
		await world.work();
		expect((await world.run(run.number)).progress.state).toBe("superseded");
		expect(world.pipeline.runs).toEqual([]);
	});

	describe("at a start", () => {
		const log = pino({ level: "silent" });
		const repository = async () =>
			(await world.deps.db.getRepository(ProjectTable).findOneByOrFail({ slug: "shop" })).repository;
		const note = (because: readonly string[] | null) => noteWaiting(world.deps.db, "draven.yaml", because);
		const start = (source: string) =>
			applyWhenFree(async () => void (await apply(source)), "draven.yaml", log, note, 10);

		test("holds nothing up, and is applied when the run is over", async () => {
			const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
			await world.work();
			const stop = await start(shop({ repository: "acme/other" }));
			expect(await repository()).toBe("acme/shop");
			expect((await world.finish(run, "succeeded")).progress.state).toBe("succeeded");
			await until(async () => (await repository()) === "acme/other");
			await stop();
		});

		test("is not tried any more once the server stops", async () => {
			const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
			await world.work();
			await (await start(shop({ repository: "acme/other" })))();
			await world.finish(run, "succeeded");
			expect(await repository()).toBe("acme/shop");
		});

		test("goes on trying when something breaks off in between, and doctor says what it waits for", async () => {
			const run = await world.runOf(await world.say("U_OPS", "shop@v1.0.0 to stage"));
			await world.work();
			let breaks = 0;
			const stop = await applyWhenFree(
				async () => {
					if (breaks === 1) throw new Error("connection terminated");
					if (breaks > 0) breaks -= 1;
					await apply(shop({ repository: "acme/other" }));
				},
				"draven.yaml",
				log,
				note,
				10,
			);
			const [found] = await examineWaiting(world.deps);
			expect(found?.found).toContain(`draven.yaml is not applied yet`);
			expect(found?.found).toContain(`#${run.number}`);
			breaks = 1;
			await until(async () => breaks === 1);
			await world.finish(run, "succeeded");
			breaks = 0;
			await until(async () => (await repository()) === "acme/other");
			await until(async () => (await examineWaiting(world.deps)).length === 0);
			await stop();
		});

		test("every other obstacle stops the start", async () => {
			const taken = applyWhenFree(
				async () => {
					await applyDocument(world.deps, read(shop({ name: "mine" })), {
						...{ prune: false, dryRun: false, actor: SYSTEM_ACTOR, managedBy: "api" },
					});
				},
				"draven.yaml",
				log,
				note,
			);
			await expect(taken).rejects.toThrow(
				/^draven.yaml was not applied: [\s\S]*The project shop is managed by draven.yaml/,
			);
		});
	});
});
