import type { DataSource } from "typeorm";
import { stringify } from "yaml";
import type { SecretBox } from "../store/secret-box.ts";
import { readItems } from "./current.ts";
import { projectOf, type StoredItem } from "./items.ts";
import { derivedRef, type SECRET_PATHS, secretAt } from "./secret-refs.ts";

type Stored<K extends StoredItem["kind"]> = Extract<StoredItem, { kind: K }>;

/** The whole configuration as a draven.yaml, without the sample. Secrets stand there as `${NAME}`. Applying it changes nothing. */
export async function exportDocument(store: { readonly db: DataSource; readonly box: SecretBox }): Promise<string> {
	const all = await readItems(store.db.manager, store.box);
	const items = all.filter((one) => one.managedBy !== "sample" && !one.archived);
	const of = <K extends StoredItem["kind"]>(kind: K) => items.filter((one): one is Stored<K> => one.kind === kind);
	const projects = of("project");
	// One that was removed and that the past points to has no secrets and no project any more.
	const inUse = (one: Stored<"integration">) =>
		one.values.provider === "runner" ||
		Object.keys(one.secrets).length > 0 ||
		projects.some((project) => project.values.integration === one.name);
	const sections = {
		version: 1,
		integrations: of("integration").filter(inUse).map(integration),
		policies: of("policy").map(policy),
		projects: projects.map((one) => project(one, of("environment"))),
		access: of("access").map(({ values }) => values),
	};
	const filled = Object.entries(sections).filter(([, value]) => !Array.isArray(value) || value.length > 0);
	return stringify(Object.fromEntries(filled), { lineWidth: 0, aliasDuplicateObjects: false });
}

function integration({ name, values, secrets }: Stored<"integration">): unknown {
	const { provider, baseUrl, app, mode, secretRefs } = values;
	const ref = (path: (typeof SECRET_PATHS)[number]) =>
		secretAt(secrets, path) === undefined ? undefined : (secretRefs[path] ?? derivedRef(name, path));
	return without({
		slug: name,
		provider,
		baseUrl,
		token: ref("token"),
		app: app === null ? undefined : { ...app, privateKey: ref("app.privateKey") },
		webhookSecret: ref("webhookSecret"),
		mode,
	});
}

function policy({ name, values }: Stored<"policy">): unknown {
	return without({ slug: name, extends: values.extends, rules: values.rules });
}

function project({ name, values }: Stored<"project">, environments: readonly Stored<"environment">[]): unknown {
	return {
		slug: name,
		...without({ ...values, pipeline: values.pipeline === "" ? null : values.pipeline }),
		environments: environments
			.filter((one) => projectOf(one) === name)
			.map((one) => {
				const { aliases, policy: rules, channels, labels } = one.values;
				return without({
					slug: one.name.slice(name.length + 1),
					aliases: aliases.length === 0 ? null : aliases,
					policy: rules,
					channels: Object.keys(channels).length === 0 ? null : channels,
					labels: labels.length === 0 ? null : labels,
				});
			}),
	};
}

/** Left out: what is not there. */
function without(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null && value !== undefined));
}
