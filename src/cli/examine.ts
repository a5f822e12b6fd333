import { examineGitHub } from "../../adapters/github/examine.ts";
import { examineSlack } from "../../adapters/slack/examine.ts";
import type { Config } from "../config.ts";
import { openSecrets } from "../configuration/integrations.ts";
import { isLoopbackHost } from "../core/base-url.ts";
import type { Store } from "../open-store.ts";
import { type Finding, fine, warning, wrong } from "../ports/checkup.ts";
import { type IntegrationRow, IntegrationTable, PolicyTable, ProjectTable } from "../store/entities.ts";
import { countRecentWebhooks } from "../store/gauges.ts";
import { countJobs } from "../store/jobs.ts";
import { runnersSeen } from "../store/runner-queue.ts";
import { readPolicy } from "../use-cases/catalog.ts";

const GITHUB = "https://api.github.com";
const CLOCK_MAY_DIFFER_MS = 30_000;
const RUNNER_MAY_BE_SILENT_MS = 2 * 60_000;

/** What can be seen from the environment variables alone. */
export function examineConfiguration(config: Config): Finding[] {
	const host = new URL(config.publicUrl).hostname;
	if (config.localMode) return [fine("Mode", "local mode: no chat is connected, the sample project can be tried")];
	if (config.slack?.appToken == null && isLoopbackHost(host))
		return [
			wrong(
				"PUBLIC_URL",
				`it is ${config.publicUrl}, which only this machine can reach`,
				"Set PUBLIC_URL to the https address at which Slack and the pipelines reach this server, or use Socket Mode.",
			),
		];
	return [fine("PUBLIC_URL", config.publicUrl)];
}

export async function examineSlackApp({ slack }: Config): Promise<Finding[]> {
	if (slack === null)
		return [
			warning("Slack", "it is not connected", "Set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (README, Connect Slack)."),
		];
	const { botToken, appToken, apiUrl } = slack;
	return examineSlack({
		botToken,
		...(appToken === null ? {} : { appToken }),
		...(apiUrl === null ? {} : { apiUrl }),
	});
}

export async function examineDatabase(store: Pick<Store, "db">, now: () => Date): Promise<Finding[]> {
	const [row]: { version: string; number: string; at: Date }[] = await store.db.query(
		"SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number, clock_timestamp() AS at",
	);
	const major = Math.floor(Number(row?.number ?? 0) / 10_000);
	const off = Math.abs((row?.at.getTime() ?? 0) - now().getTime());
	return [
		major >= 15 && major <= 18
			? fine("Database", `Postgres ${row?.version}, migrated`)
			: wrong(
					"Database",
					`it is Postgres ${row?.version}`,
					"DRAVEN is made for 15 to 18: move the database to one of them.",
				),
		off <= CLOCK_MAY_DIFFER_MS
			? fine("Clock", "this machine and the database agree")
			: wrong(
					"Clock",
					`this machine and the database differ by ${Math.round(off / 1_000)} seconds`,
					"Let both set their clocks by NTP.",
				),
		...(await examinePolicies(store)),
	];
}

async function examinePolicies({ db }: Pick<Store, "db">): Promise<Finding[]> {
	const stored = await db.getRepository(PolicyTable).find({ order: { slug: "ASC" } });
	const bad = stored.flatMap(({ slug }) => {
		const read = readPolicy(slug, stored);
		return read.ok
			? []
			: [
					wrong(
						`Policy ${slug}`,
						read.message,
						"Until it is mended it refuses every run: correct it and apply it again.",
					),
				];
	});
	return bad.length === 0 ? [fine("Policies", `${stored.length} stored, all can be evaluated`)] : bad;
}

export async function examineIntegrations(store: Pick<Store, "db" | "box">, now: Date): Promise<Finding[]> {
	const rows = await store.db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
	if (rows.length === 0)
		return [warning("Pipelines", "there is no integration", "Add one in draven.yaml and run `draven apply`.")];
	const findings: Finding[] = [];
	for (const row of rows) findings.push(...(await examineIntegration(store, row, now)));
	return findings;
}

async function examineIntegration(
	store: Pick<Store, "db" | "box">,
	row: IntegrationRow,
	now: Date,
): Promise<Finding[]> {
	const name = `Integration ${row.slug}`;
	if (row.provider === "runner") return [await examineRunners(store, row, name, now)];
	if (row.provider !== "github")
		return [warning(name, `this version cannot speak to ${row.provider} yet`, "Use another provider for now.")];
	let secrets: ReturnType<typeof openSecrets>;
	try {
		secrets = openSecrets(store.box, row);
	} catch (error) {
		return [wrong(name, (error as Error).message, "Set DRAVEN_SECRET_KEY to the key that sealed them.")];
	}
	const { app } = row.settings;
	const auth =
		secrets.token !== undefined
			? { token: secrets.token }
			: app !== undefined && secrets.app !== undefined
				? { app: { ...app, privateKey: secrets.app.privateKey } }
				: null;
	if (auth === null) return [wrong(name, "it has neither a token nor an app", "Add one in draven.yaml.")];
	const projects = await store.db.getRepository(ProjectTable).findBy({ integrationId: row.id });
	return [
		...(await examineGitHub({
			baseUrl: row.baseUrl ?? GITHUB,
			auth,
			projects: projects.filter((project) => project.archivedAt === null),
		})),
		await examineWebhooks(store, row, secrets.webhookSecret !== undefined),
	];
}

async function examineWebhooks(store: Pick<Store, "db">, row: IntegrationRow, hasSecret: boolean): Promise<Finding> {
	const check = `Integration ${row.slug}: webhooks`;
	const path = `/webhooks/${row.provider}/${row.slug}`;
	if (!hasSecret)
		return warning(
			check,
			"it has no webhookSecret, so every delivery is refused and runs are only polled",
			`Set webhookSecret in draven.yaml, and a webhook of workflow runs to ${path} with the same secret.`,
		);
	const count = await countRecentWebhooks(store.db, row.id);
	return count > 0
		? fine(check, `${count} taken within the last days`)
		: warning(
				check,
				"none was ever taken",
				`Add a webhook of workflow runs to PUBLIC_URL${path}; until then runs are polled.`,
			);
}

async function examineRunners(
	store: Pick<Store, "db">,
	row: IntegrationRow,
	check: string,
	now: Date,
): Promise<Finding> {
	const runners = await runnersSeen(store.db, row.id);
	const alive = runners.filter(({ seenAt }) => now.getTime() - seenAt.getTime() < RUNNER_MAY_BE_SILENT_MS);
	if (alive.length > 0) return fine(check, `runners that wait for work: ${alive.map((one) => one.name).join(", ")}`);
	const last = runners[0];
	return wrong(
		check,
		last === undefined
			? "no runner has ever asked for work"
			: `no runner asks for work; the last one was ${last.name} at ${last.seenAt.toISOString()}`,
		"Start one: draven token create --runner --name <name>, and then draven runner --url <this server>.",
	);
}

/** Whether background work is being done. */
export async function examineWork(store: Pick<Store, "db">): Promise<Finding[]> {
	const { waiting, dead } = await countJobs(store.db);
	return [
		dead === 0
			? fine("Background work", `${waiting} jobs are scheduled, none was given up`)
			: warning(
					"Background work",
					`${dead} jobs were given up`,
					"SELECT kind, last_error FROM job WHERE dead_at IS NOT NULL says why; mend that, and set dead_at to null to do them again.",
				),
	];
}
