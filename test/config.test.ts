import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ConfigError } from "../src/config/variables.ts";
import { readConfig, secretsOf } from "../src/config.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const OTHER_KEY = Buffer.alloc(32, 8).toString("base64");
const SLACK = { SLACK_BOT_TOKEN: "xoxb-1-2", SLACK_SIGNING_SECRET: "0123456789abcdef" };
const TEAMS = {
	MicrosoftAppId: "app",
	MicrosoftAppPassword: "the-password-of-teams",
	MicrosoftAppTenantId: "tenant",
};
const OIDC = {
	OIDC_ISSUER: "https://login.acme.test/",
	OIDC_CLIENT_ID: "draven",
	OIDC_CLIENT_SECRET: "the-secret-of-openid",
};
const DATABASE = { DATABASE_URL: "postgres://u:p%40ss-word@db:5432/draven", DRAVEN_SECRET_KEY: KEY };

test("an empty environment is local mode with the defaults", () => {
	const { variable: _, ...config } = readConfig({});
	expect(config).toEqual({
		port: 3000,
		host: "127.0.0.1",
		publicUrl: "http://127.0.0.1:3000",
		databaseUrl: null,
		dataDir: resolve(".draven"),
		secretKeys: null,
		configFile: null,
		initApiToken: null,
		slack: null,
		teams: null,
		oidc: null,
		graphBaseUrl: null,
		pollIntervalSeconds: 30,
		logLevel: "info",
		logFormat: null,
		localMode: true,
	});
	expect(readConfig({ PORT: "", HOST: "  ", DATABASE_URL: "", SLACK_BOT_TOKEN: " " })).toMatchObject({
		localMode: true,
		port: 3000,
	});
});

test("every variable is read", () => {
	const config = readConfig({
		...SLACK,
		...TEAMS,
		...OIDC,
		...DATABASE,
		PORT: "8080",
		HOST: "0.0.0.0",
		PUBLIC_URL: "https://draven.acme.test/",
		DRAVEN_DATA_DIR: "/var/lib/draven",
		DRAVEN_SECRET_KEY: `${KEY}, ${OTHER_KEY}`,
		DRAVEN_CONFIG: "/etc/draven.yaml",
		DRAVEN_INIT_API_TOKEN: "t".repeat(16),
		SLACK_APP_TOKEN: "xapp-1",
		SLACK_API_URL: "http://127.0.0.1:9/api/",
		MicrosoftAppType: "SingleTenant",
		MicrosoftAppTenantId: "tenant",
		GRAPH_BASE_URL: "http://localhost:9/v1.0/",
		DRAVEN_POLL_INTERVAL: "1",
		LOG_LEVEL: "debug",
		LOG_FORMAT: "pretty",
	});
	expect(config).toMatchObject({
		port: 8080,
		publicUrl: "https://draven.acme.test",
		databaseUrl: DATABASE.DATABASE_URL,
		dataDir: "/var/lib/draven",
		secretKeys: [Buffer.alloc(32, 7), Buffer.alloc(32, 8)],
		configFile: "/etc/draven.yaml",
		slack: {
			botToken: "xoxb-1-2",
			signingSecret: "0123456789abcdef",
			appToken: "xapp-1",
			apiUrl: "http://127.0.0.1:9/api/",
		},
		teams: {
			...{ kind: "app", appId: "app", appPassword: TEAMS.MicrosoftAppPassword },
			...{ appType: "SingleTenant", tenantId: "tenant" },
			...{ loginUrl: null, oauthScope: null, tokenIssuer: null, openIdMetadataUrl: null },
		},
		oidc: { issuer: "https://login.acme.test/", clientId: "draven", clientSecret: OIDC.OIDC_CLIENT_SECRET },
		graphBaseUrl: "http://localhost:9/v1.0",
		pollIntervalSeconds: 1,
		logLevel: "debug",
		logFormat: "pretty",
		localMode: false,
	});
	expect(new Set(secretsOf(config))).toEqual(
		new Set([
			"xoxb-1-2",
			"0123456789abcdef",
			"xapp-1",
			TEAMS.MicrosoftAppPassword,
			OIDC.OIDC_CLIENT_SECRET,
			"t".repeat(16),
			"p%40ss-word",
			"p@ss-word",
			KEY,
			OTHER_KEY,
		]),
	);
});

