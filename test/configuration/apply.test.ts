import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ApplyRefused } from "../../src/configuration/apply.ts";
import { openSecrets } from "../../src/configuration/integrations.ts";
import { planLines } from "../../src/configuration/plan-lines.ts";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { EnvironmentTable, IntegrationTable, ProjectTable } from "../../src/store/entities.ts";
import { createToken } from "../../src/store/tokens.ts";
import { Configured, EXAMPLE, SECRETS, VARIABLES } from "./configured.ts";

let store: Configured;
beforeEach(async () => {
	store = await Configured.open();
});
afterEach(() => store.close());

const without = (pattern: RegExp | string, by = "") => EXAMPLE.replace(pattern, by);
const NO_PRODUCTION = without(/^ {6}- \{ slug: production.*\n/m);

describe("the example of the documentation", () => {
	test("is planned in lines, applied, and the second time there is nothing to change", async () => {
		const plan = await store.apply(EXAMPLE);
		expect(planLines(plan)).toEqual([
			"+ integration acme-github",
			"+ policy prod-strict",
			"+ project web",
			"+ environment web/stage",
			"+ environment web/production",
			"+ access operator for slackGroup S0DEVS, entraGroup 0f9c… in * / stage,demo",
			"+ access approver for slackGroup S0LEADS in * / *",
			"+ access admin for slackUser U0ADA, entraUser 7b1e…, email ada@acme.test in * / *",
			"8 to create, 0 to change, 0 to remove, 0 unchanged.",
		]);
		const before = await store.everything();
		expect(planLines(await store.apply(EXAMPLE))).toEqual(["Nothing to change (8 unchanged)."]);
		expect(await store.everything()).toBe(before);
		expect((await store.trail()).map(({ action }) => action)).toEqual(["config.applied"]);
	});

	test("gives each environment its audit chain", async () => {
		await store.apply(EXAMPLE);
		const rows: unknown[] = await store.db.query(
			"SELECT e.slug FROM environment e JOIN chain_head h ON h.chain = e.id::text AND h.seq = 0",
		);
		expect(rows).toHaveLength(2);
	});

	test("only shows the plan in a dry run", async () => {
		const before = await store.everything();
		expect((await store.apply(EXAMPLE, { dryRun: true })).changes).toHaveLength(8);
		expect(await store.everything()).toBe(before);
	});
});

describe("a change", () => {
	beforeEach(() => store.apply(EXAMPLE));

	test("is one line that names the field, before and after", async () => {
		const changed = EXAMPLE.replace("required: 2", "required: 3").replace("C0STAGE", "C0OTHER");
		expect(planLines(await store.apply(changed))).toEqual([
			"~ policy prod-strict: rules.approvals.required 2 -> 3",
			"~ environment web/stage: channels.slack C0STAGE -> C0OTHER",
			"0 to create, 2 to change, 0 to remove, 6 unchanged.",
		]);
		expect((await store.trail()).at(-1)).toMatchObject({
			action: "config.applied",
			data: { changes: [{ name: "prod-strict" }, { name: "web/stage" }] },
		});
	});

	test("of a secret is seen, and tells nothing of it", async () => {
		const plan = await store.apply(EXAMPLE, { variables: { ...VARIABLES, GITHUB_TOKEN: "ghp_another-one" } });
		expect(planLines(plan)).toEqual([
			"~ integration acme-github: token (a secret) changes",
			"0 to create, 1 to change, 0 to remove, 7 unchanged.",
		]);
		const row = await store.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "acme-github" });
		expect(openSecrets(store.box, row)).toEqual({ token: "ghp_another-one", webhookSecret: SECRETS.webhook });
	});

	test("that fails at its last step leaves nothing of the steps before", async () => {
		await store.db.query("ALTER TABLE access_binding ADD CONSTRAINT no_more CHECK (role <> 'emergency')");
		const before = await store.everything();
		const more = `${EXAMPLE.replace("required: 2", "required: 3")}  - { role: emergency, subjects: [{ slackUser: U0EVE }] }\n`;
		await expect(store.apply(more)).rejects.toThrow("no_more");
		expect(await store.everything()).toBe(before);
	});

	test("comes from two files at the same time as if one had come after the other", async () => {
		const files = [3, 4, 5, 6].map((required) => EXAMPLE.replace("required: 2", `required: ${required}`));
		await Promise.all(files.map((file) => store.apply(file)));
		const applied = (await store.trail()).slice(1).map(({ data }) => (data["changes"] as { fields: unknown[] }[])[0]);
		expect(applied).toHaveLength(4);
		const steps = applied.flatMap((change) => change?.fields as { from: number; to: number }[]);
		for (const [index, { from }] of steps.entries()) expect(from).toBe(index === 0 ? 2 : steps[index - 1]?.to);
	});
});

