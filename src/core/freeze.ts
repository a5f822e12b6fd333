import { matchesAny } from "./glob.ts";
import type { PersonRef } from "./run.ts";

/** Where a freeze by hand holds: a glob of projects and one of environments; `*` and `*` is everywhere. */
export interface FreezeScope {
	readonly projects: string;
	readonly environments: string;
}

/** Releases were stopped by a person, not by a rule. */
export interface HandFreeze extends FreezeScope {
	readonly person: PersonRef;
	readonly reason: string;
	/** null: until somebody lifts it. */
	readonly until: Date | null;
	/** When it was said last. */
	readonly createdAt: Date;
}

export const EVERYWHERE: FreezeScope = { projects: "*", environments: "*" };

/** As a person writes it. */
export function scopeText({ projects, environments }: FreezeScope): string {
	return projects === "*" && environments === "*" ? "*" : `${projects}/${environments}`;
}

export function takes(scope: FreezeScope, place: { readonly project: string; readonly environment: string }): boolean {
	return matchesAny([scope.projects], place.project) && matchesAny([scope.environments], place.environment);
}

/** Those that hold at an environment at a time. */
export function freezesAt<F extends FreezeScope & Pick<HandFreeze, "until">>(
	freezes: readonly F[],
	place: { readonly project: string; readonly environment: string },
	now: Date,
): readonly F[] {
	return freezes.filter((freeze) => (freeze.until === null || freeze.until > now) && takes(freeze, place));
}
