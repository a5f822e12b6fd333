import { type Action, may } from "../core/access.ts";
import type { Refusal } from "../core/refusal.ts";
import { rightRefusal } from "../words/refusal-words.ts";
import type { Caller } from "./identify.ts";

/** Null: they may. Else the sentence that says which right is missing and who can help. */
export function checkRight(
	caller: Caller,
	action: Action,
	place: { readonly project: { readonly slug: string }; readonly environment: { readonly slug: string } },
): Refusal | null {
	const scope = { project: place.project.slug, environment: place.environment.slug };
	const answer = may(action, caller.bindings, caller.principal, scope);
	return answer.ok ? null : rightRefusal(action, scope, answer);
}