test.each([
	["UserAssignedMsi", "UserAssignedMSI"],
	["singletenant", "SingleTenant"],
])("MicrosoftAppType may be written %s, as Microsoft's library takes it", (written, appType) => {
	const { teams } = readConfig({ ...TEAMS, ...DATABASE, MicrosoftAppType: written, MicrosoftAppTenantId: "tenant" });
	expect(teams).toMatchObject({ appType });
});

describe("local mode: no chat credentials, and on loopback", () => {
	test.each([
		[{ HOST: "localhost" }, true],
		[{ HOST: "::1" }, true],
		[{ HOST: "[::1]" }, true],
		[{ HOST: "0.0.0.0" }, false],
		[{ HOST: "::" }, false],
		[{ HOST: "10.1.2.3" }, false],
		[{ HOST: "draven.acme.test" }, false],
		[{ SLACK_API_URL: "http://127.0.0.1:9/" }, true],
		[DATABASE, true],
		[SLACK, false],
		[TEAMS, false],
	] as const)("%j: %s", (env, local) => {
		expect(readConfig(env).localMode).toBe(local);
	});
	test("an address of IPv6 is written as a URL needs it", () => {
		expect(readConfig({ HOST: "::1" }).publicUrl).toBe("http://[::1]:3000");
	});
});

