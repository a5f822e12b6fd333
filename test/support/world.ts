import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import type { DataSource } from "typeorm";
import type { AccessBinding } from "../../src/core/access.ts";
import type { Run } from "../../src/core/run.ts";
import type { Deps } from "../../src/deps.ts";
import type { Apologise } from "../../src/jobs/give-up.ts";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { carryOut, type Handlers } from "../../src/jobs/worker.ts";
import type { Answer, Decision } from "../../src/ports/front.ts";
import type { PipelineReport } from "../../src/ports/pipeline.ts";
import { quietPipeline } from "../../src/ports/quiet-pipeline.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import {
	AccessBindingTable,
	type Channels,
	type EnvironmentRow,
	EnvironmentTable,
	IntegrationTable,
	PolicyTable,
	ProjectTable,
} from "../../src/store/entities.ts";
import { claim, type JobKind } from "../../src/store/jobs.ts";
import { runById, runByNumber } from "../../src/store/runs.ts";
import { makeSecretBox } from "../../src/store/secret-box.ts";
import { createFront } from "../../src/use-cases/front.ts";
import { type Recorded, recordReport } from "../../src/use-cases/record-report.ts";
import { FakeChat } from "../fakes/chat.ts";
import { FakePeople } from "../fakes/people.ts";
import { FakePipeline } from "../fakes/pipeline.ts";
import { createTestDatabase } from "./database.ts";

export const SHA = { a: "a".repeat(40), b: "b".repeat(40), c: "c".repeat(40), d: "d".repeat(40) } as const;

/** Rules that a test cares for; each environment has a policy of its own name. */
export interface Setting {
	readonly stage?: unknown;
	readonly production?: unknown;
	readonly access?: readonly AccessBinding[];
	/** Where an environment's runs are shown; default: `C_STAGE` and `C_PRODUCTION` in Slack. */
	readonly channels?: (environment: string) => Channels;
}

const EVERYWHERE = { projects: ["*"], environments: ["*"] };

/** The main job on a real database, with its neighbours as fakes and the clock in the test's hand. */
export class World {
	readonly pipeline = new FakePipeline();
	readonly people = new FakePeople("slack");
	readonly chat = new FakeChat("slack");
	/** What the integration keeps secret. */
	secrets: readonly string[] | null = [];
	/** What is in the test's way is put in here: a database that breaks off, another replica. */
	deps: Deps;
	/** Carries out what a chat adapter stored. */
	slackIn: (body: unknown) => Promise<void> = async () => {};
	apologise: Apologise = async () => {};
	teamsIn: (body: unknown) => Promise<void> = async () => {};
	readonly url: string;
	readonly #drop: () => Promise<void>;
	readonly #environments = new Map<string, EnvironmentRow>();
	#integrationId = "";
	#channels: (environment: string) => Channels = (environment) => ({ slack: `C_${environment.toUpperCase()}` });
	#now = new Date("2026-03-04T10:00:00Z");
	#speed = 0;
	#since = 0;
	#delivery = 0;

	private constructor(db: DataSource, url: string, drop: () => Promise<void>) {
		this.url = url;
		this.#drop = drop;
		this.deps = {
			db,
			box: makeSecretBox([randomBytes(32)]),
			auditKey: randomBytes(32),
			chats: { slack: this.chat },
			groups: { slack: this.people },
			pipelineOf: () => quietPipeline(this.pipeline, () => this.secrets ?? []),
			checkupOf: () => null,
			secretsOf: () => this.secrets,
			now: () => this.now(),
			log: pino({ level: "silent" }),
			wake: () => {},
			forgetPeople: () => {},
			publicUrl: "http://127.0.0.1:3000",
			localMode: true,
			pollIntervalSeconds: 30,
		};
	}

