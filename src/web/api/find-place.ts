import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { findPlace, findProject, type Place } from "../../use-cases/catalog.ts";

export async function placeNamed(
	deps: Deps,
	{ project, environment }: { readonly project: string; readonly environment: string },
): Promise<Outcome<Place>> {
	const place = (await findPlace(deps.db.manager, project, environment)) ?? (await byAlias(deps, project, environment));
	if (place !== null) return done(place);
	const known = await findProject(deps.db.manager, project);
	return refused(
		known === null
			? refusal("unknown_project", "There is no project of this name.")
			: refusal("unknown_environment", `${project} has no environment of this name.`),
	);
}

/** As in chat, an environment may be called by an alias. */
async function byAlias(deps: Deps, project: string, alias: string): Promise<Place | null> {
	const rows: { slug: string }[] = await deps.db.query(
		`SELECT e.slug FROM environment e JOIN project p ON p.id = e.project_id
		 WHERE p.slug = $1 AND $2 = ANY(e.aliases) AND e.archived_at IS NULL`,
		[project, alias],
	);
	const [row] = rows;
	return row === undefined ? null : findPlace(deps.db.manager, project, row.slug);
}
