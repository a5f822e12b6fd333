import type { BitbucketOptions } from "../adapters/bitbucket/client.ts";
import type { GitHubOptions } from "../adapters/github/client.ts";
import { openSecrets } from "./configuration/integrations.ts";
import { VendorError } from "./ports/vendor-error.ts";
import type { IntegrationRow } from "./store/entities.ts";
import type { SecretBox } from "./store/secret-box.ts";

const GITHUB = "https://api.github.com";
const BITBUCKET = "https://api.bitbucket.org";

/** How an integration speaks to GitHub. Throws VendorError when it has no credentials. */
export function githubOptions(box: SecretBox, integration: IntegrationRow, now: () => Date): GitHubOptions {
	const { token, app: sealed } = openSecrets(box, integration);
	const { app } = integration.settings;
	const common = { baseUrl: integration.baseUrl ?? GITHUB, now };
	if (token !== undefined) return { ...common, auth: { token } };
	if (app !== undefined && sealed !== undefined)
		return { ...common, auth: { app: { ...app, privateKey: sealed.privateKey } } };
	throw new VendorError(
		"unauthorized",
		`The integration ${integration.slug} has neither a token nor an app: add one in draven.yaml.`,
	);
}

/** How an integration speaks to Bitbucket. Throws VendorError when it has no token. */
export function bitbucketOptions(box: SecretBox, integration: IntegrationRow, now: () => Date): BitbucketOptions {
	const { token } = openSecrets(box, integration);
	if (token === undefined)
		throw new VendorError("unauthorized", `The integration ${integration.slug} has no token: add one in draven.yaml.`);
	return { baseUrl: integration.baseUrl ?? BITBUCKET, token, now };
}
