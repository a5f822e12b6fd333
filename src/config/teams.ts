import { isLoopbackHost } from "../core/base-url.ts";
import { type Get, readChoice, readUrl, wrong } from "./variables.ts";

const TEAMS_APP_TYPES = ["MultiTenant", "SingleTenant", "UserAssignedMSI"] as const;
type TeamsAppType = (typeof TEAMS_APP_TYPES)[number];

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

export function readTeams(get: Get, host: string): TeamsConfig | null {
	const appId = get("MicrosoftAppId");
	const appPassword = get("MicrosoftAppPassword");
	const tenantId = get("MicrosoftAppTenantId");
	// Microsoft itself writes it in more than one way ("UserAssignedMsi"), and its library takes them all.
	const written = (name: string) =>
		TEAMS_APP_TYPES.find((one) => one.toLowerCase() === get(name)?.toLowerCase()) ?? get(name);
	const appType = readChoice(written, "MicrosoftAppType", TEAMS_APP_TYPES) ?? "SingleTenant";
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
