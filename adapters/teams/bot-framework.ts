import {
	CloudAdapter,
	ConfigurationBotFrameworkAuthentication,
	ConfigurationServiceClientCredentialFactory,
} from "botbuilder";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { connectorHttp } from "./connector-http.ts";
import { ANY_REGION, isServiceUrl } from "./service-url.ts";
import type { TeamsApp } from "./teams-app.ts";
import { passwordTokens, type Tokens } from "./tokens.ts";

/** Microsoft's library, set up: nothing of it is seen further out than `authenticate` and `connection`. */
export interface BotFramework {
	readonly authentication: ConfigurationBotFrameworkAuthentication;
	readonly adapter: CloudAdapter;
	/** Empty: the Playground. */
	readonly appId: string;
	readonly tokenIssuer: string;
	readonly oauthScope: string;
	/** Null: the Playground asks for none. */
	readonly tokens: Tokens | null;
	/** Whether our token may be sent to this server. */
	readonly mayHaveToken: (url: string) => boolean;
	/** The server of what nothing was heard from yet; null: it is to be waited for. */
	readonly anyRegion: string | null;
}

const LOGIN = "https://login.microsoftonline.com";
const BOT_FRAMEWORK = "https://api.botframework.com";
const OPENID = "https://login.botframework.com/v1/.well-known/openidconfiguration";
const EMULATOR_OPENID = `${LOGIN}/common/v2.0/.well-known/openid-configuration`;
const SEND_WITHIN_MS = 10_000;

/** `app` null: whoever speaks is believed, which is for the Playground on this machine alone. */
export function botFramework(
	app: TeamsApp | null,
	now: () => number = Date.now,
	sendWithinMs = SEND_WITHIN_MS,
): BotFramework {
	const loopback = app === null || [app.loginUrl, app.openIdMetadataUrl].some((url) => url?.startsWith("http:"));
	const mayHaveToken = (url: string) => isServiceUrl(url, loopback);
	const tokenIssuer = app?.tokenIssuer ?? BOT_FRAMEWORK;
	const oauthScope = app?.oauthScope ?? BOT_FRAMEWORK;
	const tokens = app === null ? null : tokensOf(app, now);
	const authentication = new ConfigurationBotFrameworkAuthentication(
		{
			ToChannelFromBotLoginUrl: app === null ? LOGIN : loginUrlOf(app),
			ToChannelFromBotOAuthScope: oauthScope,
			ToBotFromChannelTokenIssuer: tokenIssuer,
			ToBotFromChannelOpenIdMetadataUrl: app?.openIdMetadataUrl ?? OPENID,
			ToBotFromEmulatorOpenIdMetadataUrl: EMULATOR_OPENID,
			OAuthUrl: BOT_FRAMEWORK,
		},
		app === null || tokens === null
			? new ConfigurationServiceClientCredentialFactory()
			: credentials(app.appId, tokens, oauthScope),
		undefined,
		undefined,
		{ httpClient: connectorHttp({ mayHaveToken, tokens, withinMs: sendWithinMs }) },
	);
	const adapter = new CloudAdapter(authentication);
	const anyRegion = loopback ? null : ANY_REGION;
	return { authentication, adapter, appId: app?.appId ?? "", tokenIssuer, oauthScope, tokens, mayHaveToken, anyRegion };
}

function loginUrlOf(app: TeamsApp): string {
	return app.loginUrl ?? `${LOGIN}/${app.appType === "MultiTenant" ? "botframework.com" : app.tenantId}`;
}

type CredentialsFactory = NonNullable<ConstructorParameters<typeof ConfigurationBotFrameworkAuthentication>[1]>;

/** The library's own sign-in takes no address on this machine, so it is given ours; which is the one that Graph is asked with, too. */
function credentials(appId: string, tokens: Tokens, oauthScope: string): CredentialsFactory {
	return {
		isValidAppId: async (id) => id.toLowerCase() === appId.toLowerCase(),
		isAuthenticationDisabled: async () => false,
		createCredentials: async () => ({
			async signRequest(request) {
				request.headers.set("authorization", `Bearer ${await tokens.get(`${oauthScope}/.default`)}`);
				return request;
			},
		}),
	};
}

function tokensOf(app: TeamsApp, now: () => number): Tokens {
	const { appId, appPassword } = app;
	if (appPassword === null) return managedIdentityTokens(app);
	const botUrl = loginUrlOf(app);
	const tenantUrl = app.loginUrl ?? `${LOGIN}/${app.tenantId}`;
	const at = (loginUrl: string) =>
		passwordTokens({
			loginUrl,
			appId,
			password: appPassword,
			now,
			fetch: boundedFetch("Microsoft's sign-in", loginUrl),
		});
	const forBot = at(botUrl);
	const forTenant = botUrl === tenantUrl ? forBot : at(tenantUrl);
	const botScope = `${app.oauthScope ?? BOT_FRAMEWORK}/.default`;
	return {
		get: (scope) => (scope === botScope ? forBot : forTenant).get(scope),
		refused: (token) =>
			forBot === forTenant ? forBot.refused(token) : forBot.refused(token) && forTenant.refused(token),
	};
}

/** The library knows how to ask the machine for the tokens of its identity. */
function managedIdentityTokens({ appId, tenantId }: TeamsApp): Tokens {
	const factory = new ConfigurationServiceClientCredentialFactory({
		MicrosoftAppType: "UserAssignedMsi",
		MicrosoftAppId: appId,
		MicrosoftAppTenantId: tenantId,
	});
	return {
		// The library keeps them by itself, and renews them before their end.
		refused: () => false,
		async get(scope) {
			try {
				const made: object = await factory.createCredentials(appId, scope.replace(/\/\.default$/, ""), LOGIN, true);
				if (!("getToken" in made) || typeof made.getToken !== "function") throw new Error("no tokens can be had");
				return String(await made.getToken());
			} catch (error) {
				throw new VendorError(
					"unavailable",
					"The machine gave no token of its managed identity: check that MicrosoftAppId is the client ID of one that is assigned to it.",
					{ cause: error },
				);
			}
		},
	};
}
