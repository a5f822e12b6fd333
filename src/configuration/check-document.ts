import { isReservedProjectName } from "../core/names.ts";
import { BASELINES, effectivePolicy } from "../core/policy.ts";
import type { Path, Problem } from "./problem.ts";
import { checkPipeline, checkRepository } from "./provider-rules.ts";

type Entry = Readonly<Record<string, unknown>>;

/**
 * What only shows across entries: names used twice, names of nothing. It looks at the file as it stands, whatever else is wrong with
 * its shape, so that all problems are told at once.
 */
export function checkDocument(file: unknown, options: { readonly allowLocal: boolean }): Problem[] {
	const root = entry(file);
	const integrations = entries(root["integrations"]);
	const policies = entries(root["policies"]);
	const projects = entries(root["projects"]);
	return [
		...duplicates(integrations, ["integrations"], "integration"),
		...duplicates(policies, ["policies"], "policy"),
		...duplicates(projects, ["projects"], "project"),
		...checkExtends(policies),
		...projects.flatMap((project, index) => checkProject(project, { integrations, policies }, ["projects", index])),
		...(options.allowLocal ? [] : localSubjects(entries(root["access"]))),
	];
}

function checkProject(
	project: Entry,
	known: { readonly integrations: readonly Entry[]; readonly policies: readonly Entry[] },
	path: Path,
): Problem[] {
	const problems: Problem[] = [];
	const say = (key: string, message: string | null) => {
		if (message !== null) problems.push({ path: [...path, key], message });
	};
	const slug = text(project["slug"]);
	if (slug !== null && isReservedProjectName(slug))
		say("slug", `is "${slug}", a word of the commands: a project that is called so could not be named in chat`);

	const name = text(project["integration"]);
	const integration = known.integrations.find((one) => one["slug"] === name);
	if (name !== null && integration === undefined)
		say("integration", `is "${name}", and there is no integration of that name`);
	const provider = text(integration?.["provider"]);
	if (provider !== null) {
		const repository = text(project["repository"]);
		if (repository !== null) say("repository", checkRepository(provider, repository));
		if (project["pipeline"] === undefined || text(project["pipeline"]) !== null)
			say("pipeline", checkPipeline(provider, text(project["pipeline"])));
	}
	return [
		...problems,
		...checkEnvironments(entries(project["environments"]), known.policies, [...path, "environments"]),
	];
}

/** People name an environment by its slug or an alias: within a project each name is one environment's. */
function checkEnvironments(environments: readonly Entry[], policies: readonly Entry[], path: Path): Problem[] {
	const problems: Problem[] = [];
	const taken = new Map<string, string>();
	const take = (name: string | null, owner: string, at: Path) => {
		if (name === null) return;
		const other = taken.get(name);
		if (other !== undefined) problems.push({ path: at, message: `is "${name}", which already names ${other}` });
		else taken.set(name, owner);
	};
	// Slugs first: when an alias collides with a slug, the alias is what has to go.
	for (const [index, one] of environments.entries())
		take(text(one["slug"]), `the environment ${one["slug"]}`, [...path, index, "slug"]);
	for (const [index, one] of environments.entries())
		for (const [position, alias] of array(one["aliases"]).entries())
			take(text(alias), `the environment ${one["slug"]}`, [...path, index, "aliases", position]);
	for (const [index, one] of environments.entries()) {
		const policy = text(one["policy"]);
		const message =
			policy === null ? null : isPolicy(policy, policies) ? incomplete(policy, policies) : noPolicy(policy);
		if (message !== null) problems.push({ path: [...path, index, "policy"], message });
	}
	return problems;
}

/** A policy that others extend may say a part of a rule; one that rules an environment has to say it whole. */
function incomplete(slug: string, policies: readonly Entry[]): string | null {
	const stored = (name: string) => {
		const found = policies.find((one) => one["slug"] === name);
		return found === undefined ? null : { slug: name, extends: text(found["extends"]), rules: found["rules"] ?? {} };
	};
	const reading = effectivePolicy(stored(slug) ?? { slug, extends: slug, rules: {} }, stored);
	const lacks = reading.ok ? null : /rules\.\S+ is missing(?=\.$)/.exec(reading.message);
	return lacks === null ? null : `is "${slug}", which is not whole: ${lacks[0]}`;
}

/** What policies build on: first that it exists, then that it does not go in a circle. Rules are checked where they stand. */
function checkExtends(policies: readonly Entry[]): Problem[] {
	const named = policies.flatMap((policy, index) => {
		const slug = text(policy["slug"]);
		return slug === null
			? []
			: [{ slug, extends: text(policy["extends"]), rules: {}, path: ["policies", index, "extends"] }];
	});
	const missing = named.filter(
		(one) =>
			one.extends !== null && !(one.extends === one.slug ? isBaseline(one.slug) : isPolicy(one.extends, policies)),
	);
	if (missing.length > 0) return missing.map((one) => ({ path: one.path, message: noPolicy(String(one.extends)) }));
	return named.flatMap((one) => {
		const reading = effectivePolicy(one, (slug) => named.find((other) => other.slug === slug) ?? null);
		return reading.ok ? [] : [{ path: one.path, message: `goes in a circle (${reading.message.replace(/\.$/, "")})` }];
	});
}

function localSubjects(access: readonly Entry[]): Problem[] {
	return access.flatMap((binding, index) =>
		entries(binding["subjects"]).flatMap((subject, position) =>
			"local" in subject
				? [
						{
							path: ["access", index, "subjects", position, "local"],
							message:
								"names a person of the sample, who exists in local mode alone: use an e-mail address, a user or a group",
						},
					]
				: [],
		),
	);
}

function duplicates(list: readonly Entry[], path: Path, what: string): Problem[] {
	const seen = new Set<string>();
	return list.flatMap((one, index) => {
		const slug = text(one["slug"]);
		if (slug === null) return [];
		if (!seen.has(slug)) {
			seen.add(slug);
			return [];
		}
		return [
			{ path: [...path, index, "slug"], message: `is "${slug}", and another ${what} of this file has that name` },
		];
	});
}

function isBaseline(slug: string): boolean {
	return Object.hasOwn(BASELINES, slug);
}

function isPolicy(slug: string, policies: readonly Entry[]): boolean {
	return isBaseline(slug) || policies.some((one) => one["slug"] === slug);
}

function noPolicy(slug: string): string {
	return `is "${slug}", which is neither a policy nor a baseline (${Object.keys(BASELINES).join(", ")})`;
}

function text(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}

function array(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

function entry(value: unknown): Entry {
	return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Entry) : {};
}

function entries(value: unknown): readonly Entry[] {
	return array(value).map(entry);
}
