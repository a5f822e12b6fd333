import { resolve } from "node:path";
import { checkBaseUrl, isLoopbackHost } from "./core/base-url.ts";
import { CallIsOff } from "./sentence.ts";

export interface SlackConfig {
	readonly botToken: string;
	/** Null only with an app token. */
	readonly signingSecret: string | null;
	/** Set: Socket Mode. */
	readonly appToken: string | null;
	/** With a trailing slash; null: Slack's own. */
	readonly apiUrl: string | null;
}

export interface TeamsAppConfig {
	readonly kind: "app";
	readonly appId: string;
	/** Null for a managed identity. */
	readonly appPassword: string | null;
	readonly appType: TeamsAppType;
	/** The one tenant whose people are let in. */
	readonly tenantId: string;
	/** Microsoft's servers under other addresses (a national cloud, a test); null: the public ones. */
	readonly loginUrl: string | null;
	readonly oauthScope: string | null;
	readonly tokenIssuer: string | null;
	readonly openIdMetadataUrl: string | null;
}

/** Whoever reaches the server may say that they are anybody: for the Agents Playground on the same machine. */
export interface TeamsInsecureLocalConfig {
	readonly kind: "insecure_local";
}

export type TeamsConfig = TeamsAppConfig | TeamsInsecureLocalConfig;

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
type TeamsAppType = (typeof TEAMS_APP_TYPES)[number];
type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const TEAMS_APP_TYPES = ["MultiTenant", "SingleTenant", "UserAssignedMSI"] as const;

/** What keeps DRAVEN itself safe cannot be drawn into a project's name and be read there. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
	"DATABASE_URL",
	"DRAVEN_SECRET_KEY",
	"DRAVEN_INIT_API_TOKEN",
	"SLACK_BOT_TOKEN",
	"SLACK_SIGNING_SECRET",
	"SLACK_APP_TOKEN",
	"MicrosoftAppPassword",
]);

/** One line that names the variable, what is wrong and what it should be; never its value. */
export class ConfigError extends CallIsOff {
	override readonly name = "ConfigError";
}

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
	const { slack, teams, databaseUrl } = config;
	// As it is and as it stands in the URL.
	const encoded = databaseUrl === null ? "" : new URL(databaseUrl).password;
	return [
		slack?.botToken,
		slack?.signingSecret,
		slack?.appToken,
		teams?.kind === "app" ? teams.appPassword : null,
		config.initApiToken,
		encoded,
		decodeURIComponent(encoded),
		...(config.secretKeys ?? []).map((key) => key.toString("base64")),
	].filter((secret) => typeof secret === "string" && secret !== "") as string[];
}

type Get = (name: string) => string | null;

function getter(env: Environment): Get {
	return (name) => {
		const value = env[name]?.trim();
		return value === undefined || value === "" ? null : value;
	};
}

function wrong(name: string, problem: string): never {
	throw new ConfigError(`${name} ${problem}.`);
}

