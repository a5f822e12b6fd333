import type { AccessBinding, Subject } from "../core/access.ts";
import type { Channels, ManagedBy, Provider } from "../store/entities.ts";
import { type ConfigurationDocument, type DocumentIntegration, secretsOf } from "./document.ts";
import type { IntegrationSecrets } from "./integrations.ts";
import { defaultPipeline } from "./provider-rules.ts";
import type { FileBinding, FileProject } from "./schema.ts";

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
	/** A fingerprint of its secrets as they are sealed: it is another after each change of them, and tells nothing of what they are. */
	readonly seal?: string;
};

/** What a document asks for, in order. */
export function itemsOf(document: ConfigurationDocument): Item[] {
	const providers = new Map(document.integrations.map((one) => [one.slug, one.provider]));
	return [
		...document.integrations.map(integrationItem),
		...document.policies.map(policyItem),
		...document.projects.flatMap((project) => projectItems(project, providers.get(project.integration) ?? "")),
		...document.access.map(accessItem),
	];
}

export function policyItem({ slug, extends: base, rules }: ConfigurationDocument["policies"][number]): Item {
	return { kind: "policy", name: slug, values: { extends: base ?? null, rules }, secrets: {} };
}

/** A project with its environments. `provider`: its integration's. */
export function projectItems(project: FileProject, provider: string): Item[] {
	const { slug, name, integration, repository, pipeline, defaultRef, environments } = project;
	const values = {
		...{ name: name ?? slug, integration, repository, defaultRef },
		pipeline: pipeline ?? defaultPipeline(provider),
	};
	return [
		{ kind: "project", name: slug, values, secrets: {} },
		...environments.map((one, position) => environmentItem(slug, one, position)),
	];
}

/** `position`: among the environments of its project, from 0. */
export function environmentItem(
	project: string,
	{ slug, ...rest }: FileProject["environments"][number],
	position: number,
): Item {
	const values = { ...rest, channels: channelsOf(rest.channels), position };
	return { kind: "environment", name: `${project}/${slug}`, values, secrets: {} };
}

export function integrationItem(one: DocumentIntegration): Item {
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

export function accessItem(binding: FileBinding): Item {
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
