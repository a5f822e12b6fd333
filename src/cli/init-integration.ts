import type { DataSource } from "typeorm";
import { readPipelineFile } from "../pipeline-files.ts";
import { Sentence } from "../sentence.ts";
import { EnvironmentTable, type Provider } from "../store/entities.ts";
import { findProject, policyOf } from "../use-cases/catalog.ts";
import { type Cli, type ExitCode, printJson, withStore } from "./cli.ts";

export interface InitOptions {
	readonly project?: string;
	readonly json: boolean;
}

/** `draven integration init <provider>`: the ready pipeline file, filled in for one project. */
export async function initIntegrationCommand(cli: Cli, provider: Provider, options: InitOptions): Promise<ExitCode> {
	const { project: slug, json } = options;
	const project = slug === undefined ? null : await withStore(cli, ({ db }) => projectFacts(db, provider, slug));
	const file = await readPipelineFile(provider, project);
	if (json) {
		printJson(cli, file);
		return 0;
	}
	cli.print(file.content);
	cli.tell(
		provider === "runner"
			? `\nThis is ${file.path} of the repository: commit it as an executable file.\n`
			: `\nThis is ${file.path} of the repository. It calls deploy/run.sh, which \`draven integration init runner\` prints.\n`,
	);
	return 0;
}

async function projectFacts(db: DataSource, provider: Provider, slug: string) {
	const found = await findProject(db, slug);
	if (found === null) throw new Sentence(`There is no project "${slug}"; \`draven export\` shows which there are.`);
	const { project, integration } = found;
	if (integration.provider !== provider)
		throw new Sentence(
			`${slug} is deployed by ${integration.slug}, which is of ${integration.provider}: draven integration init ${integration.provider} --project ${slug}.`,
		);
	const mode = integration.settings.mode ?? "variables";
	return { ...project, mode, parameters: await parametersOf(db, project.id) };
}

/** Of all its environments: one file serves them. */
async function parametersOf(db: DataSource, projectId: string): Promise<string[]> {
	const environments = await db
		.getRepository(EnvironmentTable)
		.find({ where: { projectId }, order: { position: "ASC" } });
	const names = new Set<string>();
	for (const { policy: called, archivedAt } of environments) {
		const policy = archivedAt === null ? await policyOf(db.manager, called) : null;
		if (policy?.ok === false) throw new Sentence(`The policy ${called} cannot be evaluated: ${policy.message}`);
		for (const name of Object.keys(policy?.policy.parameters ?? {})) names.add(name);
	}
	return [...names].sort();
}
