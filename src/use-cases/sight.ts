import { inScope, may, type Reach, type Scope } from "../core/access.ts";
import type { Sql } from "../store/runs.ts";
import type { Caller } from "./identify.ts";

/** What somebody may look at: everything (null), or what belongs to these environments, by id. */
export type Sight = ReadonlySet<string> | null;

/** Also of what is archived: its runs are still to be seen. */
export async function sightWithin(sql: Sql, reach: Reach | null): Promise<Sight> {
	if (reach === null) return null;
	const rows: { id: string; project: string; environment: string }[] = await sql.query(
		"SELECT e.id, p.slug AS project, e.slug AS environment FROM environment e JOIN project p ON p.id = e.project_id",
	);
	return new Set(rows.filter((one) => inScope(reach, one)).map(({ id }) => id));
}

export function isSeen(sight: Sight, environmentId: string): boolean {
	return sight === null || sight.has(environmentId);
}

/** Whether somebody who says a command may look at a place: all may, but a token no further than it reaches. */
export function sees({ bindings, principal }: Pick<Caller, "bindings" | "principal">, place: Scope): boolean {
	return may("view", bindings, principal, place).ok;
}
