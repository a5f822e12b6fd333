import { BitbucketCheckup } from "../adapters/bitbucket/checkup.ts";
import { GitHubCheckup } from "../adapters/github/checkup.ts";
import { GitLabCheckup } from "../adapters/gitlab/checkup.ts";
import { bitbucketOptions, githubOptions, gitlabOptions } from "./adapter-options.ts";
import type { CheckupPort } from "./ports/checkup.ts";
import type { IntegrationRow } from "./store/entities.ts";
import type { SecretBox } from "./store/secret-box.ts";

/** Who looks after an integration at its provider; null: a runner, which has none. Throws VendorError when it has no credentials. */
export function makeCheckup(box: SecretBox, integration: IntegrationRow, now: () => Date): CheckupPort | null {
	switch (integration.provider) {
		case "github":
			return new GitHubCheckup(githubOptions(box, integration, now));
		case "bitbucket":
			return new BitbucketCheckup(bitbucketOptions(box, integration, now));
		case "gitlab":
			return new GitLabCheckup(gitlabOptions(box, integration, now));
		case "runner":
			return null;
		default:
			return integration.provider satisfies never;
	}
}
