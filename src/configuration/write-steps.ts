import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import {
	AccessBindingTable,
	EnvironmentTable,
	type IntegrationSettings,
	IntegrationTable,
	type ManagedBy,
	PolicyTable,
	type ProjectRow,
	ProjectTable,
} from "../store/entities.ts";
import type { SecretBox } from "../store/secret-box.ts";
import { sealSecrets } from "./integrations.ts";
import { type Item, projectOf, type StoredItem } from "./items.ts";
import type { Step } from "./plan.ts";

export interface WriteContext {
	readonly tx: EntityManager;
	readonly box: SecretBox;
	readonly now: Date;
	readonly managedBy: ManagedBy;
}

/** Carries out the steps of a plan, in their order. */
export async function writeSteps(context: WriteContext, steps: readonly Step[]): Promise<void> {
	for (const step of steps) {
		if (step.action === "remove") await remove(context, step.stored);
		else await save(context, step.item, step.stored?.id ?? null);
	}
}

/** `known`: the row to overwrite; null: a new one. */
async function save(context: WriteContext, item: Item, known: string | null): Promise<void> {
	const { tx, managedBy } = context;
	const id = known ?? randomUUID();
	switch (item.kind) {
		case "integration":
			return saveIntegration(context, id, item);
		case "policy":
			// `rules` is jsonb of any form, which TypeORM's types of `save` cannot say.
			await tx.query(
				`INSERT INTO policy (id, slug, extends, rules, managed_by) VALUES ($1, $2, $3, $4::jsonb, $5)
				 ON CONFLICT (id) DO UPDATE SET extends = $3, rules = $4::jsonb, managed_by = $5`,
				[id, item.name, item.values.extends, JSON.stringify(item.values.rules), managedBy],
			);
			return;
		case "project": {
			const { integration, ...values } = item.values;
			const { id: integrationId } = await tx.getRepository(IntegrationTable).findOneByOrFail({ slug: integration });
			const row = { id, slug: item.name, integrationId, managedBy, archivedAt: null, ...values };
			await tx.getRepository(ProjectTable).save(row);
			return;
		}
		case "environment":
			return saveEnvironment(context, id, item, known === null);
		case "access":
			return saveBinding(context, id, item, known === null);
		default:
			return item satisfies never;
	}
}

type ItemOf<K extends Item["kind"]> = Extract<Item, { kind: K }>;

async function saveIntegration(context: WriteContext, id: string, item: ItemOf<"integration">): Promise<void> {
	const { provider, baseUrl, app, mode, secretRefs } = item.values;
	const settings: IntegrationSettings = {
		...(app === null ? {} : { app }),
		...(mode === null ? {} : { mode }),
		...(Object.keys(secretRefs).length === 0 ? {} : { secretRefs }),
	};
	const secrets = sealSecrets(context.box, id, item.secrets);
	const row = { id, slug: item.name, provider, baseUrl, settings, secrets, managedBy: context.managedBy };
	await context.tx.getRepository(IntegrationTable).save(row);
}

async function saveEnvironment(
	context: WriteContext,
	id: string,
	item: ItemOf<"environment">,
	isNew: boolean,
): Promise<void> {
	const { tx } = context;
	const project = await takeOver(context, projectOf(item));
	const { aliases, labels, ...values } = item.values;
	const slug = item.name.slice(project.slug.length + 1);
	const lists = { aliases: [...aliases], labels: [...labels] };
	await tx
		.getRepository(EnvironmentTable)
		.save({ id, projectId: project.id, slug, archivedAt: null, ...lists, ...values });
	// Its audit chain, whose head is also the mutex of everything that happens there.
	if (isNew) await tx.query("INSERT INTO chain_head (chain, seq, hash) VALUES ($1, 0, NULL)", [id]);
}

/** Whoever changes an environment has its project from then on: else the sample would put back at its next start what was there. */
async function takeOver({ tx, managedBy }: WriteContext, slug: string): Promise<ProjectRow> {
	const projects = tx.getRepository(ProjectTable);
	const project = await projects.findOneByOrFail({ slug });
	if (project.managedBy !== managedBy) await projects.update({ id: project.id }, { managedBy });
	return project;
}

async function saveBinding(
	{ tx, managedBy }: WriteContext,
	id: string,
	item: ItemOf<"access">,
	isNew: boolean,
): Promise<void> {
	const { role, subjects, projects, environments } = item.values;
	const table = tx.getRepository(AccessBindingTable);
	const place = isNew ? { position: ((await table.maximum("position")) ?? -1) + 1 } : {};
	const lists = { subjects: [...subjects], projects: [...projects], environments: [...environments] };
	await table.save({ id, role, managedBy, ...lists, ...place });
}

async function remove(context: WriteContext, stored: StoredItem): Promise<void> {
	const { tx, now } = context;
	const { id } = stored;
	switch (stored.kind) {
		case "integration":
			return removeIntegration(tx, id);
		case "policy":
			await tx.getRepository(PolicyTable).delete({ id });
			return;
		case "project":
			await tx.getRepository(ProjectTable).update({ id }, { archivedAt: now });
			return;
		case "environment":
			await takeOver(context, projectOf(stored));
			await tx.getRepository(EnvironmentTable).update({ id }, { archivedAt: now });
			return;
		case "access":
			await tx.getRepository(AccessBindingTable).delete({ id });
			return;
		default:
			return stored satisfies never;
	}
}

/** What the past points to stays as a row without secrets. */
async function removeIntegration(tx: EntityManager, id: string): Promise<void> {
	await tx.query("UPDATE integration SET secrets = NULL, settings = settings - 'secretRefs' WHERE id = $1", [id]);
	await tx.query(
		`DELETE FROM integration WHERE id = $1
		 AND NOT EXISTS (SELECT FROM project WHERE integration_id = $1)
		 AND NOT EXISTS (SELECT FROM api_token WHERE integration_id = $1)
		 AND NOT EXISTS (SELECT FROM runner_work WHERE integration_id = $1)`,
		[id],
	);
}
