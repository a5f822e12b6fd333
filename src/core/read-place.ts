import type { Known } from "./command.ts";
import { type CommandReader, type Hint, type No, short, split } from "./command-reader.ts";
import { isRefName } from "./names.ts";
import { nearest } from "./suggest.ts";
import type { Token } from "./tokenize.ts";
import { PREPOSITIONS, VERB_NAMES, type VerbName } from "./verbs.ts";

export type Project = Known["projects"][number];

export interface PlaceRead {
	readonly project: string;
	readonly ref: string | null;
	readonly environment: string | null;
}

interface Wanted {
	/** Whether `@ref` may follow the project. */
	readonly ref: boolean;
	readonly environment: "needed" | "optional";
}

interface ProjectSaid {
	readonly token: Token;
	readonly project: Project;
	readonly ref: string | null;
	/** Already said, as in `web/stage`. */
	readonly environment: string | null;
}

/** `<project>[@<ref>] [to|on|in] <environment>`, or `project/ref`, or `project/environment`. */
export function readPlace(reader: CommandReader, verb: VerbName, wanted: Wanted): PlaceRead | No {
	const said = readProject(reader, verb, wanted);
	if ("ok" in said) return said;
	const { project, ref } = said;
	if (said.environment !== null) return { project: project.slug, ref, environment: said.environment };
	const preposition = reader.isPreposition() ? reader.peek() : null;
	// `rollback web to #41`: that is where to go back to, and no environment.
	const toRun = verb === "rollback" && preposition !== null && reader.word(1)?.startsWith("#") === true;
	if (preposition === null || toRun) {
		if (reader.peek() === null && wanted.environment === "optional")
			return { project: project.slug, ref, environment: null };
	} else reader.take();
	const next = reader.peek();
	if (next === null || toRun)
		return whichEnvironment(reader, verb, project, toRun ? said.token : (preposition ?? said.token));
	const environment = environmentOf(project, environmentName(next, verb));
	if (environment === null) return unknownEnvironment(reader, verb, project, next);
	reader.take();
	return { project: project.slug, ref, environment };
}

/** `lock staging on api: reason`, an old chat-ops habit; null: it is not said that way. */
export function readPlaceTurned(reader: CommandReader, verb: VerbName): PlaceRead | No | null {
	const [first, third] = [reader.peek(), reader.peek(2)];
	if (first === null || third === null || !reader.isPreposition(1) || findProject(reader.known, first.text))
		return null;
	const project = findProject(reader.known, third.text.replace(/:$/, ""));
	if (project === undefined) return null;
	const environment = environmentOf(project, first.text);
	if (environment === null) return unknownEnvironment(reader, verb, project, first);
	for (let n = 0; n < 3; n++) reader.take();
	return { project: project.slug, ref: null, environment };
}

/** A word that is an environment of some project. */
export function environmentAnywhere(known: Known, word: string): string | null {
	for (const project of known.projects) {
		const slug = environmentOf(project, word);
		if (slug !== null) return slug;
	}
	return null;
}

/** Whether a deploy can begin with this word. */
export function unknownProject(reader: CommandReader, verb: VerbName, token: Token): No | null {
	const [name] = split(token.text, "@");
	if (findProject(reader.known, name) || findProject(reader.known, split(name, "/")[0])) return null;
	const { projects } = reader.known;
	const tail = token.text.slice(name.length);
	const hints = closestProjects(reader.known, name).map(
		(slug): Hint => ({
			label: slug,
			command: reader.corrected(token, `${slug}${tail}`),
		}),
	);
	const verbs = verb === "deploy" && tail === "" ? nearest(name, VERB_NAMES, 2) : [];
	const guesses = verbs.map(
		(one): Hint => ({
			label: one,
			command: reader.asVerb(one, token),
			otherwise: `help ${one}`,
		}),
	);
	// A slip of one letter is more likely meant than a far name.
	const sure =
		verbs.length > 0 && nearest(name, [...VERB_NAMES, ...projects.map(({ slug }) => slug)], 1)[0] === verbs[0];
	return reader.no(
		"unknown_project",
		`"${short(name)}" is no project and no command that I know. ${thereIs(reader.known)}`,
		verb,
		sure ? guesses : [...hints, ...guesses],
	);
}