function readHost(get: Get): string {
	const host = (get("HOST") ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
	if (!/^[\w.:%-]+$/.test(host))
		wrong("HOST", "has to be the address or name to listen on, such as 127.0.0.1 or 0.0.0.0");
	return host;
}

function readInteger(get: Get, name: string, otherwise: number, from: number, to: number): number {
	const text = get(name);
	if (text === null) return otherwise;
	const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
	if (!(value >= from && value <= to)) wrong(name, `has to be a whole number from ${from} to ${to}`);
	return value;
}

function readChoice<T extends string>(get: Get, name: string, choices: readonly T[]): T | null {
	const text = get(name);
	if (text === null) return null;
	return choices.find((choice) => choice === text) ?? wrong(name, `has to be one of ${choices.join(", ")}`);
}

function readUrl(get: Get, name: string): string | null {
	const text = get(name);
	if (text === null) return null;
	const checked = checkBaseUrl(text);
	return checked.ok ? checked.url : wrong(name, checked.problem);
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

const MAKE_A_KEY = "32 bytes in base64; make one with `openssl rand -base64 32`";

function readSecretKeys(get: Get, required: boolean): readonly Buffer[] | null {
	const text = get("DRAVEN_SECRET_KEY");
	if (text === null) {
		if (required)
			wrong("DRAVEN_SECRET_KEY", `is missing: with DATABASE_URL it has to be ${MAKE_A_KEY}, and keep it safe`);
		return null;
	}
	const keys = text.split(",").map((part, index) => {
		const key = readKey(part);
		return key ?? wrong("DRAVEN_SECRET_KEY", `is malformed (key ${index + 1}): it has to be ${MAKE_A_KEY}`);
	});
	return Object.freeze(keys);
}

/** Null when it is not exactly 32 bytes in base64 (plain or URL-safe, padded or not): Node's own reader forgives anything. */
export function readKey(text: string): Buffer | null {
	const plain = text.trim();
	if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(plain)) return null;
	const key = Buffer.from(plain, "base64");
	return key.length === 32 ? key : null;
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

function readSlack(get: Get): SlackConfig | null {
	const botToken = get("SLACK_BOT_TOKEN");
	const signingSecret = get("SLACK_SIGNING_SECRET");
	const appToken = get("SLACK_APP_TOKEN");
	const apiUrl = readUrl(get, "SLACK_API_URL");
	if (botToken === null) {
		if (signingSecret === null && appToken === null) return null;
		wrong("SLACK_BOT_TOKEN", "is missing: Slack needs the app's bot token, which begins with xoxb-");
	}
	if (!/^xox\S+$/.test(botToken)) wrong("SLACK_BOT_TOKEN", "is malformed: a bot token begins with xoxb-");
	if (appToken !== null && !/^xapp-\S+$/.test(appToken))
		wrong("SLACK_APP_TOKEN", "is malformed: an app-level token begins with xapp-");
	if (signingSecret === null && appToken === null)
		wrong(
			"SLACK_SIGNING_SECRET",
			"is missing: set it to the app's signing secret, or set SLACK_APP_TOKEN to use Socket Mode",
		);
	return Object.freeze({ botToken, signingSecret, appToken, apiUrl: apiUrl === null ? null : `${apiUrl}/` });
}

function readTeams(get: Get, host: string): TeamsConfig | null {
	const appId = get("MicrosoftAppId");
	const appPassword = get("MicrosoftAppPassword");
	const tenantId = get("MicrosoftAppTenantId");
	const appType = readChoice(get, "MicrosoftAppType", TEAMS_APP_TYPES) ?? "SingleTenant";
	if (readChoice(get, "DRAVEN_TEAMS_INSECURE_LOCAL", ["true", "false"]) === "true") {
		if (!isLoopbackHost(host))
			wrong("DRAVEN_TEAMS_INSECURE_LOCAL", "must be unset unless HOST is 127.0.0.1: it lets everybody be anybody");
		if (appId !== null)
			wrong("DRAVEN_TEAMS_INSECURE_LOCAL", "is for the Playground alone: unset it, or MicrosoftAppId");
		return Object.freeze({ kind: "insecure_local" });
	}
	if (appId === null) {
		if (appPassword === null && tenantId === null) return null;
		wrong("MicrosoftAppId", "is missing: Teams needs the application (client) ID of the bot's registration");
	}
	if (appPassword === null && appType !== "UserAssignedMSI")
		wrong("MicrosoftAppPassword", "is missing: set it to a client secret of the bot's registration");
	if (tenantId === null)
		wrong("MicrosoftAppTenantId", "is missing: set it to the directory (tenant) ID, the one whose people are let in");
	return Object.freeze({
		...{ kind: "app", appId, appPassword, appType, tenantId },
		loginUrl: readUrl(get, "ToChannelFromBotLoginUrl"),
		oauthScope: get("ToChannelFromBotOAuthScope"),
		tokenIssuer: get("ToBotFromChannelTokenIssuer"),
		openIdMetadataUrl: readUrl(get, "ToBotFromChannelOpenIdMetadataUrl"),
	});
}
