import { BitbucketPipeline } from "../adapters/bitbucket/pipeline.ts";
import { GitHubPipeline } from "../adapters/github/pipeline.ts";
import { GitLabPipeline } from "../adapters/gitlab/pipeline.ts";
import { RunnerPipeline } from "../adapters/runner/pipeline.ts";
import { bitbucketOptions, githubOptions, gitlabOptions } from "./adapter-options.ts";
import { secretValues } from "./configuration/integrations.ts";
import type { Deps } from "./deps.ts";
import type { Store } from "./open-store.ts";
import type { PipelinePort } from "./ports/pipeline.ts";
import { quietPipeline } from "./ports/quiet-pipeline.ts";
import type { IntegrationRow } from "./store/entities.ts";
import { runnerQueue } from "./store/runner-queue.ts";

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
		// Where they cannot be opened, no pipeline is made.
		const secrets = () => secretValues(store.box, integration) ?? [];
		const port = quietPipeline(makePipeline(store, env, now, integration), secrets);
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
	const { provider } = integration;
	if (provider === "runner") return new RunnerPipeline({ queue: runnerQueue(store.db, integration.id), env });
	if (provider === "gitlab") return new GitLabPipeline(gitlabOptions(store.box, integration, now));
	if (provider === "bitbucket") return new BitbucketPipeline(bitbucketOptions(store.box, integration, now));
	return new GitHubPipeline(githubOptions(store.box, integration, now));
}
