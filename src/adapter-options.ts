import type { BitbucketOptions } from "../adapters/bitbucket/client.ts";
import type { GitHubOptions } from "../adapters/github/client.ts";
import type { GitLabOptions } from "../adapters/gitlab/client.ts";
import type { Mode } from "../adapters/gitlab/trigger.ts";
import { openSecrets } from "./configuration/integrations.ts";
import { VendorError } from "./ports/vendor-error.ts";
import type { IntegrationRow } from "./store/entities.ts";
import type { SecretBox } from "./store/secret-box.ts";

const GITHUB = "https://api.github.com";
const GITLAB = "https://gitlab.com";
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

/** How an integration speaks to GitLab. Throws VendorError when it has no token. */
export function gitlabOptions(
	box: SecretBox,
	integration: IntegrationRow,
	now: () => Date,
): GitLabOptions & { readonly mode: Mode } {
	const mode = integration.settings.mode ?? "variables";
	return { baseUrl: integration.baseUrl ?? GITLAB, token: tokenOf(box, integration), mode, now };
}

/** How an integration speaks to Bitbucket. Throws VendorError when it has no token. */
export function bitbucketOptions(box: SecretBox, integration: IntegrationRow, now: () => Date): BitbucketOptions {
	return { baseUrl: integration.baseUrl ?? BITBUCKET, token: tokenOf(box, integration), now };
}

function tokenOf(box: SecretBox, integration: IntegrationRow): string {
	const { token } = openSecrets(box, integration);
	if (token !== undefined) return token;
	throw new VendorError("unauthorized", `The integration ${integration.slug} has no token: add one in draven.yaml.`);
}
