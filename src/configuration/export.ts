import type { DataSource } from "typeorm";
import { stringify } from "yaml";
import type { SecretBox } from "../store/secret-box.ts";
import { readItems } from "./current.ts";
import { integrationEntry, policyEntry, projectEntry, type Stored } from "./entries.ts";
import type { StoredItem } from "./items.ts";

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
		integrations: of("integration").filter(inUse).map(integrationEntry),
		policies: of("policy").map(policyEntry),
		projects: projects.map((one) => projectEntry(one, of("environment"))),
		access: of("access").map(({ values }) => values),
	};
	const filled = Object.entries(sections).filter(([, value]) => !Array.isArray(value) || value.length > 0);
	return stringify(Object.fromEntries(filled), { lineWidth: 0, aliasDuplicateObjects: false });
}
