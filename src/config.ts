import { resolve } from "node:path";
import { type OidcConfig, readOidc } from "./config/oidc.ts";
import { readSecretKeys } from "./config/secret-keys.ts";
import { readSlack, type SlackConfig } from "./config/slack.ts";
import { readTeams, type TeamsConfig } from "./config/teams.ts";
import { type Environment, type Get, getter, readChoice, readInteger, readUrl, wrong } from "./config/variables.ts";
import { isLoopbackHost } from "./core/base-url.ts";

export interface Config {
	readonly port: number;
	readonly host: string;
	/** Without a trailing slash. With PORT 0 it names port 0: the real one is known once the server listens. */
	readonly publicUrl: string;
	/** Null: the embedded Postgres in the data folder. */
	readonly databaseUrl: string | null;
	/** Absolute. */
	readonly dataDir: string;
	/** The first one seals. Null: the key is in the data folder. */
	readonly secretKeys: readonly Buffer[] | null;
	/** Absolute path of a draven.yaml to apply at start. */
	readonly configFile: string | null;
	readonly initApiToken: string | null;
	readonly slack: SlackConfig | null;
	readonly teams: TeamsConfig | null;
	/** Null: nobody signs in to the web page by an OpenID provider. */
	readonly oidc: OidcConfig | null;
	/** Without a trailing slash; null: Microsoft's own. */
	readonly graphBaseUrl: string | null;
	readonly pollIntervalSeconds: number;
	readonly logLevel: LogLevel;
	/** Null: pretty on a terminal, json elsewhere. */
	readonly logFormat: "json" | "pretty" | null;
	/** No chat credentials, and listening on loopback. */
	readonly localMode: boolean;
	/** What `${NAME}` in draven.yaml stands for. Undefined: not set, or one of DRAVEN's own secrets. */
	readonly variable: (name: string) => string | undefined;
}

type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** What keeps DRAVEN itself safe cannot be drawn into a project's name and be read there. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
	"DATABASE_URL",
	"DRAVEN_SECRET_KEY",
	"DRAVEN_INIT_API_TOKEN",
	"SLACK_BOT_TOKEN",
	"SLACK_SIGNING_SECRET",
	"SLACK_APP_TOKEN",
	"MicrosoftAppPassword",
	"OIDC_CLIENT_SECRET",
]);

/** Reads and checks the whole environment. Throws ConfigError. An empty value is an unset one. */
export function readConfig(env: Environment): Config {
	const get = getter(env);
	const host = readHost(get);
	const port = readInteger(get, "PORT", 3_000, 0, 65_535);
	const databaseUrl = readDatabaseUrl(get);
	const slack = readSlack(get);
	const teams = readTeams(get, host);
	const configFile = get("DRAVEN_CONFIG");
	return Object.freeze({
		port,
		host,
		publicUrl: readUrl(get, "PUBLIC_URL") ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
		databaseUrl,
		dataDir: resolve(get("DRAVEN_DATA_DIR") ?? "./.draven"),
		secretKeys: readSecretKeys(get, databaseUrl !== null),
		configFile: configFile === null ? null : resolve(configFile),
		initApiToken: readInitToken(get),
		slack,
		teams,
		oidc: readOidc(get),
		graphBaseUrl: readUrl(get, "GRAPH_BASE_URL"),
		pollIntervalSeconds: readInteger(get, "DRAVEN_POLL_INTERVAL", 30, 1, 3_600),
		...readLogConfig(env),
		localMode: slack === null && teams === null && isLoopbackHost(host),
		variable: (name: string) => (OWN_VARIABLES.has(name) ? undefined : env[name]),
	});
}

/** The log's part alone, for what needs nothing else of the configuration. Throws ConfigError. */
export function readLogConfig(env: Environment): Pick<Config, "logLevel" | "logFormat"> {
	const get = getter(env);
	return {
		logLevel: readChoice(get, "LOG_LEVEL", LOG_LEVELS) ?? "info",
		logFormat: readChoice(get, "LOG_FORMAT", ["json", "pretty"]),
	};
}

/** Every secret of the configuration, for the log to blot out. */
export function secretsOf(config: Config): string[] {
	const { slack, teams, oidc, databaseUrl } = config;
	// As it is and as it stands in the URL.
	const encoded = databaseUrl === null ? "" : new URL(databaseUrl).password;
	return [
		slack?.botToken,
		slack?.signingSecret,
		slack?.appToken,
		teams?.kind === "app" ? teams.appPassword : null,
		oidc?.clientSecret,
		config.initApiToken,
		encoded,
		decodeURIComponent(encoded),
		...(config.secretKeys ?? []).map((key) => key.toString("base64")),
	].filter((secret) => typeof secret === "string" && secret !== "") as string[];
}

function readHost(get: Get): string {
	const host = (get("HOST") ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
	if (!/^[\w.:%-]+$/.test(host))
		wrong("HOST", "has to be the address or name to listen on, such as 127.0.0.1 or 0.0.0.0");
	return host;
}

function readDatabaseUrl(get: Get): string | null {
	const text = get("DATABASE_URL");
	if (text === null) return null;
	if (!isDatabaseUrl(text))
		wrong(
			"DATABASE_URL",
			"has to be a URL such as postgres://user:password@host:5432/draven (unset: an embedded Postgres)",
		);
	return text;
}

function isDatabaseUrl(text: string): boolean {
	if (!URL.canParse(text)) return false;
	const { protocol, username, password } = new URL(text);
	try {
		// A lone % would stop the driver later, with the password in its sentence.
		decodeURIComponent(username + password);
		return protocol === "postgres:" || protocol === "postgresql:";
	} catch {
		return false;
	}
}

function readInitToken(get: Get): string | null {
	const token = get("DRAVEN_INIT_API_TOKEN");
	if (token !== null && !/^[\x21-\x7e]{16,}$/.test(token))
		wrong(
			"DRAVEN_INIT_API_TOKEN",
			"has to have at least 16 characters, without spaces; make one with `openssl rand -hex 32`",
		);
	return token;
}
