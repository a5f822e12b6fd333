import { type EntityManager, In } from "typeorm";
import { type Holders, holdersOf } from "../core/access.ts";
import { AccessBindingTable, IdentityTable } from "../store/entities.ts";
import type { Place } from "./catalog.ts";

/** Who can approve there. `except`: persons who cannot, because they asked for it or wrote it. */
export async function approversOf(
	db: Pick<EntityManager, "getRepository">,
	place: Pick<Place, "project" | "environment">,
	except: ReadonlySet<string>,
	tokens: boolean,
): Promise<Holders> {
	const bindings = await db.getRepository(AccessBindingTable).find({ order: { position: "ASC" } });
	const identities = await db.getRepository(IdentityTable).findBy({ personId: In([...except]) });
	const emails = identities.flatMap(({ email }) => (email === null ? [] : [email]));
	const scope = { project: place.project.slug, environment: place.environment.slug };
	return { role: "approver", subjects: holdersOf(bindings, "approver", scope, { identities, emails }), tokens };
}
