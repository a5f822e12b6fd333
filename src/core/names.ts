import { isVerbWord, PREPOSITIONS } from "./verbs.ts";

/** What projects, environments, policies and integrations are called. */
export const SLUG = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** A project cannot be called like a verb or a preposition: `deploy status …` and `deploy to …` would have two meanings. */
export function isReservedProjectName(name: string): boolean {
	return isVerbWord(name) || PREPOSITIONS.has(name);
}

/** What git itself would take as the name of a branch, a tag or a commit (git check-ref-format). */
export function isRefName(name: string): boolean {
	return (
		name.length > 0 &&
		name.length <= 255 &&
		!/[\s~^:?*[\\\p{Cc}\p{Cf}]|\.\.|@\{|\/\/|^[-/.]|\/\.|[/.]$|\.lock(\/|$)|^@$/u.test(name)
	);
}
