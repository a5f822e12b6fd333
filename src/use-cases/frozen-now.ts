import type { EntityManager } from "typeorm";
import type { HandFreeze } from "../core/freeze.ts";
import { freezesRule } from "../core/rules/freezes.ts";
import type { Run } from "../core/run.ts";
import type { RuleVerdict } from "../core/verdict.ts";
import { succeededWith } from "../store/runs.ts";
import { type Place, policyOf } from "./catalog.ts";

/** What a freeze says against a run that is on its way; null: nothing, or its force set that aside when it was asked for. */
export async function frozenNow(
	tx: EntityManager,
	place: Place,
	run: Run,
	frozenByHand: readonly HandFreeze[],
	now: Date,
): Promise<RuleVerdict | null> {
	if (run.force?.waived.includes("freezes") === true) return null;
	const policy = await policyOf(tx, place.environment.policy);
	// A policy that cannot be read refuses by itself.
	if (!policy.ok) return null;
	const here = await succeededWith(tx, place.environment.id, run.ref.sha);
	const { verdict } = freezesRule(policy.policy, {
		...{ now, type: run.type, frozenByHand },
		succeededHereAs: here?.number ?? null,
	});
	return verdict.outcome === "refused" ? verdict : null;
}
