import { examineSlack } from "../../adapters/slack/examine.ts";
import type { Config } from "../config.ts";
import { isLoopbackHost } from "../core/base-url.ts";
import type { Store } from "../open-store.ts";
import { type Finding, fine, warning, wrong } from "../ports/checkup.ts";
import { PolicyTable } from "../store/entities.ts";
import { countJobs } from "../store/jobs.ts";
import { waitingConfigurations } from "../store/waiting-configuration.ts";
import { readPolicy } from "../use-cases/catalog.ts";

const CLOCK_MAY_DIFFER_MS = 30_000;

/** What can be seen from the environment variables alone. */
export function examineConfiguration(config: Config): Finding[] {
	const host = new URL(config.publicUrl).hostname;
	if (config.localMode) return [fine("Mode", "local mode: no chat is connected, the sample project can be tried")];
	if (config.slack?.appToken == null && config.teams === null && isLoopbackHost(host))
		return [
			wrong(
				"PUBLIC_URL",
				`it is ${config.publicUrl}, which only this machine can reach`,
				"Set PUBLIC_URL to the https address at which Slack and the pipelines reach this server, or use Socket Mode.",
			),
		];
	return [fine("PUBLIC_URL", config.publicUrl)];
}

export async function examineSlackApp({ slack, teams }: Config): Promise<Finding[]> {
	// One chat is enough.
	if (slack === null && teams !== null) return [];
	if (slack === null)
		return [
			warning(
				"Chat",
				"none is connected",
				"Set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (README, Connect Slack), or the variables of Teams (README, Connect Teams).",
			),
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

/** A configuration that was given to a server at its start and is not what holds. */
export async function examineWaiting(store: Pick<Store, "db">): Promise<Finding[]> {
	return (await waitingConfigurations(store.db)).map(({ what, because }) =>
		warning(
			"Configuration",
			`${what} is not applied yet: ${because}`,
			"What waits for runs is applied when they are over. Anything else: correct it, and start the server again.",
		),
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
