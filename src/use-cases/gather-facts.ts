import type { EffectivePolicy } from "../core/policy.ts";
import type { ResolvedRef, RunType } from "../core/run.ts";
import type { Facts } from "../core/verdict.ts";
import type { Deps } from "../deps.ts";
import { freezesOf } from "../store/freezes.ts";
import { succeededWith, successesOf } from "../store/runs.ts";
import type { Place } from "./catalog.ts";
import { ciOf } from "./gather-evidence.ts";

export interface Asked {
	readonly type: RunType;
	readonly ref: ResolvedRef;
	readonly parameters: Readonly<Record<string, string>>;
	readonly force: Facts["force"];
}

/** Everything that the policy is asked, read before any transaction: the network is slow and may be dead. */
export async function gatherFacts(deps: Deps, place: Place, policy: EffectivePolicy, asked: Asked): Promise<Facts> {
	const { project, environment } = place;
	const now = deps.now();
	const where = { project: project.slug, environment: environment.slug };
	const [here, succeededIn, queueLength, frozenByHand] = await Promise.all([
		succeededWith(deps.db, environment.id, asked.ref.sha),
		successesOf(deps.db, project.id, asked.ref.sha),
		countWaiting(deps, environment.id),
		freezesOf(deps.db, where, now),
	]);
	return {
		now,
		frozenByHand,
		type: asked.type,
		ref: asked.ref,
		ci: await readChecks(deps, place, policy, asked, here !== null),
		parameters: asked.parameters,
		force: asked.force,
		queueLength,
		succeededHereAs: here?.number ?? null,
		succeededIn,
	};
}

async function readChecks(
	deps: Deps,
	place: Place,
	policy: EffectivePolicy,
	asked: Asked,
	succeededHere: boolean,
): Promise<Facts["ci"]> {
	// Not asked for what nobody looks at: a provider that is down must not be in the way of going back.
	if (policy.ci.mode === "off" || (asked.type === "rollback" && succeededHere)) return { known: true, checks: [] };
	// A git URL has branches and tags, and nobody there who checks them.
	if (place.integration.provider === "runner") return { known: true, checks: [], nowhere: true };
	return ciOf(deps, place, asked.ref.sha);
}

async function countWaiting(deps: Deps, environmentId: string): Promise<number> {
	const rows: { n: number }[] = await deps.db.query(
		`SELECT count(*)::int AS n FROM run WHERE environment_id = $1
		 AND (state = 'queued' OR (state = 'waiting_approval' AND queue_position IS NOT NULL))`,
		[environmentId],
	);
	return rows[0]?.n ?? 0;
}
