import { LOCAL_PEOPLE } from "../adapters/local/people.ts";
import type { Config } from "./config.ts";
import type { Store } from "./open-store.ts";
import { IntegrationTable, ProjectTable } from "./store/entities.ts";

interface Started {
	readonly config: Config;
	readonly store: Store;
	readonly url: string | null;
	readonly slack: { readonly team: string } | { readonly team: null; readonly problem: string } | null;
	readonly options: { readonly web: boolean; readonly worker: boolean };
	/** The way into the web page for the first who ever comes; null: somebody has been in. */
	readonly signIn: string | null;
}

/** What a person reads when it has started: what is connected, what is not, and the next step. */
export async function startupText({ config, store, url, slack, options, signIn }: Started): Promise<string> {
	const integrations = await store.db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
	const projects = (await store.db.getRepository(ProjectTable).find({ order: { slug: "ASC" } })).filter(
		(one) => one.archivedAt === null,
	);
	const line = (name: string, text: string) => `  ${name.padEnd(12)} ${text}`;
	const lines = [
		"",
		"DRAVEN is ready.",
		line(
			"Database",
			config.databaseUrl === null ? `its own Postgres, in ${config.dataDir}` : "the Postgres of DATABASE_URL",
		),
		line("Listening", url ?? "no (background work alone)"),
		...(signIn === null ? [] : [line("Web page", `${signIn} (signs an admin in, once, within an hour)`)]),
		...(options.worker ? [] : [line("Worker", "no: start `draven worker` beside it")]),
		line("Slack", slackLine(slack)),
		...(config.teams === null ? [] : [line("Teams", teamsLine(config))]),
		line(
			"Pipelines",
			integrations.length === 0
				? "none: add one in draven.yaml"
				: integrations.map((one) => `${one.slug} (${one.provider})`).join(", "),
		),
		line(
			"Projects",
			projects.length === 0
				? "none: add one in draven.yaml, `draven apply -f draven.yaml`"
				: projects.map((one) => one.slug).join(", "),
		),
	];
	// Spoken to is the server: beside the background work alone there is nothing to try.
	if (config.localMode && url !== null) lines.push(...localLines(line));
	return `${lines.join("\n")}\n\n`;
}

function slackLine(slack: Started["slack"]): string {
	if (slack === null) return "not connected: set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (README, Connect Slack)";
	return slack.team === null ? `not reached yet: ${slack.problem}` : `connected to ${slack.team}`;
}

function teamsLine({ teams, publicUrl }: Config): string {
	return teams?.kind === "insecure_local"
		? "open to this machine: whoever reaches it may say that they are anybody (DRAVEN_TEAMS_INSECURE_LOCAL)"
		: `listens at ${publicUrl}/api/messages; \`draven doctor\` checks its credentials`;
}

function localLines(line: (name: string, text: string) => string): string[] {
	return [
		line("Local mode", "no chat is connected, so there are sample people, to be spoken as with --as:"),
		...LOCAL_PEOPLE.map((one) => line("", `${one.id.padEnd(6)} ${one.is}`)),
		"",
		"Next, in another terminal:",
		'  npx draven say "deploy shop@v1.1.0 to stage" --as ben',
		'  npx draven say "deploy shop@v1.1.0 to production" --as ben     it says how somebody else, such as ada, approves it',
		'  npx draven say "help"',
	];
}
