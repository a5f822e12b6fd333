import type { AccessBinding, Subject } from "../core/access.ts";
import type { Channels, ManagedBy, Provider } from "../store/entities.ts";
import { type ConfigurationDocument, type DocumentIntegration, secretsOf } from "./document.ts";
import type { IntegrationSecrets } from "./integrations.ts";
import { defaultPipeline } from "./provider-rules.ts";
import type { FileBinding } from "./schema.ts";

/** What can be said of each thing that is configured, the same whether it comes from a file or from the database. */
export interface Values {
	integration: {
		readonly provider: Provider;
		readonly baseUrl: string | null;
		readonly app: { readonly id: string; readonly installationId: string } | null;
		readonly mode: "variables" | "inputs" | null;
		readonly secretRefs: Readonly<Record<string, string>>;
	};
	policy: { readonly extends: string | null; readonly rules: unknown };
	project: {
		readonly name: string;
		readonly integration: string;
		readonly repository: string;
		readonly pipeline: string;
		readonly defaultRef: string;
	};
	environment: {
		readonly aliases: readonly string[];
		readonly policy: string;
		readonly channels: Channels;
		readonly labels: readonly string[];
		readonly position: number;
	};
	access: AccessBinding;
}

export type Kind = keyof Values;

/** In the order in which one builds on the other. */
export const KINDS: readonly Kind[] = ["integration", "policy", "project", "environment", "access"];

interface ItemOf<K extends Kind> {
	readonly kind: K;
	/** A slug; `web/stage` for an environment; words for a binding. */
	readonly name: string;
	readonly values: Values[K];
	/** Never shown, nor written anywhere but sealed. */
	readonly secrets: IntegrationSecrets;
}

export type Item = { [K in Kind]: ItemOf<K> }[Kind];

/** What the database has. */
export type StoredItem = Item & {
	readonly id: string;
	/** Of an environment: its project's. */
	readonly managedBy: ManagedBy;
	readonly archived: boolean;
};

/** What a document asks for, in order. */
export function itemsOf(document: ConfigurationDocument): Item[] {
	const providers = new Map(document.integrations.map((one) => [one.slug, one.provider]));
	return [
		...document.integrations.map(integrationItem),
		...document.policies.map(
			({ slug, extends: base, rules }): Item => ({
				kind: "policy",
				name: slug,
				values: { extends: base ?? null, rules },
				secrets: {},
			}),
		),
		...document.projects.flatMap((project): Item[] => [
			{
				kind: "project",
				name: project.slug,
				values: {
					name: project.name ?? project.slug,
					integration: project.integration,
					repository: project.repository,
					pipeline: project.pipeline ?? defaultPipeline(providers.get(project.integration) ?? ""),
					defaultRef: project.defaultRef,
				},
				secrets: {},
			},
			...project.environments.map(
				({ slug, ...rest }, position): Item => ({
					kind: "environment",
					name: `${project.slug}/${slug}`,
					values: { ...rest, channels: channelsOf(rest.channels), position },
					secrets: {},
				}),
			),
		]),
		...document.access.map(accessItem),
	];
}

function integrationItem(one: DocumentIntegration): Item {
	const app = "app" in one ? one.app : undefined;
	return {
		kind: "integration",
		name: one.slug,
		values: {
			provider: one.provider,
			baseUrl: ("baseUrl" in one ? one.baseUrl : undefined) ?? null,
			app: app === undefined ? null : { id: app.id, installationId: app.installationId },
			mode: ("mode" in one ? one.mode : undefined) ?? null,
			secretRefs: one.secretRefs,
		},
		secrets: secretsOf(one),
	};
}

function channelsOf({ slack, teams }: { slack?: string | undefined; teams?: string | undefined }): Channels {
	return { ...(slack === undefined ? {} : { slack }), ...(teams === undefined ? {} : { teams }) };
}

function accessItem(binding: FileBinding): Item {
	return { kind: "access", name: bindingName(binding), values: binding, secrets: {} };
}

/** The project's slug of an environment. */
export function projectOf(environment: Pick<Item, "name">): string {
	return environment.name.slice(0, environment.name.indexOf("/"));
}

/** `operator for slackGroup S0DEVS, email ada@acme.test in web-* / stage` */
export function bindingName(binding: AccessBinding): string {
	const shown = binding.subjects.slice(0, 5).map(subjectName);
	const more = binding.subjects.length > 5 ? ` and ${binding.subjects.length - 5} more` : "";
	return `${binding.role} for ${shown.join(", ")}${more} in ${binding.projects.join(",")} / ${binding.environments.join(",")}`;
}

function subjectName(subject: Subject): string {
	return Object.entries(subject).flat().join(" ");
}
