import { textAt } from "./body.ts";
import type { SlackContext } from "./context.ts";

/**
 * The workspace that a request is of. User ids are unique in all of Slack, and a person must not become two by using two kinds of
 * requests that name their teams differently: the workspace that we are installed in is the tenant as soon as it is known.
 */
export function tenantOf({ identity }: SlackContext, body: unknown): string {
	return (
		identity.known()?.teamId ??
		textAt(body, "team_id") ??
		textAt(body, "team", "id") ??
		textAt(body, "user", "team_id") ??
		""
	);
}
