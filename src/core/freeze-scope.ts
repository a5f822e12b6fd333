import type { Known } from "./command.ts";
import { EVERYWHERE, type FreezeScope, scopeText, takes } from "./freeze.ts";
import { isGlob } from "./glob.ts";
import { nearest } from "./suggest.ts";

export type ScopeReading =
	| { readonly ok: true; readonly scope: FreezeScope }
	| {
			readonly ok: false;
			readonly code: "bad_scope" | "unknown_scope";
			readonly message: string;
			/** Scopes that may have been meant. */
			readonly near: readonly string[];
	  };

/** The scope of a freeze, as a person writes it; null: it is none. Names are not looked up. */
export function scopeNamed(text: string): FreezeScope | null {
	const said = text.toLowerCase();
	if (/^\*+(\/\*+)?$/.test(said)) return EVERYWHERE;
	const [projects = "", environments = "", ...more] = said.split("/");
	if (more.length > 0 || !isGlob(projects) || !isGlob(environments)) return null;
	const star = (glob: string) => (/^\*+$/.test(glob) ? "*" : glob);
	return { projects: star(projects), environments: star(environments) };
}

/** The same, with aliases as what they stand for. What takes no environment is refused: a slip must not look like a freeze. */
export function readScope(text: string, known: Known): ScopeReading {
	const named = scopeNamed(text);
	if (named === null)
		return {
			ok: false,
			code: "bad_scope",
			message: `"${cut(text)}" is no scope: it is project/environment, where * stands for any, such as web/production, */production or *.`,
			near: wider(text.toLowerCase(), known),
		};
	const scope = { ...named, environments: unaliased(named, known) };
	const places = placesOf(known);
	if (places.some((place) => takes(scope, place))) return { ok: true, scope };
	const names = places.flatMap(({ project, environment }) => [`${project}/${environment}`, `*/${environment}`]);
	return {
		ok: false,
		code: "unknown_scope",
		message: `${cut(scopeText(scope))} takes no environment that there is.`,
		near: nearest(scopeText(scope), [...new Set(names)]),
	};
}

/** The environments that a scope takes now, in their order. */
export function placesIn(scope: FreezeScope, known: Known): { project: string; environment: string }[] {
	return placesOf(known).filter((place) => takes(scope, place));
}

function placesOf({ projects }: Known) {
	return projects.flatMap(({ slug, environments }) =>
		environments.map((environment) => ({ project: slug, environment: environment.slug })),
	);
}

function unaliased(scope: FreezeScope, { projects }: Known): string {
	const { environments: name } = scope;
	const within = projects
		.flatMap(({ slug, environments }) => environments.map((one) => ({ ...one, project: slug })))
		.filter(({ project }) => takes({ ...scope, environments: "*" }, { project, environment: "any" }));
	if (within.some(({ slug }) => slug === name)) return name;
	return within.find(({ aliases }) => aliases.some((alias) => alias.toLowerCase() === name))?.slug ?? name;
}

/** Whoever names a project or an environment alone most likely means all of it. */
function wider(word: string, { projects }: Known): string[] {
	const project = projects.find(({ slug }) => slug === word);
	if (project !== undefined) return [`${word}/*`, ...project.environments.map(({ slug }) => `${word}/${slug}`)];
	const environments = projects.flatMap((one) => one.environments);
	return environments.some(({ slug }) => slug === word) ? [`*/${word}`] : [];
}

function cut(text: string): string {
	const letters = [...text];
	return letters.length > 60 ? `${letters.slice(0, 60).join("")}…` : text;
}
