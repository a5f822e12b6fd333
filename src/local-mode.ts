import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { createSampleRepository } from "../adapters/runner/sample-project.ts";
import type { Config } from "./config.ts";
import { applyDocument } from "./configuration/apply.ts";
import { readDocument } from "./configuration/document.ts";
import { SYSTEM_ACTOR } from "./core/audit-entry.ts";
import { type KeptProcess, keepRunning } from "./kept-process.ts";
import { retireLocalTokens } from "./local-tokens.ts";
import type { Store } from "./open-store.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "./store/change.ts";
import { ProjectTable } from "./store/entities.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The sample as its own draven.yaml: what people learn from it is true of theirs. */
const sample = (repository: string) => `
version: 1
integrations:
  - { slug: sample-runner, provider: runner }
policies:
  - { slug: shop-stage, extends: stage, rules: { refs: { tags: ["**"] }, ci: { mode: "off" } } }
  - { slug: shop-demo, extends: demo, rules: { ci: { mode: "off" } } }
  - { slug: shop-production, extends: production, rules: { ci: { mode: "off" } } }
projects:
  - slug: shop
    name: Sample shop
    integration: sample-runner
    repository: ${JSON.stringify(repository)}
    pipeline: deploy/run.sh
    defaultRef: main
    environments:
      - { slug: stage, aliases: [staging], policy: shop-stage }
      - { slug: demo, policy: shop-demo }
      - { slug: production, aliases: [prod], policy: shop-production }
access:
  - { role: operator, subjects: [{ local: ada }, { local: ben }], projects: [shop] }
  - { role: operator, subjects: [{ local: cleo }], projects: [shop], environments: [stage, demo] }
  - { role: approver, subjects: [{ local: ada }, { local: ben }], projects: [shop] }
  - { role: admin, subjects: [{ local: ada }] }
`;

/** Makes the sample project and its people's rights. A project of one's own that is called "shop" stays what it is. */
export async function makeSample(store: Store, config: Config, env: Environment, now: () => Date): Promise<void> {
	const shop = await store.db.getRepository(ProjectTable).findOneBy({ slug: "shop" });
	if (shop !== null && shop.managedBy !== "sample") return;
	const { url } = await createSampleRepository(join(config.dataDir, "sample"), env);
	const read = readDocument(sample(url), { variable: () => undefined, allowLocal: true });
	if (!read.ok)
		throw new Error(`the sample is not valid: ${read.problems.map((one) => `${one.path} ${one.message}`).join("; ")}`);
	const options = { prune: false, dryRun: false, actor: SYSTEM_ACTOR, managedBy: "sample" } as const;
	await applyDocument({ ...store, now }, read.document, options);
}

/** Outside of local mode there is no sample: nobody has a right by it, its project is out of sight, and its tokens are over. */
export async function retireSample(
	store: Pick<Store, "db" | "auditKey">,
	dataDir: string,
	now: () => Date,
): Promise<void> {
	await retireLocalTokens(store, dataDir, now);
	await store.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const at = now();
		const [bindings]: [{ role: string }[], number] = await tx.query(
			"DELETE FROM access_binding WHERE managed_by = 'sample' RETURNING role",
		);
		const [projects]: [{ slug: string }[], number] = await tx.query(
			"UPDATE project SET archived_at = $1 WHERE managed_by = 'sample' AND archived_at IS NULL RETURNING slug",
			[at],
		);
		const changes = [
			...projects.map(({ slug }) => ({ action: "remove", kind: "project", name: slug, fields: [], note: null })),
			...bindings.map(({ role }) => ({ action: "remove", kind: "access", name: role, fields: [], note: null })),
		];
		if (changes.length === 0) return;
		const about = { project: null, environment: null, runId: null, run: null };
		const data = { managedBy: "sample", prune: true, changes };
		await writeTrail({ tx, auditKey: store.auditKey, held, now: at }, [
			{ atMs: at.getTime(), action: "config.applied", actor: SYSTEM_ACTOR, ...about, data },
		]);
	});
}

const RESTART_AFTER_MS = 2_000;
const STOP_WITHIN_MS = 15_000;

/** The runner of local mode: a process of its own, as anywhere else. It may end what it is at work on within some seconds. */
export function startLocalRunner(
	url: string,
	token: string,
	config: Config,
	env: Environment,
	log: Logger,
): KeptProcess {
	const folder = join(config.dataDir, "runner");
	const main = fileURLToPath(new URL("./main.js", import.meta.url));
	const args = [
		...[main, "runner", "--url", url, "--name", "local", "--exit-with-parent", "--drain", "10", "--token-file", "-"],
		...["--work", join(folder, "work"), "--home", join(folder, "home")],
	];
	function spawnIt(): ChildProcess {
		const child = spawn(process.execPath, args, {
			stdio: ["pipe", "inherit", "inherit"],
			env: {
				...{ PATH: env["PATH"], HOME: env["HOME"], TMPDIR: env["TMPDIR"] },
				LOG_LEVEL: config.logLevel === "info" ? "warn" : config.logLevel,
				LOG_FORMAT: config.logFormat ?? undefined,
			},
		});
		// Not by its environment, which the work can read. A runner that ended before it read it is started again.
		child.stdin?.on("error", () => {}).end(`${token}\n`);
		return child;
	}
	return keepRunning(spawnIt, {
		...{ name: "the local runner", restartAfterMs: RESTART_AFTER_MS, stopWithinMs: STOP_WITHIN_MS, log },
	});
}
