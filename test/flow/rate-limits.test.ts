import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { GitHubPipeline } from "../../adapters/github/pipeline.ts";
import type { Run } from "../../src/core/run.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import type { FakeRepository } from "../fakes/github/state.ts";
import { FakeGitHub } from "../fakes/github.ts";
import { SHA, World } from "../support/world.ts";

const SLUGS = ["fake", "other"] as const;
let world: World;
const githubs = new Map<string, FakeGitHub>();

beforeEach(async () => {
	world = await World.open();
	await world.addProject("cafe");
	const integration = {
		...{ id: randomUUID(), slug: "other", provider: "github" as const, baseUrl: null },
		settings: {},
	};
	await world.deps.db.getRepository(IntegrationTable).insert({ ...integration, secrets: null, managedBy: "file" });
	await world.deps.db.query("UPDATE project SET integration_id = $1 WHERE slug = 'cafe'", [integration.id]);
	const ports = new Map<string, GitHubPipeline>();
	for (const slug of SLUGS) {
		const github = await FakeGitHub.open();
		github.now = () => world.now();
		const repository = github.repository("acme/shop");
		repository.branch("main", SHA.a);
		repository.workflow("deploy.yml");
		repository.check(SHA.a, "build", "success");
		githubs.set(slug, github);
		const auth = { token: github.token };
		ports.set(slug, new GitHubPipeline({ baseUrl: github.url, auth, now: () => world.now() }));
	}
	const pipelineOf = ({ slug }: { slug: string }) => ports.get(slug) ?? world.pipeline;
	world.deps = { ...world.deps, pipelineOf };
});
afterEach(async () => {
	for (const github of githubs.values()) await github.close();
	await world.close();
});

function at(slug: (typeof SLUGS)[number]): { github: FakeGitHub; repository: FakeRepository } {
	const github = githubs.get(slug);
	if (github === undefined) throw new Error(slug);
	return { github, repository: github.repositories[0] as FakeRepository };
}
const ask = async (project: string) => world.runOf(await world.say("U_OPS", `${project}@main to stage`));
const state = async (run: Run) => (await world.run(run.number)).progress.state;

test("a limit of one integration delays nothing of another, and its own work comes when GitHub said", async () => {
	const [held, free] = [await ask("shop"), await ask("cafe")];
	at("fake").github.fault(/./, { status: 429, headers: { "retry-after": "120" }, body: {} }, 1_000);
	await world.work();
	expect(at("other").repository.runsOf(free.id)).toHaveLength(1);
	at("other").repository.set(at("other").repository.runOf(free.id), "in_progress");
	await world.pass(31_000);
	expect([await state(held), await state(free)]).toEqual(["queued", "running"]);
	// One question was enough to know.
	const asked = at("fake").github.requests.length;
	await world.pass(60_000);
	expect(at("fake").github.requests).toHaveLength(asked);
	at("fake").github.forgive();
	await world.pass(60_000);
	expect(at("fake").repository.runsOf(held.id)).toHaveLength(1);
});

test("a budget that is nearly used up is kept for starts and cancels: polls are late, the end of a cancel is not", async () => {
	const { github, repository } = at("fake");
	github.rate = { limit: 5_000, left: 60, endsAt: new Date(world.now().getTime() + 20 * 60_000) };
	const run = await ask("shop");
	await world.work();
	const dispatched = repository.runOf(run.id);
	repository.set(dispatched, "in_progress");
	for (let n = 0; n < 10; n++) await world.pass(31_000);
	expect(github.asked(/GET .*\/actions\/runs\//)).toEqual([]);
	repository.obeysCancel = true;
	await world.say("U_OPS", `cancel #${run.number}`);
	await world.pass(10_000);
	expect(await state(run)).toBe("cancelled");
	expect(github.rate.left).toBeGreaterThan(40);
});
