import { BitbucketPipeline } from "../adapters/bitbucket/pipeline.ts";
import { GitHubPipeline } from "../adapters/github/pipeline.ts";
import { GitLabPipeline } from "../adapters/gitlab/pipeline.ts";
import { RunnerPipeline } from "../adapters/runner/pipeline.ts";
import { openSecrets } from "./configuration/integrations.ts";
import type { Deps } from "./deps.ts";
import type { Store } from "./open-store.ts";
import type { PipelinePort } from "./ports/pipeline.ts";
import { VendorError } from "./ports/vendor-error.ts";
import type { IntegrationRow } from "./store/entities.ts";
import { runnerQueue } from "./store/runner-queue.ts";

const GITHUB = "https://api.github.com";
const GITLAB = "https://gitlab.com";
const BITBUCKET = "https://api.bitbucket.org";

/** The adapter of each integration, made again when its configuration changes. */
export function makePipelines(
	store: Pick<Store, "db" | "box">,
	env: Readonly<Record<string, string | undefined>>,
	now: () => Date,
): Deps["pipelineOf"] {
	const made = new Map<string, { readonly from: string; readonly port: PipelinePort }>();
	return (integration) => {
		const from = JSON.stringify([integration.provider, integration.baseUrl, integration.settings, integration.secrets]);
		const known = made.get(integration.id);
		if (known?.from === from) return known.port;
		const port = makePipeline(store, env, now, integration);
		made.set(integration.id, { from, port });
		return port;
	};
}

function makePipeline(
	store: Pick<Store, "db" | "box">,
	env: Readonly<Record<string, string | undefined>>,
	now: () => Date,
	integration: IntegrationRow,
): PipelinePort {
	const { slug, provider } = integration;
	if (provider === "runner") return new RunnerPipeline({ queue: runnerQueue(store.db, integration.id, now), env });
	const secrets = openSecrets(store.box, integration);
	if (provider === "gitlab" || provider === "bitbucket") {
		const { token } = secrets;
		if (token === undefined)
			throw new VendorError("unauthorized", `The integration ${slug} has no token: add one in draven.yaml.`);
		if (provider === "bitbucket")
			return new BitbucketPipeline({ baseUrl: integration.baseUrl ?? BITBUCKET, token, now });
		const mode = integration.settings.mode ?? "variables";
		return new GitLabPipeline({ baseUrl: integration.baseUrl ?? GITLAB, token, mode, now });
	}
	const baseUrl = integration.baseUrl ?? GITHUB;
	const { app } = integration.settings;
	if (secrets.token !== undefined) return new GitHubPipeline({ baseUrl, auth: { token: secrets.token }, now });
	if (app !== undefined && secrets.app !== undefined)
		return new GitHubPipeline({ baseUrl, auth: { app: { ...app, privateKey: secrets.app.privateKey } }, now });
	throw new VendorError(
		"unauthorized",
		`The integration ${slug} has neither a token nor an app: add one in draven.yaml.`,
	);
}
