import { may } from "../../core/access.ts";
import { done, type Outcome, refused } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import type { ApiTokenRow } from "../../store/entities.ts";
import { type Caller, identifyToken } from "../../use-cases/identify.ts";
import { rightRefusal } from "../../words/refusal-words.ts";

const EVERYWHERE = { project: "*", environment: "*" };

/** The caller, when their token is an admin's of everything: the same as the page asks of whoever opens what is for admins. */
export async function adminOf(deps: Deps, token: ApiTokenRow): Promise<Outcome<Caller>> {
	const caller = await identifyToken(deps, token);
	const right = may("configure", caller.bindings, caller.principal, EVERYWHERE);
	return right.ok ? done(caller) : refused(rightRefusal("configure", EVERYWHERE, right));
}
