import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { createSampleRepository } from "../adapters/runner/sample-project.ts";
import type { Config } from "./config.ts";
import { applyDocument } from "./configuration/apply.ts";
import { readDocument } from "./configuration/document.ts";
import { type Actor, SYSTEM_ACTOR } from "./core/audit-entry.ts";
import type { Store } from "./open-store.ts";
import { ProjectTable } from "./store/entities.ts";
import { createToken, findToken } from "./store/tokens.ts";

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

/** Outside of local mode there is no sample: nobody has a right by it, and its project is out of sight. */
export async function retireSample(store: Pick<Store, "db">, now: () => Date): Promise<void> {
	await store.db.transaction(async (tx) => {
		await tx.query("DELETE FROM access_binding WHERE managed_by = 'sample'");
		await tx.query("UPDATE project SET archived_at = coalesce(archived_at, $1) WHERE managed_by = 'sample'", [now()]);
	});
}

interface LocalTokens {
	/** For `draven say`. */
	readonly say: string;
	/** For the runner beside this server. */
	readonly runner: string;
}

/** The tokens of the terminal and of the runner: made once, kept in the data folder for its owner alone. */
export async function localTokens(store: Store, dataDir: string, now: () => Date): Promise<LocalTokens> {
	const path = join(dataDir, "local-tokens.json");
	const kept = await readFile(path, "utf8").then(
		(text) => JSON.parse(text) as Partial<LocalTokens>,
		() => ({}) as Partial<LocalTokens>,
	);
	const tokens: LocalTokens = {
		say: await keepOrMake(store, now, kept.say, { name: "local terminal", may: { role: "admin" } }),
		runner: await keepOrMake(store, now, kept.runner, { name: "local runner", may: { runnerOf: null } }),
	};
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	await writeFile(path, `${JSON.stringify(tokens)}\n`, { mode: 0o600 });
	return tokens;
}

async function keepOrMake(
	store: Store,
	now: () => Date,
	kept: string | undefined,
	token: { readonly name: string; readonly may: { readonly role: "admin" } | { readonly runnerOf: null } },
): Promise<string> {
	if (kept !== undefined && (await findToken(store.db, kept, now())) !== null) return kept;
	const actor: Actor = SYSTEM_ACTOR;
	return (await createToken({ ...store, now }, { ...token, email: null, expiresAt: null, actor })).plain;
}

export interface LocalRunner {
	/** Lets what it is at work on end, for some seconds. */
	stop(): Promise<void>;
}

const RESTART_AFTER_MS = 2_000;
const STOP_WITHIN_MS = 15_000;

/** The runner of local mode: a process of its own, as anywhere else; started again when it ends. */
export function startLocalRunner(
	url: string,
	token: string,
	config: Config,
	env: Environment,
	log: Logger,
): LocalRunner {
	const folder = join(config.dataDir, "runner");
	const main = fileURLToPath(new URL("./main.js", import.meta.url));
	let stopping = false;
	let child: ChildProcess;
	let again: NodeJS.Timeout | undefined;

	function start(): void {
		child = spawn(
			process.execPath,
			[
				...[main, "runner", "--url", url, "--name", "local", "--exit-with-parent", "--drain", "10"],
				...["--work", join(folder, "work"), "--home", join(folder, "home")],
			],
			{
				stdio: ["ignore", "inherit", "inherit"],
				env: {
					...{ PATH: env["PATH"], HOME: env["HOME"], TMPDIR: env["TMPDIR"], DRAVEN_TOKEN: token },
					LOG_LEVEL: config.logLevel === "info" ? "warn" : config.logLevel,
					LOG_FORMAT: config.logFormat ?? undefined,
				},
			},
		);
		child.on("error", (error) => log.error({ err: error }, "the local runner could not be started"));
		child.on("exit", (code) => {
			if (stopping) return;
			log.warn({ code }, "the local runner ended: it is started again");
			again = setTimeout(start, RESTART_AFTER_MS);
		});
	}

	start();
	return {
		async stop() {
			stopping = true;
			clearTimeout(again);
			if (child.exitCode !== null || child.signalCode !== null) return;
			const gone = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGTERM");
			const late = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
			await gone;
			clearTimeout(late);
		},
	};
}
