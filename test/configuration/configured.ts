import { randomBytes } from "node:crypto";
import type { DataSource } from "typeorm";
import { type ApplyOptions, type ApplyStore, applyDocument } from "../../src/configuration/apply.ts";
import { type ConfigurationDocument, readDocument } from "../../src/configuration/document.ts";
import { exportDocument } from "../../src/configuration/export.ts";
import type { Plan } from "../../src/configuration/plan.ts";
import { describeProblem } from "../../src/configuration/problem.ts";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { makeSecretBox } from "../../src/store/secret-box.ts";
import { createTestDatabase } from "../support/database.ts";

export const SECRETS = { token: "ghp_t0ps3cret-one", webhook: "hook-s3cret-one" };

export type Variables = Readonly<Record<string, string>>;
export const VARIABLES: Variables = { GITHUB_TOKEN: SECRETS.token, GITHUB_WEBHOOK_SECRET: SECRETS.webhook };

/** The example of the documentation, word for word. */
export const EXAMPLE = `version: 1
integrations:
  - slug: acme-github
    provider: github                    # github | gitlab | bitbucket | runner
    baseUrl: https://api.github.com     # optional; GitHub Enterprise Server, GitLab self-managed
    token: \${GITHUB_TOKEN}              # or app: { id, privateKey, installationId }
    webhookSecret: \${GITHUB_WEBHOOK_SECRET}      # GitLab: a plain token, or whsec_… for signed deliveries only
    # mode: variables                            # GitLab: variables | inputs
policies:
  - slug: prod-strict
    extends: production
    rules: { approvals: { required: 2 } }
projects:
  - slug: web
    name: Web shop
    integration: acme-github
    repository: acme/web                # GitHub owner/name · GitLab path · Bitbucket workspace/slug · runner: git URL
    pipeline: deploy.yml                # workflow file · GitLab: unused · Bitbucket custom pipeline · runner: entrypoint
    defaultRef: main
    environments:
      - { slug: stage, policy: stage, channels: { slack: C0STAGE } }
      - { slug: production, aliases: [prod], policy: prod-strict, channels: { slack: C0PROD, teams: "19:abc@thread.tacv2" } }
access:
  - { role: operator, subjects: [{ slackGroup: S0DEVS }, { entraGroup: 0f9c… }], projects: ["*"], environments: [stage, demo] }
  - { role: approver, subjects: [{ slackGroup: S0LEADS }], projects: ["*"], environments: ["*"] }
  - { role: admin, subjects: [{ slackUser: U0ADA }, { entraUser: 7b1e… }, { email: ada@acme.test }] }
`;

export function read(source: string, variables: Variables = VARIABLES): ConfigurationDocument {
	const reading = readDocument(source, { variable: (name) => variables[name] });
	if (!reading.ok) throw new Error(reading.problems.map(describeProblem).join("\n"));
	return reading.document;
}

/** Every problem of a file, as people read them. */
export function problemsOf(source: string, variables: Variables = VARIABLES): string[] {
	const reading = readDocument(source, { variable: (name) => variables[name] });
	return reading.ok ? [] : reading.problems.map(describeProblem);
}

/** A database of one's own that draven.yaml files are applied to. */
export class Configured implements ApplyStore {
	readonly db: DataSource;
	readonly box = makeSecretBox([randomBytes(32)]);
	readonly auditKey = randomBytes(32);
	readonly now = () => new Date();
	readonly #drop: () => Promise<void>;

	private constructor(db: DataSource, drop: () => Promise<void>) {
		this.db = db;
		this.#drop = drop;
	}

	static async open(): Promise<Configured> {
		const database = await createTestDatabase();
		return new Configured(await openDataSource(database.url), database.drop);
	}

	async close(): Promise<void> {
		await this.db.destroy();
		await this.#drop();
	}

	apply(source: string, options: Partial<ApplyOptions> & { variables?: Variables } = {}): Promise<Plan> {
		const { variables, ...rest } = options;
		return applyDocument(this, read(source, variables), {
			...{ prune: false, dryRun: false, actor: SYSTEM_ACTOR, managedBy: "file" },
			...rest,
		});
	}

	export(): Promise<string> {
		return exportDocument(this);
	}

	/** Everything that the database holds, as text: table by table, row by row. */
	async everything(): Promise<string> {
		const tables: { name: string }[] = await this.db.query(
			"SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
		);
		const texts: string[] = [];
		for (const { name } of tables) {
			const rows: { row: string }[] = await this.db.query(`SELECT t::text AS row FROM ${name} t ORDER BY 1`);
			texts.push(...rows.map(({ row }) => `${name} ${row}`));
		}
		return texts.join("\n");
	}

	async trail(): Promise<{ action: string; data: Record<string, unknown> }[]> {
		const rows: { entry: string }[] = await this.db.query(
			"SELECT entry FROM audit_entry WHERE chain = 'system' ORDER BY seq",
		);
		return rows.map(({ entry }) => JSON.parse(entry) as { action: string; data: Record<string, unknown> });
	}
}
