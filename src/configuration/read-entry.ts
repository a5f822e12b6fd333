import { wording } from "../core/wording.ts";
import { checkDocument } from "./check-document.ts";
import { problemsOf, refsOf } from "./document.ts";
import { type Entry, environmentEntry, integrationEntry, policyEntry, projectEntry, type Stored } from "./entries.ts";
import type { IntegrationSecrets } from "./integrations.ts";
import {
	accessItem,
	environmentItem,
	type Item,
	integrationItem,
	type Kind,
	policyItem,
	projectItems,
	projectOf,
	type StoredItem,
} from "./items.ts";
import { type Path, type Problem, showPath } from "./problem.ts";
import { ENTRIES } from "./schema.ts";
import { SECRET_PATHS, type SecretPath, secretAt } from "./secret-refs.ts";

export interface AskedEntry {
	readonly kind: Kind;
	readonly action: "create" | "replace" | "merge";
	readonly entry: Entry;
}

export type EntryReading =
	| { readonly ok: true; readonly items: readonly Item[] }
	/** `message`: everything that is wrong, each with its path, in one line. */
	| { readonly ok: false; readonly message: string; readonly problems: readonly Problem[] };

/** Reads an entry as the same text in a draven.yaml would be read, among what is configured. `target`: what it changes. Pure. */
export function readEntry(alive: readonly StoredItem[], asked: AskedEntry, target: StoredItem | null): EntryReading {
	const shown = target === null ? {} : entryOf(target, alive);
	const whole = { ...kept(asked, shown), ...(asked.action === "merge" ? merged(shown, asked.entry) : asked.entry) };
	const fixed = Object.keys(identity(asked.kind, shown)).filter((key) => whole[key] !== shown[key]);
	if (fixed.length > 0) return failed(fixed.map((key) => ({ path: [key], message: `stays "${shown[key]}"` })));
	const { project, ...inProject } = whole;
	if (asked.kind !== "environment") return read(alive, asked.kind, whole, target, shown);
	const home = alive.find((one): one is Stored<"project"> => one.kind === "project" && one.name === project);
	if (typeof project !== "string")
		return failed([{ path: ["project"], message: "is missing: say whose environment it is" }]);
	if (home === undefined) return failed([{ path: ["project"], message: `is "${project}", and there is none` }]);
	return read(alive, "environment", inProject, target, shown, home);
}

/** What names an entry, and stays. */
function identity(kind: Kind, shown: Entry): Entry {
	const { slug, project } = shown;
	if (slug === undefined) return {};
	return kind === "environment" ? { slug, project } : { slug };
}

/** What a replacement need not say again. */
function kept({ kind, action }: AskedEntry, shown: Entry): Entry {
	if (action !== "replace") return {};
	// A project that is replaced without a word of its environments does not lose them.
	return { ...identity(kind, shown), ...(kind === "project" ? { environments: shown["environments"] } : {}) };
}

function read(
	alive: readonly StoredItem[],
	kind: Kind,
	whole: Entry,
	target: StoredItem | null,
	shown: Entry,
	home?: Stored<"project">,
): EntryReading {
	const veiled =
		kind === "integration" ? withSecrets(whole, target, shown) : { entry: whole, refs: new Map(), problems: [] };
	const across = newProblems(alive, kind, whole, target, home);
	const problems: Problem[] = [...veiled.problems, ...across];
	const items = itemsFrom(alive, kind, veiled, target, home);
	if ("problems" in items) return failed([...problems, ...items.problems]);
	return problems.length > 0 ? failed(problems) : { ok: true, items: items.items };
}

type Parsed = { readonly items: readonly Item[] } | { readonly problems: readonly Problem[] };

function itemsFrom(
	alive: readonly StoredItem[],
	kind: Kind,
	{ entry, refs }: Pick<Unveiled, "entry" | "refs">,
	target: StoredItem | null,
	home: Stored<"project"> | undefined,
): Parsed {
	const options = { error: wording };
	switch (kind) {
		case "integration": {
			const parsed = ENTRIES.integration.safeParse(entry, options);
			if (!parsed.success) return { problems: parsed.error.issues.flatMap(problemsOf) };
			return { items: [integrationItem({ ...parsed.data, secretRefs: refsOf(parsed.data, "integration", refs) })] };
		}
		case "policy": {
			const parsed = ENTRIES.policy.safeParse(entry, options);
			return parsed.success
				? { items: [policyItem(parsed.data)] }
				: { problems: parsed.error.issues.flatMap(problemsOf) };
		}
		case "project": {
			const parsed = ENTRIES.project.safeParse(entry, options);
			if (!parsed.success) return { problems: parsed.error.issues.flatMap(problemsOf) };
			const integration = alive.find((one) => one.kind === "integration" && one.name === parsed.data.integration);
			return {
				items: projectItems(parsed.data, integration?.kind === "integration" ? integration.values.provider : ""),
			};
		}
		case "environment": {
			const parsed = ENTRIES.environment.safeParse(entry, options);
			if (!parsed.success) return { problems: parsed.error.issues.flatMap(problemsOf) };
			const siblings = alive.filter((one) => one.kind === "environment" && projectOf(one) === home?.name);
			const last = Math.max(-1, ...siblings.map((one) => (one.kind === "environment" ? one.values.position : -1)));
			const position = target?.kind === "environment" ? target.values.position : last + 1;
			return { items: [environmentItem(home?.name ?? "", parsed.data, position)] };
		}
		case "access": {
			const parsed = ENTRIES.access.safeParse(entry, options);
			return parsed.success
				? { items: [accessItem(parsed.data)] }
				: { problems: parsed.error.issues.flatMap(problemsOf) };
		}
		default:
			return kind satisfies never;
	}
}

