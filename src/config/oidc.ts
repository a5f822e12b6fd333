import { type Get, readUrl, wrong } from "./variables.ts";

export interface OidcConfig {
	/** As it was written: a slash at its end is a part of it. */
	readonly issuer: string;
	readonly clientId: string;
	readonly clientSecret: string;
}

/** Issuers of Entra that speak for every directory, or for everybody's private account. */
const EVERYBODYS = /^\/(common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(\/|$)/i;

export function readOidc(get: Get): OidcConfig | null {
	const issuer = get("OIDC_ISSUER");
	const clientId = get("OIDC_CLIENT_ID");
	const clientSecret = get("OIDC_CLIENT_SECRET");
	if (issuer === null && clientId === null && clientSecret === null) return null;
	const url = readUrl(get, "OIDC_ISSUER");
	if (issuer === null || url === null)
		wrong("OIDC_ISSUER", "is missing: sign-in by OpenID Connect needs it, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET");
	if (clientId === null)
		wrong("OIDC_CLIENT_ID", "is missing: set it to the id that the OpenID provider gave to DRAVEN");
	if (clientSecret === null)
		wrong("OIDC_CLIENT_SECRET", "is missing: set it to the secret that the OpenID provider gave to DRAVEN");
	if (new URL(url).hostname.startsWith("login.") && EVERYBODYS.test(new URL(url).pathname))
		wrong(
			"OIDC_ISSUER",
			"must not let every directory of Entra vouch for any address: use the one of your own, https://login.microsoftonline.com/<directory id>/v2.0",
		);
	if (/\/\.well-known\//.test(issuer)) wrong("OIDC_ISSUER", "has to be the issuer alone, without /.well-known/…");
	return Object.freeze({ issuer, clientId, clientSecret });
}
