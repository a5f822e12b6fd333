import { readFile } from "node:fs/promises";
import { stringify } from "yaml";
import type { ProjectRow, Provider } from "./store/entities.ts";
import { fillPipelineFile } from "./words/fill-pipeline-file.ts";

type Named = Pick<ProjectRow, "slug" | "pipeline">;

interface PipelineFile {
	/** Below manifests/pipelines. */
	readonly template: string;
	/** Where it belongs in the repository of a project; null: of any. */
	readonly path: (project: Named | null) => string;
	/** What is called after the project in it. */
	readonly names: (template: string, project: Named) => string;
}

/** The ready file of each provider. */
const FILES: Readonly<Record<Provider, PipelineFile>> = {
	github: {
		template: "github/deploy.yml",
		path: (project) => `.github/workflows/${project?.pipeline ?? "deploy.yml"}`,
		names: (template, { slug, pipeline }) =>
			template
				.replace(/^name: Deploy$/m, `name: Deploy ${slug}`)
				.replace("workflows/deploy.yml", `workflows/${pipeline}`),
	},
	gitlab: gitlabFile("gitlab/.gitlab-ci.yml"),
	bitbucket: {
		template: "bitbucket/bitbucket-pipelines.yml",
		path: () => "bitbucket-pipelines.yml",
		names: (template, { pipeline }) =>
			template
				.replace(/^ {4}deploy:$/m, `    ${stringify(pipeline).trimEnd()}:`)
				.replace("custom pipeline `deploy`", `custom pipeline \`${pipeline}\``),
	},
	runner: {
		template: "deploy/run.sh",
		path: (project) => project?.pipeline ?? "deploy/run.sh",
		names: (template, { slug }) => template.replace(/^app=shop$/m, `app=${slug}`),
	},
};

/** Where the integration passes values as inputs, the file declares them. */
const GITLAB_INPUTS = gitlabFile("gitlab/.gitlab-ci-inputs.yml");

function gitlabFile(template: string): PipelineFile {
	return {
		template,
		path: () => ".gitlab-ci.yml",
		names: (text, { slug }) => text.replace(/^( *resource_group: )deploy-/m, `$1${slug}-`),
	};
}

export interface FilledFile {
	readonly path: string;
	readonly content: string;
}

/** The ready pipeline file of a provider, filled in for a project and the names of its parameters. */
export async function readPipelineFile(
	provider: Provider,
	project: (Named & { readonly parameters: readonly string[]; readonly mode?: "variables" | "inputs" }) | null,
): Promise<FilledFile> {
	const file = provider === "gitlab" && project?.mode === "inputs" ? GITLAB_INPUTS : FILES[provider];
	// This module runs from build/src/.
	const template = await readFile(new URL(`../../manifests/pipelines/${file.template}`, import.meta.url), "utf8");
	const content = project === null ? template : fillPipelineFile(file.names(template, project), project.parameters);
	return { path: file.path(project), content };
}