/** An entry as the API shows it: as it stands in a draven.yaml; an environment also says whose it is. */
export function entryOf(item: StoredItem, alive: readonly StoredItem[]): Entry {
	switch (item.kind) {
		case "integration":
			return integrationEntry(item);
		case "policy":
			return policyEntry(item);
		case "project":
			return projectEntry(item, environmentsIn(alive));
		case "environment":
			return { project: projectOf(item), ...environmentEntry(item) };
		case "access":
			return { ...item.values };
		default:
			return item satisfies never;
	}
}

const environmentsIn = (items: readonly StoredItem[]) =>
	items.filter((one): one is Stored<"environment"> => one.kind === "environment");

/** RFC 7396. */
function merged(base: unknown, patch: Entry): Entry {
	const result: Record<string, unknown> = { ...(isMap(base) ? base : {}) };
	for (const [key, value] of Object.entries(patch)) {
		if (value === null) delete result[key];
		else result[key] = isMap(value) ? merged(result[key], value) : value;
	}
	return result;
}

interface Unveiled {
	readonly entry: Entry;
	/** `integration.token` -> how it is printed back. */
	readonly refs: ReadonlyMap<string, string>;
	readonly problems: readonly Problem[];
}

/** A secret that is sent back as it was shown (`${NAME}`) stays what it was; no other one is looked up: the environment is the server's. */
function withSecrets(whole: Entry, target: StoredItem | null, shown: Entry): Unveiled {
	const secrets: IntegrationSecrets = target?.secrets ?? {};
	const refs = new Map<string, string>();
	const problems: Problem[] = [];
	// Or whoever may change an address could have the token sent to a host of theirs.
	const moved = target !== null && ["provider", "baseUrl"].some((key) => whole[key] !== shown[key]);
	let entry = whole;
	for (const path of SECRET_PATHS) {
		const said = at(whole, path);
		if (typeof said !== "string" || !/^\$\{[^}]*\}$/.test(said)) continue;
		const stored = secretAt(secrets, path);
		if (moved && path !== "webhookSecret")
			problems.push({
				path: path.split("."),
				message: "has to be given again, because the address that it is sent to changes",
			});
		else if (said === at(shown, path) && stored !== undefined) {
			refs.set(`integration.${path}`, said);
			entry = put(entry, path, stored);
		} else problems.push({ path: path.split("."), message: "names a variable: here it has to be the secret itself" });
	}
	return { entry, refs, problems };
}

function at(entry: Entry, path: SecretPath): unknown {
	return path.split(".").reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), entry);
}

function put(entry: Entry, path: SecretPath, value: string): Entry {
	if (path !== "app.privateKey") return { ...entry, [path]: value };
	return { ...entry, app: { ...(isMap(entry["app"]) ? entry["app"] : {}), privateKey: value } };
}

/** What would not hold across entries any more, or not yet; what was wrong before is not this wish's affair. */
function newProblems(
	alive: readonly StoredItem[],
	kind: Kind,
	entry: Entry,
	target: StoredItem | null,
	home: Stored<"project"> | undefined,
): Problem[] {
	const place = (items: readonly StoredItem[]): number => {
		const index = items.findIndex((one) => one.id === target?.id);
		return index === -1 ? items.length : index;
	};
	const of = <K extends Kind>(wanted: K) => alive.filter((one): one is Stored<K> => one.kind === wanted);
	const environments = of("environment");
	const tree: Record<string, Entry[]> = {
		integrations: of("integration").map(integrationEntry),
		policies: of("policy").map(policyEntry),
		projects: of("project").map((one) => projectEntry(one, environments)),
		access: of("access").map((one) => ({ ...one.values })),
	};
	const before = new Set(checkDocument(tree, { allowLocal: true }).map(keyOf));
	const section = { integration: "integrations", policy: "policies", project: "projects", access: "access" };
	let base: Path;
	if (kind === "environment") {
		const index = of("project").findIndex((one) => one.id === home?.id);
		const siblings = environments.filter((one) => projectOf(one) === home?.name);
		const position = place(siblings);
		const project = tree["projects"]?.[index] ?? {};
		const list = siblings.map(environmentEntry);
		list[position] = entry;
		tree["projects"] = (tree["projects"] ?? []).with(index, { ...project, environments: list });
		base = ["projects", index, "environments", position];
	} else {
		const index = place(of(kind));
		const list = [...(tree[section[kind]] ?? [])];
		list[index] = entry;
		tree[section[kind]] = list;
		base = [section[kind], index];
	}
	return checkDocument(tree, { allowLocal: true })
		.filter((one) => !before.has(keyOf(one)))
		.map(({ path, message }) => ({ path: isUnder(path, base) ? path.slice(base.length) : path, message }));
}

const keyOf = ({ path, message }: Problem) => JSON.stringify([path, message]);

function isUnder(path: Path, base: Path): boolean {
	return base.every((part, index) => path[index] === part);
}

function isMap(value: unknown): value is Entry {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function failed(problems: readonly Problem[]): EntryReading {
	const sentences = problems.slice(0, 10).map(({ path, message }) => `${showPath(path) || "The entry"} ${message}`);
	return { ok: false, message: `${sentences.join("; ")}.`, problems };
}
