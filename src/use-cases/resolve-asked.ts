import type { EffectivePolicy } from "../core/policy.ts";
import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import { rollbackTarget } from "../core/rollback-target.ts";
import { refAllowed } from "../core/rules/refs.ts";
import type { ResolvedRef, Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { lastMove, runByNumber, succeededRuns } from "../store/runs.ts";
import { askedAt } from "./asked-at.ts";
import type { RunAsked } from "./request-run.ts";
import { resolvePromoted } from "./resolve-promoted.ts";

export interface Target {
	readonly ref: ResolvedRef;
	readonly rollback: Run["rollback"];
	readonly promotedFrom: Run["promotedFrom"];
}

/** Which commit a request means. */
export async function resolveAsked(deps: Deps, asked: RunAsked, policy: EffectivePolicy): Promise<Outcome<Target>> {
	if (asked.type === "rollback" && asked.ref === null) return rollbackRun(deps, asked);
	const { promoteFrom } = asked;
	if (promoteFrom !== undefined)
		return asking(`What is live on ${promoteFrom.environment.slug}`, () =>
			resolvePromoted(deps, asked, promoteFrom, policy),
		);
	const resolved = await resolveRef(deps, asked, policy);
	if (!resolved.ok) return resolved;
	if (asked.type !== "rollback") return done({ ref: resolved.value, rollback: null, promotedFrom: null });
	const last = await lastMove(deps.db, asked.place.environment.id);
	return done({ ref: resolved.value, rollback: { toRun: null, fromSha: last?.ref.sha ?? null }, promotedFrom: null });
}

async function rollbackRun(deps: Deps, asked: RunAsked): Promise<Outcome<Target>> {
	const { project, environment } = asked.place;
	const here = `${project.slug}/${environment.slug}`;
	const from = (await lastMove(deps.db, environment.id))?.ref.sha ?? null;
	if (asked.toRun === null) {
		const target = from === null ? null : rollbackTarget(await succeededRuns(deps.db, environment.id), from);
		if (target === null)
			return refused(
				refusal(
					"nothing_to_roll_back_to",
					`There is nothing to roll back to on ${here}: no earlier run succeeded there with another commit.`,
					`Name one: deploy rollback ${project.slug} ${environment.slug} to <ref>.`,
				),
			);
		return done({ ref: target.ref, rollback: { toRun: target.number, fromSha: from }, promotedFrom: null });
	}
	const run = await runByNumber(deps.db, asked.toRun);
	if (
		run === null ||
		run.environmentId !== environment.id ||
		run.progress.state !== "succeeded" ||
		run.type === "dry-run"
	)
		return refused(
			refusal(
				"not_a_rollback_target",
				`#${asked.toRun} is not a run that succeeded on ${here}, so there is nothing to go back to.`,
				`deploy history ${project.slug} ${environment.slug} shows what ran there.`,
			),
		);
	return done({ ref: run.ref, rollback: { toRun: run.number, fromSha: from }, promotedFrom: null });
}

async function resolveRef(deps: Deps, asked: RunAsked, policy: EffectivePolicy): Promise<Outcome<ResolvedRef>> {
	const { place } = asked;
	const port = deps.pipelineOf(place.integration);
	const name = asked.ref ?? place.project.defaultRef;
	return asking(name, async () => {
		const ref = await port.resolveRef(place.pipeline, name);
		if (ref === null)
			return refused(
				refusal(
					"unknown_ref",
					`${place.project.slug} has no branch, tag or commit called "${name}".`,
					"Check the name; it is case-sensitive.",
				),
			);
		if (asked.onlySha !== null && ref.sha !== asked.onlySha)
			return refused(
				refusal(
					"ref_moved",
					`${name} has moved: it was ${asked.onlySha.slice(0, 8)} and is ${ref.sha.slice(0, 8)} now, so this would not be the same run again.`,
					"Ask for it anew to release what it names now.",
					[{ label: name, command: askedAt(asked, name) }],
				),
			);
		if (asked.ref === null && !refAllowed(policy.refs, ref)) return await offerRefs(deps, asked, policy, ref);
		return done(ref);
	});
}

/** A provider that cannot be asked is a refusal, and nothing was changed. */
async function asking<T>(what: string, ask: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
	try {
		return await ask();
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return refused(
			refusal(
				`provider_${error.kind}`,
				`${what} could not be looked up: ${error.message}`,
				error.passing ? "Nothing was changed. Try again in a minute." : "Ask an admin to run `draven doctor`.",
			),
		);
	}
}

/** No ref was named and the default one may not go there: offer what may. */
async function offerRefs(
	deps: Deps,
	asked: RunAsked,
	policy: EffectivePolicy,
	standard: ResolvedRef,
): Promise<Outcome<ResolvedRef>> {
	const { project, environment } = asked.place;
	const all = await deps.pipelineOf(asked.place.integration).listRefs(asked.place.pipeline, "");
	const allowed = all.filter((ref) => refAllowed(policy.refs, ref)).slice(0, 5);
	return refused(
		refusal(
			"ref_needed",
			`Which version? The policy of ${environment.slug} does not allow ${standard.name}, the default of ${project.slug}.`,
			allowed.length === 0
				? "It allows none of the branches and tags that are there: create one that fits."
				: "Choose one, or name it: deploy <project>@<ref> <environment>.",
			allowed.map((ref) => ({
				label: ref.name,
				command: askedAt(asked, ref.name),
			})),
		),
	);
}
