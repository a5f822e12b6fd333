import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { findPlace, findProject, type Place } from "../../use-cases/catalog.ts";

export async function placeNamed(
	deps: Deps,
	{ project, environment }: { readonly project: string; readonly environment: string },
): Promise<Outcome<Place>> {
	const place = await findPlace(deps.db.manager, project, environment);
	if (place !== null) return done(place);
	const known = await findProject(deps.db.manager, project);
	return refused(
		known === null
			? refusal("unknown_project", "There is no project of this name.")
			: refusal("unknown_environment", `${project} has no environment of this name.`),
	);
}
