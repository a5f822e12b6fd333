import type { Scope } from "../core/access.ts";
import { freezesAt } from "../core/freeze.ts";
import { releasesAgain } from "../core/rules/releases-again.ts";
import { standingFreeze } from "../core/rules/standing-freeze.ts";
import { windowAt } from "../core/rules/window-at.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { type EnvironmentRow, EnvironmentTable, PolicyTable, ProjectTable } from "../store/entities.ts";
import { freezesOn } from "../store/freezes.ts";
import { personLocks } from "../store/locks.ts";
import { listRuns } from "../store/runs.ts";
import { activeRuns, liveRuns, waitingRunsAt } from "../store/standing-runs.ts";
import type { Standing } from "../words/standing-words.ts";
import { readPolicy } from "./catalog.ts";
import type { Sight } from "./sight.ts";

export async function standings(
	deps: Deps,
	filter: { project: string | null; environment: string | null },
	sees: (place: Scope) => boolean = () => true,
): Promise<Standing[]> {
	const projects = await deps.db.getRepository(ProjectTable).find({ order: { slug: "ASC" } });
	const environments = await deps.db.getRepository(EnvironmentTable).find({ order: { position: "ASC", slug: "ASC" } });
	const chosen = projects
		.filter((project) => project.archivedAt === null && (filter.project === null || project.slug === filter.project))
		.flatMap((project) =>
			environments
				.filter((one) => one.projectId === project.id && one.archivedAt === null)
				.filter((one) => filter.environment === null || one.slug === filter.environment)
				.filter((one) => sees({ project: project.slug, environment: one.slug }))
				.map((environment) => ({ project, environment })),
		);
	const now = deps.now();
	const policies = await deps.db.getRepository(PolicyTable).find();
	const freezes = await freezesOn(deps.db, now);
	const stopped = (project: string, { slug, policy }: EnvironmentRow) => {
		const read = readPolicy(policy, policies);
		const byHand = freezesAt(freezes, { project, environment: slug }, now);
		const rules = read.ok ? read.policy : null;
		return {
			frozen: standingFreeze(rules, byHand, now),
			window: rules === null ? null : windowAt(rules, now),
			again: releasesAgain(rules, byHand, now),
		};
	};
	// As many questions for all of them as for one.
	const ids = chosen.map(({ environment }) => environment.id);
	const live = await liveRuns(deps.db, ids);
	const active = await activeRuns(deps.db, ids);
	const waiting = await waitingRunsAt(deps.db, ids);
	const locks = await personLocks(deps.db, ids, now);
	return chosen.map(({ project, environment }) => ({
		project: project.slug,
		environment: environment.slug,
		live: live.get(environment.id) ?? null,
		active: active.get(environment.id) ?? null,
		lock: locks.get(environment.id) ?? null,
		...stopped(project.slug, environment),
		waiting: waiting.get(environment.id) ?? [],
	}));
}

/** The newest runs of a project, or of one of its environments. */
export async function history(
	deps: Deps,
	{ project, environment, sight }: { project: string; environment: string | null; sight: Sight },
	limit: number,
): Promise<Run[]> {
	return listRuns(deps.db, {
		project,
		...(environment === null ? {} : { environment }),
		...(sight === null ? {} : { environmentIds: [...sight] }),
		limit,
	});
}
