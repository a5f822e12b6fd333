import {
	AuthorizationResponseError,
	allowInsecureRequests,
	authorizationCodeGrant,
	buildAuthorizationUrl,
	type ClientAuth,
	ClientSecretBasic,
	ClientSecretPost,
	type Configuration,
	calculatePKCECodeChallenge,
	customFetch,
	discovery,
	enableNonRepudiationChecks,
	fetchUserInfo,
	ResponseBodyError,
	randomNonce,
	randomPKCECodeVerifier,
	randomState,
} from "openid-client";
import type { OidcConfig } from "../../src/config/oidc.ts";
import type { IdentityProvider } from "../../src/ports/identity-provider.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { type Claims, isEntra, verifiedEmail } from "./verified-email.ts";

export interface OpenIdOptions extends OidcConfig {
	/** How long one call may take. */
	readonly withinMs?: number;
	readonly now?: () => number;
}

const WITHIN_MS = 5_000;
/** What the provider says of itself is read again after this. */
const FRESH_MS = 3_600_000;
/** A provider that did not answer is not asked anew by everybody who comes. */
const AGAIN_MS = 5_000;

/** A provider of OpenID Connect: authorization code, PKCE, state, nonce, and a signature that is checked. */
export function openIdProvider(options: OpenIdOptions): IdentityProvider {
	const { issuer, clientId, clientSecret, withinMs = WITHIN_MS, now = () => performance.now() } = options;
	const { host } = new URL(issuer);
	let known: { readonly found: Promise<Configuration>; readonly at: number; failed: VendorError | null } | null = null;

	function configuration(): Promise<Configuration> {
		const age = known === null ? Number.POSITIVE_INFINITY : now() - known.at;
		if (known !== null && age < (known.failed === null ? FRESH_MS : AGAIN_MS)) return known.found;
		const looking = { found: discover(), at: now(), failed: null as VendorError | null };
		known = looking;
		looking.found.catch((error: unknown) => {
			looking.failed = said(error);
		});
		return looking.found;
	}

	async function discover(): Promise<Configuration> {
		const found = await discovery(new URL(issuer), clientId, undefined, secretIn(clientSecret), {
			...{ timeout: withinMs / 1_000, [customFetch]: limitedFetch(withinMs) },
			execute: [enableNonRepudiationChecks, ...(issuer.startsWith("http:") ? [allowInsecureRequests] : [])],
		});
		if (found.serverMetadata().issuer.includes("{"))
			throw new VendorError("rejected", `${host} speaks for every directory, and only one can be believed.`);
		return found;
	}

	/** Everything that goes wrong becomes a sentence. What the provider sent is not in it: it may carry codes and tokens. */
	function said(error: unknown): VendorError {
		for (let one = error; one instanceof Error; one = one.cause as unknown) if (one instanceof VendorError) return one;
		if (error instanceof AuthorizationResponseError)
			return new VendorError("rejected", `${host} did not let you in (${word(error.error)}).`);
		if (error instanceof ResponseBodyError && error.error === "invalid_client")
			return new VendorError("unauthorized", `${host} does not accept the OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.`);
		if (error instanceof ResponseBodyError)
			return new VendorError("rejected", `${host} does not take this sign-in (${word(error.error)}).`);
		const code = error instanceof Error && "code" in error ? word(error.code) : "unknown";
		return new VendorError("rejected", `What ${host} sent cannot be believed (${code}).`, { cause: error });
	}

	async function told<T>(work: () => Promise<T>): Promise<T> {
		try {
			return await work();
		} catch (error) {
			throw said(error);
		}
	}

	return {
		host,
		reach: () => told(async () => void (await configuration())),
		begin: (back) =>
			told(async () => {
				const found = await configuration();
				const begun = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
				const { href } = buildAuthorizationUrl(found, {
					redirect_uri: back,
					scope: "openid email profile",
					response_type: "code",
					...{ state: begun.state, nonce: begun.nonce, code_challenge_method: "S256" },
					code_challenge: await calculatePKCECodeChallenge(begun.verifier),
				});
				return { url: href, begun };
			}),
		finish: (answer, { state, nonce, verifier }) =>
			told(async () => {
				const found = await configuration();
				const checks = {
					expectedState: state,
					expectedNonce: nonce,
					pkceCodeVerifier: verifier,
					idTokenExpected: true,
				};
				const tokens = await authorizationCodeGrant(found, answer, checks);
				const proof = tokens.claims();
				if (proof === undefined) throw new VendorError("rejected", `${host} did not say who you are.`);
				// The address may be told at another place; at Entra that place does not say whether it is verified.
				const asked =
					proof["email"] === undefined && !isEntra(host) && found.serverMetadata().userinfo_endpoint !== undefined;
				const claims: Claims = asked
					? { ...(await fetchUserInfo(found, tokens.access_token, proof.sub)), iss: proof.iss }
					: proof;
				const email = verifiedEmail(claims, host);
				const { name } = claims;
				return { email, name: typeof name === "string" && name.trim() !== "" ? name.trim().slice(0, 100) : email };
			}),
	};
}

/** In the way that the provider takes; what it does not say means Basic (OpenID Connect Discovery, section 3). */
function secretIn(secret: string): ClientAuth {
	const [post, basic] = [ClientSecretPost(secret), ClientSecretBasic(secret)];
	return (server, ...rest) =>
		(server.token_endpoint_auth_methods_supported?.includes("client_secret_post") ? post : basic)(server, ...rest);
}

/** Of any host that the provider names: its endpoints need not lie at the issuer's. */
function limitedFetch(withinMs: number) {
	return (url: string, init: RequestInit | { readonly body: unknown }) =>
		boundedFetch("OpenID Connect", url, withinMs)(url, { ...(init as RequestInit), redirect: "manual" });
}

function word(value: unknown): string {
	return typeof value === "string" && /^\w{1,60}$/.test(value) ? value : "unknown";
}
