import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import {
	AccessBindingTable,
	EnvironmentTable,
	IntegrationTable,
	PolicyTable,
	ProjectTable,
} from "../store/entities.ts";
import type { SecretBox } from "../store/secret-box.ts";
import { openSecrets } from "./integrations.ts";
import { bindingName, type StoredItem } from "./items.ts";
import type { CurrentState } from "./plan.ts";

/** Everything that is configured, archived things too, with secrets opened. */
export async function readCurrent(db: EntityManager, box: SecretBox): Promise<CurrentState> {
	return {
		items: await readItems(db, box),
		openRuns: await readRuns(db, "state IN ('waiting_approval','queued','dispatching','running','cancelling')"),
		activeRuns: await readRuns(db, "state IN ('dispatching','running','cancelling')"),
		referredIntegrations: await readReferred(db),
	};
}

export async function readItems(db: EntityManager, box: SecretBox): Promise<StoredItem[]> {
	const integrations = await db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
	const policies = await db.getRepository(PolicyTable).find({ order: { slug: "ASC" } });
	const projects = await db.getRepository(ProjectTable).find({ order: { slug: "ASC" } });
	const environments = await db.getRepository(EnvironmentTable).find({ order: { position: "ASC", slug: "ASC" } });
	const bindings = await db.getRepository(AccessBindingTable).find({ order: { position: "ASC", id: "ASC" } });
	const slugs = new Map(integrations.map((one) => [one.id, one.slug]));
	return [
		...integrations.map((one): StoredItem => {
			const { app, mode, secretRefs } = one.settings;
			const values = { provider: one.provider, baseUrl: one.baseUrl, app: app ?? null, mode: mode ?? null };
			return {
				...{ kind: "integration", id: one.id, name: one.slug, managedBy: one.managedBy, archived: false },
				...{ values: { ...values, secretRefs: secretRefs ?? {} }, secrets: openSecrets(box, one) },
				...(one.secrets === null ? {} : { seal: sealOf(one.secrets) }),
			};
		}),
		...policies.map(
			(one): StoredItem => ({
				...{ kind: "policy", id: one.id, name: one.slug, managedBy: one.managedBy, archived: false },
				...{ values: { extends: one.extends, rules: one.rules }, secrets: {} },
			}),
		),
		...projects.flatMap((project): StoredItem[] => [
			{
				...{ kind: "project", id: project.id, name: project.slug, managedBy: project.managedBy },
				archived: project.archivedAt !== null,
				values: {
					name: project.name,
					integration: slugs.get(project.integrationId) ?? "",
					repository: project.repository,
					pipeline: project.pipeline,
					defaultRef: project.defaultRef,
				},
				secrets: {},
			},
			...environments
				.filter((one) => one.projectId === project.id)
				.map(
					({ id, slug, aliases, policy, channels, labels, position, archivedAt }): StoredItem => ({
						...{ kind: "environment", id, name: `${project.slug}/${slug}`, managedBy: project.managedBy },
						archived: archivedAt !== null || project.archivedAt !== null,
						values: { aliases, policy, channels, labels, position },
						secrets: {},
					}),
				),
		]),
		...bindings.map(({ id, managedBy, role, subjects, projects, environments }): StoredItem => {
			const values = { role, subjects, projects, environments };
			return { kind: "access", id, name: bindingName(values), managedBy, archived: false, values, secrets: {} };
		}),
	];
}

function sealOf(sealed: string): string {
	return createHash("sha256").update(sealed).digest("base64url");
}

async function readRuns(db: EntityManager, where: string): Promise<Map<string, number[]>> {
	const rows: { id: string; numbers: number[] }[] = await db.query(
		`SELECT environment_id AS id, array_agg(number ORDER BY number) AS numbers FROM run WHERE ${where} GROUP BY environment_id`,
	);
	return new Map(rows.map((row) => [row.id, row.numbers]));
}

async function readReferred(db: EntityManager): Promise<Set<string>> {
	const rows: { id: string }[] = await db.query(
		"SELECT integration_id AS id FROM api_token WHERE integration_id IS NOT NULL UNION SELECT integration_id FROM runner_work",
	);
	return new Set(rows.map((row) => row.id));
}
