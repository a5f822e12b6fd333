import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import { inScope, type Reach } from "../core/access.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Known } from "../core/command.ts";
import { type EffectivePolicy, effectivePolicy } from "../core/policy.ts";
import type { PipelineProject } from "../ports/pipeline.ts";
import {
	type EnvironmentRow,
	EnvironmentTable,
	type IntegrationRow,
	IntegrationTable,
	type PolicyRow,
	PolicyTable,
	type ProjectRow,
	ProjectTable,
} from "../store/entities.ts";

/** Everything configured of one environment. */
export interface Place {
	readonly project: ProjectRow;
	readonly environment: EnvironmentRow;
	readonly integration: IntegrationRow;
	readonly pipeline: PipelineProject;
}

/** The policy that rules an environment now; a stored one that cannot be read refuses every run. */
export type PlacePolicy =
	| { readonly ok: true; readonly policy: EffectivePolicy; readonly version: string }
	| { readonly ok: false; readonly message: string };

type Reader = Pick<EntityManager, "getRepository">;

export function pipelineProject(project: ProjectRow): PipelineProject {
	return { repository: project.repository, pipeline: project.pipeline, defaultRef: project.defaultRef };
}

/** Projects and environments as people may name them. */
export async function knownNames(db: Reader): Promise<Known> {
	const projects = await db.getRepository(ProjectTable).find({ order: { slug: "ASC" } });
	const environments = await db.getRepository(EnvironmentTable).find({ order: { position: "ASC", slug: "ASC" } });
	return {
		projects: projects
			.filter((project) => project.archivedAt === null)
			.map((project) => ({
				slug: project.slug,
				name: project.name,
				environments: environments
					.filter((environment) => environment.projectId === project.id && environment.archivedAt === null)
					.map(({ slug, aliases }) => ({ slug, aliases })),
			})),
	};
}

/** What of it lies within; a project with none of its environments there is left out. */
export function knownWithin(reach: Reach, { projects }: Known): Known {
	return {
		projects: projects.flatMap((project) => {
			const environments = project.environments.filter(({ slug }) =>
				inScope(reach, { project: project.slug, environment: slug }),
			);
			return environments.length === 0 ? [] : [{ ...project, environments }];
		}),
	};
}

export async function findPlace(db: Reader, project: string, environment: string): Promise<Place | null> {
	const projectRow = await db.getRepository(ProjectTable).findOneBy({ slug: project });
	if (projectRow === null || projectRow.archivedAt !== null) return null;
	const environmentRow = await db
		.getRepository(EnvironmentTable)
		.findOneBy({ projectId: projectRow.id, slug: environment });
	if (environmentRow === null || environmentRow.archivedAt !== null) return null;
	return place(db, projectRow, environmentRow);
}

/** Also of what is archived: a run that is under way goes on to its end. */
export async function placeById(db: Reader, environmentId: string): Promise<Place> {
	const environment = await db.getRepository(EnvironmentTable).findOneByOrFail({ id: environmentId });
	const project = await db.getRepository(ProjectTable).findOneByOrFail({ id: environment.projectId });
	return place(db, project, environment);
}

export async function findProject(
	db: Reader,
	slug: string,
): Promise<{ project: ProjectRow; integration: IntegrationRow } | null> {
	const project = await db.getRepository(ProjectTable).findOneBy({ slug });
	if (project === null || project.archivedAt !== null) return null;
	const integration = await db.getRepository(IntegrationTable).findOneByOrFail({ id: project.integrationId });
	return { project, integration };
}

async function place(db: Reader, project: ProjectRow, environment: EnvironmentRow): Promise<Place> {
	const integration = await db.getRepository(IntegrationTable).findOneByOrFail({ id: project.integrationId });
	return { project, environment, integration, pipeline: pipelineProject(project) };
}

/**
 * A policy by its slug, else the baseline of that name. A stored policy may carry a baseline's name and extend that baseline.
 * The version is a hash of what it says: approvals hold for it.
 */
export async function policyOf(db: Reader, slug: string): Promise<PlacePolicy> {
	return readPolicy(slug, await db.getRepository(PolicyTable).find());
}

export function readPolicy(
	slug: string,
	stored: readonly Pick<PolicyRow, "slug" | "extends" | "rules">[],
): PlacePolicy {
	const bySlug = new Map(stored.map((row) => [row.slug, row]));
	const row = bySlug.get(slug) ?? { slug, extends: slug, rules: {} };
	const result = effectivePolicy(
		{ slug: row.slug, extends: row.extends, rules: row.rules },
		(name) => bySlug.get(name) ?? null,
	);
	if (!result.ok) return { ok: false, message: result.message };
	const version = createHash("sha256").update(canonicalJson(result.policy)).digest("hex").slice(0, 16);
	return { ok: true, policy: result.policy, version };
}
