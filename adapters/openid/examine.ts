import { type Finding, fine, wrong } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { type OpenIdOptions, openIdProvider } from "./provider.ts";

/** What can be seen of the provider without signing in. */
export async function examineOpenId(options: OpenIdOptions, back: string): Promise<Finding[]> {
	const provider = openIdProvider(options);
	try {
		await provider.reach();
		return [fine("OpenID Connect", `${provider.host} answers; the redirect address to register there is ${back}`)];
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return [
			wrong(
				"OpenID Connect",
				error.message,
				"Check OIDC_ISSUER: it has to be the issuer as the provider writes it, without /.well-known. Links from chat work meanwhile.",
			),
		];
	}
}
