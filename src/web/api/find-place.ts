import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { findPlace, findProject, type Place } from "../../use-cases/catalog.ts";
import { isSeen, type Sight } from "../../use-cases/sight.ts";

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

/** Environments that a list is asked for: those of this name or alias, in one project or in all; null: nobody asked for any. */
export async function environmentsNamed(
	deps: Deps,
	{ project, environment }: { readonly project?: string | undefined; readonly environment?: string | undefined },
	sight: Sight = null,
): Promise<Outcome<readonly string[] | null>> {
	if (project === undefined && environment === undefined) return done(sight === null ? null : [...sight]);
	// Also of what is archived: its runs are still to be seen.
	const rows: { id: string | null }[] = await deps.db.query(
		`SELECT e.id FROM project p LEFT JOIN environment e ON e.project_id = p.id
		 AND ($2::text IS NULL OR e.slug = $2 OR $2 = ANY(e.aliases)) WHERE $1::text IS NULL OR p.slug = $1`,
		[project ?? null, environment ?? null],
	);
	if (sight === null && rows.length === 0 && project !== undefined)
		return refused(refusal("unknown_project", "There is no project of this name."));
	const ids = rows.flatMap(({ id }) => (id === null || !isSeen(sight, id) ? [] : [id]));
	if (sight !== null && ids.length === 0)
		return refused(
			refusal(
				environment === undefined ? "unknown_project" : "unknown_environment",
				"Within the scope of this token there is nothing of this name.",
			),
		);
	if (ids.length > 0 || environment === undefined) return done(ids);
	const where = project === undefined ? "No project" : project;
	const has = project === undefined ? "has an environment" : "has no environment";
	return refused(refusal("unknown_environment", `${where} ${has} of this name.`));
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
