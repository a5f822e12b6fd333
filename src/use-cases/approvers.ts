import { describeHolders } from "../core/access.ts";
import type { Deps } from "../deps.ts";
import { AccessBindingTable } from "../store/entities.ts";
import type { Place } from "./catalog.ts";

/** Who can approve there, in words: groups and people as they are configured. */
export async function approversOf(deps: Deps, place: Pick<Place, "project" | "environment">): Promise<string> {
	const bindings = await deps.db.getRepository(AccessBindingTable).find({ order: { position: "ASC" } });
	return describeHolders(bindings, "approver", { project: place.project.slug, environment: place.environment.slug });
}
