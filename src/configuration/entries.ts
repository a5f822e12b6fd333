import { projectOf, type StoredItem } from "./items.ts";
import { derivedRef, type SECRET_PATHS, secretAt } from "./secret-refs.ts";

export type Stored<K extends StoredItem["kind"]> = Extract<StoredItem, { kind: K }>;

/** What is configured as it stands in a draven.yaml. */
export type Entry = Readonly<Record<string, unknown>>;

/** Secrets stand there as `${NAME}`. */
export function integrationEntry({ name, values, secrets }: Stored<"integration">): Entry {
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

export function policyEntry({ name, values }: Stored<"policy">): Entry {
	return without({ slug: name, extends: values.extends, rules: values.rules });
}

/** `environments`: those of any project. */
export function projectEntry(
	{ name, values }: Stored<"project">,
	environments: readonly Stored<"environment">[],
): Entry {
	return {
		slug: name,
		...without({ ...values, pipeline: values.pipeline === "" ? null : values.pipeline }),
		environments: environments.filter((one) => projectOf(one) === name).map(environmentEntry),
	};
}

export function environmentEntry({ name, values }: Stored<"environment">): Entry {
	const { aliases, policy, channels, labels } = values;
	return without({
		slug: name.slice(projectOf({ name }).length + 1),
		aliases: aliases.length === 0 ? null : aliases,
		policy,
		channels: Object.keys(channels).length === 0 ? null : channels,
		labels: labels.length === 0 ? null : labels,
	});
}

/** Left out: what is not there. */
function without(entry: Readonly<Record<string, unknown>>): Entry {
	return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null && value !== undefined));
}
