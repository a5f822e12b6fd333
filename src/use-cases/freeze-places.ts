import type { EntityManager } from "typeorm";
import { type FreezeScope, takes } from "../core/freeze.ts";
import type { Until } from "../core/freeze-until.ts";
import { type Channels, EnvironmentTable, PolicyTable, ProjectTable } from "../store/entities.ts";
import { readPolicy } from "./catalog.ts";

/** An environment that a freeze takes. */
export interface FrozenPlace {
	readonly id: string;
	readonly project: string;
	readonly environment: string;
	readonly policy: string;
	readonly channels: Channels;
}

type Reader = Pick<EntityManager, "getRepository">;

export async function placesTaken(db: Reader, scope: FreezeScope): Promise<FrozenPlace[]> {
	const projects = await db.getRepository(ProjectTable).find({ order: { slug: "ASC" } });
	const environments = await db.getRepository(EnvironmentTable).find({ order: { position: "ASC", slug: "ASC" } });
	return projects
		.filter(({ archivedAt }) => archivedAt === null)
		.flatMap((project) =>
			environments
				.filter(({ projectId, archivedAt }) => projectId === project.id && archivedAt === null)
				.map(({ id, slug, policy, channels }) => ({ id, project: project.slug, environment: slug, policy, channels })),
		)
		.filter((place) => takes(scope, place));
}

/** The wall clock that a time without a zone is of: the one that the policies there name, else UTC. */
export async function zoneOf(db: Reader, places: readonly FrozenPlace[], until: Until | null): Promise<string> {
	if (until === null || until.kind === "for" || until.kind === "at") return "UTC";
	if (until.zone !== null) return until.zone;
	const stored = await db.getRepository(PolicyTable).find();
	const zones = new Set<string>();
	for (const slug of new Set(places.map(({ policy }) => policy))) {
		const read = readPolicy(slug, stored);
		const zone = read.ok ? (read.policy.windows?.timezone ?? read.policy.freezes[0]?.timezone) : undefined;
		if (zone !== undefined) zones.add(zone);
	}
	const [only, ...more] = zones;
	return only !== undefined && more.length === 0 ? only : "UTC";
}