test("two first applies at the same time make everything once", async () => {
	const plans = await Promise.all([store.apply(EXAMPLE), store.apply(EXAMPLE)]);
	expect(plans.map((plan) => plan.changes.length).sort()).toEqual([0, 8]);
	expect(await store.trail()).toHaveLength(1);
});

describe("secrets", () => {
	test("stand nowhere in the database, the plan, the trail or the export", async () => {
		const clear = EXAMPLE.replace(`\${GITHUB_TOKEN}`, "written-in-clear");
		const plan = await store.apply(clear);
		for (const text of [await store.everything(), JSON.stringify(plan), planLines(plan).join(), await store.export()])
			for (const secret of [SECRETS.token, SECRETS.webhook, "written-in-clear"]) expect(text).not.toContain(secret);
	});

	test("of one integration do not open in the row of another", async () => {
		await store.apply(EXAMPLE);
		const row = await store.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "acme-github" });
		expect(() => openSecrets(store.box, { ...row, id: randomUUID() })).toThrow("acme-github");
	});
});

describe("what the file does not name any more", () => {
	beforeEach(() => store.apply(EXAMPLE));

	test("stays without prune, and is told of", async () => {
		expect(planLines(await store.apply(NO_PRODUCTION))).toEqual([
			"  environment web/production stays: it is not named any more, and only --prune removes",
			"Nothing to change (7 unchanged).",
		]);
		expect(await store.trail()).toHaveLength(1);
	});

	test("is removed with prune; an environment is archived and comes back as the one it was", async () => {
		const production = { slug: "production" };
		const { id } = await store.db.getRepository(EnvironmentTable).findOneByOrFail(production);
		expect(planLines(await store.apply(NO_PRODUCTION, { prune: true }))).toEqual([
			"- environment web/production (archived: its runs and its trail stay)",
			"0 to create, 0 to change, 1 to remove, 7 unchanged.",
		]);
		expect(await store.export()).not.toContain("production, aliases");
		expect(planLines(await store.apply(NO_PRODUCTION, { prune: true }))).toEqual(["Nothing to change (7 unchanged)."]);
		expect(planLines(await store.apply(EXAMPLE))[0]).toBe(
			"~ environment web/production (it was archived and comes back)",
		);
		expect(await store.db.getRepository(EnvironmentTable).findOneByOrFail(production)).toMatchObject({
			id,
			archivedAt: null,
		});
	});

	test("goes altogether: a project with what belongs to it, its integration loses its secrets", async () => {
		const plan = await store.apply("version: 1\n", { prune: true });
		expect(plan.changes.map(({ action, kind }) => `${action} ${kind}`)).toEqual([
			...["remove access", "remove access", "remove access", "remove environment", "remove environment"],
			...["remove project", "remove policy", "remove integration"],
		]);
		const [integration] = await store.db.getRepository(IntegrationTable).find();
		expect(integration).toMatchObject({ slug: "acme-github", secrets: null, settings: {} });
		expect((await store.db.getRepository(ProjectTable).find())[0]?.archivedAt).toBeInstanceOf(Date);
		expect(await store.export()).toBe("version: 1\n");
		// What is left of it is the past: no later apply speaks of it.
		expect(planLines(await store.apply("version: 1\n"))).toEqual(["Nothing to change (0 unchanged)."]);
		expect(planLines(await store.apply("version: 1\n", { prune: true }))).toEqual(["Nothing to change (0 unchanged)."]);
		expect((await store.apply(EXAMPLE)).changes).toHaveLength(8);
		expect((await store.apply(EXAMPLE)).changes).toEqual([]);
	});

	test("is gone at last when the project that the past left with it comes back with another integration", async () => {
		await store.apply("version: 1\n", { prune: true });
		const other = EXAMPLE.replaceAll("acme-github", "other");
		expect(planLines(await store.apply(other, { prune: true }))).toContain("- integration acme-github");
		expect((await store.apply(other, { prune: true })).changes).toEqual([]);
		expect(await store.db.getRepository(IntegrationTable).findBy({ slug: "acme-github" })).toEqual([]);
	});

	test("cannot go while a run there is not at its end, and then nothing goes", async () => {
		const environment = await store.db.getRepository(EnvironmentTable).findOneByOrFail({ slug: "production" });
		await openRun(environment.id, environment.projectId);
		const before = await store.everything();
		const apply = store.apply(NO_PRODUCTION.replace("required: 2", "required: 3"), { prune: true });
		await expect(apply).rejects.toThrow(ApplyRefused);
		await expect(apply).rejects.toThrow(
			"The environment web/production cannot be removed: the run #7 is not at an end there. Wait, or cancel, and apply again.",
		);
		expect(await store.everything()).toBe(before);
	});
});