const BAD: readonly (readonly [variable: string, env: Record<string, string>])[] = [
	...["-1", "65536", "80a", "3000.5", "0x50", "٣"].map((PORT) => ["PORT", { PORT }] as const),
	...["a b", "http://x", "127.0.0.1/8"].map((HOST) => ["HOST", { HOST }] as const),
	...[
		"draven.acme.test",
		"http://draven.acme.test",
		"https://u:hidden-value@x.test",
		"https://x.test/?q=1",
		"ftp://x.test",
	].map((PUBLIC_URL) => ["PUBLIC_URL", { PUBLIC_URL }] as const),
	...["mysql://u:hidden-value@h/d", "host=db password=hidden-value", "postgres://u:hidden-value%zz@h/d"].map(
		(DATABASE_URL) => ["DATABASE_URL", { DATABASE_URL, DRAVEN_SECRET_KEY: KEY }] as const,
	),
	["DRAVEN_SECRET_KEY", { DATABASE_URL: DATABASE.DATABASE_URL }],
	...["hidden-value", KEY.slice(0, -4), `${KEY}AAAA`, `${KEY},hidden-value`, `${KEY},`, "!".repeat(44)].map(
		(DRAVEN_SECRET_KEY) => ["DRAVEN_SECRET_KEY", { DRAVEN_SECRET_KEY }] as const,
	),
	["DRAVEN_INIT_API_TOKEN", { DRAVEN_INIT_API_TOKEN: "hidden-value" }],
	["DRAVEN_INIT_API_TOKEN", { DRAVEN_INIT_API_TOKEN: "hidden-value with spaces" }],
	["SLACK_BOT_TOKEN", { SLACK_SIGNING_SECRET: "hidden-value" }],
	["SLACK_BOT_TOKEN", { SLACK_APP_TOKEN: "xapp-1" }],
	["SLACK_BOT_TOKEN", { ...SLACK, SLACK_BOT_TOKEN: "hidden-value" }],
	["SLACK_SIGNING_SECRET", { SLACK_BOT_TOKEN: "xoxb-1" }],
	["SLACK_APP_TOKEN", { ...SLACK, SLACK_APP_TOKEN: "hidden-value" }],
	["SLACK_API_URL", { ...SLACK, SLACK_API_URL: "http://slack.test/api/" }],
	["MicrosoftAppId", { MicrosoftAppPassword: "hidden-value" }],
	["MicrosoftAppPassword", { MicrosoftAppId: "app" }],
	["MicrosoftAppType", { ...TEAMS, MicrosoftAppType: "hidden-value" }],
	["MicrosoftAppTenantId", { MicrosoftAppId: "app", MicrosoftAppPassword: "hidden-value" }],
	["ToChannelFromBotLoginUrl", { ...TEAMS, ToChannelFromBotLoginUrl: "http://login.test" }],
	["ToBotFromChannelOpenIdMetadataUrl", { ...TEAMS, ToBotFromChannelOpenIdMetadataUrl: "http://keys.test" }],
	["DRAVEN_TEAMS_INSECURE_LOCAL", { DRAVEN_TEAMS_INSECURE_LOCAL: "true", HOST: "0.0.0.0" }],
	["DRAVEN_TEAMS_INSECURE_LOCAL", { ...TEAMS, DRAVEN_TEAMS_INSECURE_LOCAL: "true" }],
	["DRAVEN_TEAMS_INSECURE_LOCAL", { DRAVEN_TEAMS_INSECURE_LOCAL: "hidden-value" }],
	["OIDC_ISSUER", { OIDC_CLIENT_SECRET: "hidden-value" }],
	["OIDC_CLIENT_ID", { ...OIDC, OIDC_CLIENT_ID: "" }],
	["OIDC_CLIENT_SECRET", { ...OIDC, OIDC_CLIENT_SECRET: "" }],
	...[
		"http://login.acme.test",
		"login.acme.test",
		"https://login.acme.test/.well-known/openid-configuration",
		"https://login.microsoftonline.com/common/v2.0",
		"https://login.microsoftonline.us/organizations/v2.0",
	].map((OIDC_ISSUER) => ["OIDC_ISSUER", { ...OIDC, OIDC_ISSUER }] as const),
	["GRAPH_BASE_URL", { GRAPH_BASE_URL: "http://graph.test" }],
	...["0", "-5", "3601", "30s"].map(
		(DRAVEN_POLL_INTERVAL) => ["DRAVEN_POLL_INTERVAL", { DRAVEN_POLL_INTERVAL }] as const,
	),
	["LOG_LEVEL", { LOG_LEVEL: "loud" }],
	["LOG_FORMAT", { LOG_FORMAT: "xml" }],
];

test.each(BAD)("%s of %j stops the start with one line that names it and shows no value", (variable, env) => {
	let error: unknown = null;
	try {
		readConfig(env);
	} catch (thrown) {
		error = thrown;
	}
	expect(error).toBeInstanceOf(ConfigError);
	const { message } = error as ConfigError;
	expect(message).toMatch(new RegExp(`^${variable} (has|is|must) [^\\n]+\\.$`));
	expect(message).not.toContain("hidden-value");
	expect(message).not.toContain(KEY.slice(0, 20));
});

test("a draven.yaml may name every variable but those that keep DRAVEN itself safe", () => {
	const { variable } = readConfig({
		...SLACK,
		...TEAMS,
		...OIDC,
		...DATABASE,
		DRAVEN_INIT_API_TOKEN: "t".repeat(16),
		GITHUB_TOKEN: "x",
		DRAVEN_GITHUB_TOKEN: "y",
	});
	expect(variable("GITHUB_TOKEN")).toBe("x");
	expect(variable("DRAVEN_GITHUB_TOKEN")).toBe("y");
	for (const name of [
		"SLACK_BOT_TOKEN",
		"SLACK_SIGNING_SECRET",
		"MicrosoftAppPassword",
		"OIDC_CLIENT_SECRET",
		"DATABASE_URL",
		"DRAVEN_SECRET_KEY",
		"DRAVEN_INIT_API_TOKEN",
		"NOWHERE",
	])
		expect([name, variable(name)]).toEqual([name, undefined]);
});
