import { type Action, may } from "../core/access.ts";
import type { Refusal } from "../core/refusal.ts";
import { rightRefusal } from "../words/refusal-words.ts";
import type { Place } from "./catalog.ts";
import type { Caller } from "./identify.ts";

/** Null: they may. Else the sentence that says which right is missing and who can help. */
export function checkRight(
	caller: Caller,
	action: Action,
	place: Pick<Place, "project" | "environment">,
): Refusal | null {
	const scope = { project: place.project.slug, environment: place.environment.slug };
	const answer = may(action, caller.bindings, caller.principal, scope);
	return answer.ok ? null : rightRefusal(action, scope, answer);
}