/** What a command begins with: a project, and what may be written together with it. */
export function readProject(reader: CommandReader, verb: VerbName, wanted: Wanted): ProjectSaid | No {
	const token = reader.peek();
	if (token === null || (reader.isPreposition() && findProject(reader.known, token.text) === undefined))
		return projectNeeded(reader, verb, token);
	const unknown = unknownProject(reader, verb, token);
	if (unknown !== null) return unknown;
	reader.take();
	const [name, ref] = split(token.text, "@");
	const project = findProject(reader.known, name);
	// `web @v1 stage`
	const apart = ref === undefined && wanted.ref ? reader.peek() : null;
	if (project !== undefined && apart !== null && !apart.quoted && apart.text.startsWith("@")) {
		reader.take();
		return withRef(reader, verb, wanted, token, project, apart.text.slice(1));
	}
	if (project !== undefined)
		return ref === undefined
			? { token, project, ref: null, environment: null }
			: withRef(reader, verb, wanted, token, project, ref);
	// An old habit of chat-ops: `app/ref`. And what the board shows: `project/environment`.
	const [left, right = ""] = split(token.text, "/");
	const owner = findProject(reader.known, left);
	if (owner === undefined) return projectNeeded(reader, verb, token);
	const environment = environmentOf(owner, right.replace(/:$/, ""));
	const follows = reader.peek(reader.isPreposition() ? 1 : 0);
	const other = follows !== null && environmentOf(owner, follows.text) !== null;
	if (environment !== null && !(wanted.ref && other)) return { token, project: owner, ref: null, environment };
	return withRef(reader, verb, wanted, token, owner, right);
}

function withRef(
	reader: CommandReader,
	verb: VerbName,
	wanted: Wanted,
	token: Token,
	project: Project,
	ref: string,
): ProjectSaid | No {
	if (!wanted.ref) return reader.no("ref_not_here", `"${verb}" takes no version after the project.`, verb);
	return isRefName(ref)
		? { token, project, ref, environment: null }
		: reader.no("bad_ref", `"${short(ref)}" cannot be the name of a branch, a tag or a commit.`, verb);
}

function projectNeeded(reader: CommandReader, verb: VerbName, token: Token | null): No {
	const environment = token === null ? null : (reader.peek(1)?.text ?? null);
	const fitting = reader.known.projects.filter(
		(project) => environment === null || environmentOf(project, environment) !== null,
	);
	const hints = fitting.map(
		({ slug }): Hint => ({
			label: slug,
			command: token === null ? reader.corrected(null, slug) : reader.corrected(token, slug, token.text),
		}),
	);
	return reader.no("project_needed", `Which project? ${thereIs(reader.known)}`, verb, hints);
}

function whichEnvironment(reader: CommandReader, verb: VerbName, project: Project, after: Token): No {
	const preposition = PREPOSITIONS.has(after.text.toLowerCase()) ? [] : verb === "deploy" ? ["to"] : [];
	const names = project.environments.map(({ slug }) => slug);
	return reader.no(
		"missing_environment",
		`Which environment of ${project.slug}? It has ${names.join(", ") || "none"}.`,
		verb,
		names.map((slug) => ({ label: slug, command: reader.corrected(after, after.text, ...preposition, slug) })),
	);
}

export function unknownEnvironment(reader: CommandReader, verb: VerbName, project: Project, token: Token): No {
	const wanted = environmentName(token, verb);
	const names = project.environments.flatMap(({ slug, aliases }) => [slug, ...aliases]);
	const close = nearest(wanted, names).map((name) => environmentOf(project, name) ?? name);
	const all = project.environments.map(({ slug }) => slug);
	return reader.no(
		"unknown_environment",
		`${project.slug} has no environment "${short(wanted)}". It has ${all.join(", ") || "none"}.`,
		verb,
		[...new Set(close.length > 0 ? close : all)].map((slug) => ({
			label: slug,
			command: reader.corrected(token, slug),
		})),
	);
}

/** `lock web stage: reason` */
function environmentName({ text }: Token, verb: VerbName): string {
	return verb === "lock" ? text.replace(/:$/, "") : text;
}

/** By slug or alias. */
export function environmentOf(project: Project, text: string): string | null {
	const name = text.toLowerCase();
	const found =
		project.environments.find((one) => one.slug === name) ??
		project.environments.find((one) => one.aliases.some((alias) => alias.toLowerCase() === name));
	return found?.slug ?? null;
}

function findProject(known: Known, name: string): Project | undefined {
	const slug = name.toLowerCase();
	return known.projects.find((one) => one.slug === slug);
}

/** By slug or by name; when nothing comes near, the few that are least far. */
function closestProjects({ projects }: Known, name: string): string[] {
	const slugs = new Map(projects.flatMap(({ slug, name: title }) => [[title.toLowerCase(), slug] as const]));
	for (const { slug } of projects) slugs.set(slug, slug);
	const near = nearest(name, [...slugs.keys()], 6).map((one) => slugs.get(one) ?? one);
	return [...new Set(near.length > 0 || slugs.size > 6 ? near : slugs.values())].slice(0, 3);
}

function thereIs({ projects }: Known): string {
	const slugs = projects.slice(0, 10).map(({ slug }) => slug);
	if (slugs.length === 0) return "No project is set up yet.";
	return `There is ${slugs.join(", ")}${projects.length > 10 ? ` and ${projects.length - 10} more` : ""}.`;
}