describe("whose it is", () => {
	test("the sample makes room for a file, and a file takes over from the sample", async () => {
		const mine = EXAMPLE.replace("Web shop", "My own shop");
		await store.apply(EXAMPLE, { managedBy: "sample" });
		const plan = await store.apply(mine);
		expect(planLines(plan)[0]).toBe(
			"~ integration acme-github (until now managed by the sample, from now on by draven.yaml)",
		);
		await store.apply(EXAMPLE, { managedBy: "sample" });
		expect(await store.db.getRepository(ProjectTable).findOneByOrFail({ slug: "web" })).toMatchObject({
			name: "My own shop",
			managedBy: "file",
		});
	});

	test("what a file manages is not changed by the web page or the API", async () => {
		await store.apply(EXAMPLE);
		const before = await store.everything();
		await expect(store.apply(EXAMPLE.replace("Web shop", "Other"), { managedBy: "api" })).rejects.toThrow(
			"The project web is managed by draven.yaml: change it there.",
		);
		expect(await store.everything()).toBe(before);
	});

	test("prune of one does not remove what another manages", async () => {
		await store.apply(EXAMPLE, { managedBy: "api" });
		expect((await store.apply("version: 1\n", { prune: true })).changes).toEqual([]);
	});
});

test("a name that an environment still has is not given to another one as its alias", async () => {
	await store.apply(EXAMPLE.replace("slug: production, aliases: [prod]", "slug: prod"));
	const renamed = store.apply(EXAMPLE);
	await expect(renamed).rejects.toThrow(ApplyRefused);
	await expect(renamed).rejects.toThrow(/web\/production.*prod.*web\/prod.*--prune/);
	await store.apply(EXAMPLE, { prune: true });
	expect((await store.apply(EXAMPLE)).changes).toEqual([]);
});

test("an integration that a runner's token speaks for is kept as a row, also when nothing else refers to it", async () => {
	const runner = "version: 1\nintegrations:\n  - { slug: boxes, provider: runner }\n";
	await store.apply(runner);
	const { id } = await store.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "boxes" });
	await createToken(store, {
		...{ name: "box 1", may: { runnerOf: id }, email: null, expiresAt: null, actor: SYSTEM_ACTOR },
	});
	await store.apply("version: 1\n", { prune: true });
	expect(await store.db.getRepository(IntegrationTable).findOneBy({ id })).not.toBeNull();
});

async function openRun(environmentId: string, projectId: string): Promise<void> {
	const person = randomUUID();
	await store.db.query("INSERT INTO person (id, name) VALUES ($1, 'Ada')", [person]);
	await store.db.query(
		`INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters,
		 requested_by, requested_by_name, fingerprint, approvals_required, verdict, created_at, version, state, deadline)
		 VALUES ($1, 7, $2, $3, 'web', 'production', 'deploy', 'v1.0.0', 'tag', 'abc', '{}', $4, 'Ada', 'f', 1, '{}', now(), 1, 'waiting_approval', now())`,
		[randomUUID(), projectId, environmentId, person],
	);
}