	/** A shop with a stage and a production; U_OPS operates, U_ANN and U_BOB approve, U_ADA is the admin. */
	static async open(setting: Setting = {}): Promise<World> {
		const database = await createTestDatabase();
		const db = await openDataSource(database.url);
		const world = new World(db, database.url, async () => {
			await db.destroy();
			await database.drop();
		});
		await world.#configure(setting);
		return world;
	}

	async #configure({ stage, production, access, channels }: Setting): Promise<void> {
		const { db } = this.deps;
		const managedBy = "file" as const;
		if (channels !== undefined) this.#channels = channels;
		const integration = {
			id: randomUUID(),
			slug: "fake",
			provider: "github" as const,
			baseUrl: null,
			settings: {},
			secrets: null,
			managedBy,
		};
		await db.getRepository(IntegrationTable).insert(integration);
		const policies = [
			{ slug: "stage", extends: "stage", rules: stage ?? { refs: { tags: ["**"] } } },
			{ slug: "production", extends: "production", rules: production ?? { approvals: { required: 2 } } },
		];
		for (const policy of policies)
			await db
				.getRepository(PolicyTable)
				.insert({ id: randomUUID(), ...policy, rules: policy.rules as object, managedBy });
		this.#integrationId = integration.id;
		await this.addProject("shop");
		const bindings: readonly AccessBinding[] = access ?? [
			{ role: "operator", subjects: [{ slackGroup: "S_OPS" }], ...EVERYWHERE },
			{ role: "approver", subjects: [{ slackGroup: "S_LEADS" }], ...EVERYWHERE },
			{ role: "admin", subjects: [{ slackUser: "U_ADA" }], ...EVERYWHERE },
			{ role: "emergency", subjects: [{ slackUser: "U_EVE" }], ...EVERYWHERE },
		];
		for (const [position, binding] of bindings.entries())
			await db.getRepository(AccessBindingTable).insert({
				...{ id: randomUUID(), role: binding.role, subjects: [...binding.subjects], managedBy, position },
				...{ projects: [...binding.projects], environments: [...binding.environments] },
			});
		this.people.group("S_OPS", "U_OPS", "U_ANN", "U_TWO", "U_EVE");
		this.people.group("S_LEADS", "U_ANN", "U_BOB", "U_OPS");
		this.pipeline.branch("main", SHA.a);
		this.pipeline.tag("v1.0.0", SHA.a);
		this.pipeline.tag("v1.1.0", SHA.b);
		this.pipeline.tag("v1.2.0", SHA.c);
	}

	now(): Date {
		return new Date(this.#now.getTime() + (performance.now() - this.#since) * this.#speed);
	}

	/** From now on time passes by itself, so many times as fast as it does. */
	hasten(speed: number): void {
		this.#now = this.now();
		this.#since = performance.now();
		this.#speed = speed;
	}

	/** Another shop, of the same repository and under the same policies; its environments take the place of those before. */
	async addProject(slug: string): Promise<void> {
		const { db } = this.deps;
		const managedBy = "file" as const;
		const project = {
			...{ id: randomUUID(), slug, name: slug, integrationId: this.#integrationId, repository: "acme/shop" },
			...{ pipeline: "deploy.yml", defaultRef: "main", managedBy, archivedAt: null },
		};
		await db.getRepository(ProjectTable).insert(project);
		for (const [position, environment] of ["stage", "production"].entries()) {
			const row: EnvironmentRow = {
				...{ id: randomUUID(), projectId: project.id, slug: environment, policy: environment },
				aliases: environment === "production" ? ["prod"] : [],
				...{ channels: this.#channels(environment), labels: [], position, archivedAt: null },
			};
			await db.getRepository(EnvironmentTable).insert(row);
			await db.query("INSERT INTO chain_head (chain, seq, hash) VALUES ($1, 0, NULL)", [row.id]);
			this.#environments.set(environment, row);
		}
	}

	environment(slug: string): EnvironmentRow {
		const row = this.#environments.get(slug);
		if (row === undefined) throw new Error(`there is no environment ${slug}`);
		return row;
	}

	/** Says a command as a person; `deliveryId` to say the very same twice. */
	async say(
		user: string,
		text: string,
		more: { deliveryId?: string; channel?: string; thread?: string; saidAt?: Date; deps?: Deps } = {},
	): Promise<Answer> {
		this.#delivery += 1;
		return createFront(more.deps ?? this.deps).command({
			platform: "slack",
			tenant: "T1",
			user,
			channel: more.channel ?? null,
			thread: more.thread ?? null,
			text,
			deliveryId: more.deliveryId ?? `d${this.#delivery}`,
			...(more.saidAt === undefined ? {} : { saidAt: more.saidAt }),
		});
	}

	/** Clicks a button of a run's card. */
	async click(
		user: string,
		action: Decision["action"],
		run: Pick<Run, "id" | "version">,
		reason: string | null = null,
		deps: Deps = this.deps,
	): Promise<Answer> {
		this.#delivery += 1;
		return createFront(deps).decide({
			platform: "slack",
			tenant: "T1",
			user,
			action,
			value: `${run.id}:${run.version}`,
			reason,
			deliveryId: `d${this.#delivery}`,
		});
	}

	async run(number: number): Promise<Run> {
		const run = await runByNumber(this.deps.db, number);
		if (run === null) throw new Error(`there is no run #${number}`);
		return run;
	}

	async runOf(answer: Answer): Promise<Run> {
		const run = answer.runId === null ? null : await runById(this.deps.db, answer.runId);
		if (run === null) throw new Error(`the answer has no run: ${answer.card.text}`);
		return run;
	}

	/** Does all work that is due, and what follows from it, until nothing is. */
	async work(): Promise<void> {
		const handlers = this.#handlers();
		for (let round = 0; round < 200; round++) {
			const jobs = await claim(this.deps.db, 20, 30_000, this.deps.now());
			if (jobs.length === 0) return;
			for (const job of jobs) await carryOut(this.deps, handlers, job);
		}
		throw new Error("work does not come to an end");
	}

	/** Does the due jobs of one kind alone: they come in any order. */
	async workOn(kind: JobKind): Promise<void> {
		const jobs = await claim(this.deps.db, 1_000, 0, this.deps.now());
		for (const job of jobs) if (job.kind === kind) await carryOut(this.deps, this.#handlers(), job);
	}

	#handlers(): Handlers {
		const { slackIn, teamsIn, apologise } = this;
		return makeHandlers(this.deps, { slackIn, teamsIn, apologise, writeCheckpoint: async () => {} });
	}

	/** Lets time pass while nobody works. */
	sleep(ms: number): void {
		this.#now = new Date(this.#now.getTime() + ms);
	}

	/** Lets time pass, and does what became due. */
	async pass(ms: number): Promise<void> {
		this.sleep(ms);
		await this.work();
	}

	/** The provider says how a run's pipeline stands; it is polled. */
	async finish(run: Run, status: "succeeded" | "failed" | "cancelled", reason: string | null = null): Promise<Run> {
		this.pipeline.set(run.id, status, reason);
		await this.pass(31_000);
		return this.run(run.number);
	}

	/** The provider says something by itself, as a webhook does. */
	async hear(report: PipelineReport): Promise<Recorded> {
		return recordReport(this.deps, this.#integrationId, report);
	}

	/** A deploy from the command to its end. */
	async deployed(user: string, text: string): Promise<Run> {
		const run = await this.runOf(await this.say(user, text));
		await this.work();
		return this.finish(run, "succeeded");
	}

	async actions(runId: string): Promise<string[]> {
		const rows: { action: string }[] = await this.deps.db.query(
			"SELECT action FROM audit_entry WHERE run_id = $1 ORDER BY seq",
			[runId],
		);
		return rows.map((row) => row.action);
	}

	async close(): Promise<void> {
		await this.#drop();
	}
}
