import type { EffectivePolicy } from "../core/policy.ts";
import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import { refAllowed } from "../core/rules/refs.ts";
import type { ResolvedRef, Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { succeededRuns } from "../store/runs.ts";
import { askedAt } from "./asked-at.ts";
import type { Place } from "./catalog.ts";
import type { RunAsked } from "./request-run.ts";
import type { Target } from "./resolve-asked.ts";

/**
 * The commit that is live in another environment, and no other, under a name that may go to this one: the name that it runs under
 * there, as long as that still means this commit; else a tag of it; else the bare commit. When none may go, it keeps the name that it
 * runs under, and the policy says why that may not.
 */
export async function resolvePromoted(
	deps: Deps,
	asked: RunAsked,
	from: Place,
	policy: EffectivePolicy,
): Promise<Outcome<Target>> {
	const [live] = await succeededRuns(deps.db, from.environment.id, 1);
	if (live === undefined) return refused(nothingLive(from));
	if (live.type === "rollback") return refused(rolledBack(asked, from, live));
	const target = (ref: ResolvedRef): Outcome<Target> =>
		done({ ref, rollback: null, promotedFrom: { run: live.number, environment: from.environment.slug } });

	const { place } = asked;
	const port = deps.pipelineOf(place.integration);
	const named = async (name: string) => {
		const ref = await port.resolveRef(place.pipeline, name);
		return ref?.sha === live.ref.sha && refAllowed(policy.refs, ref) ? ref : null;
	};
	const same = await named(live.ref.name);
	if (same !== null) return target(same);
	const tags = (await port.listRefs(place.pipeline, "")).filter(
		(ref) => ref.kind === "tag" && ref.sha === live.ref.sha && refAllowed(policy.refs, ref),
	);
	for (const { name } of tags.slice(0, 1)) {
		const tag = await named(name);
		if (tag !== null) return target(tag);
	}
	const bare = policy.refs.shas ? await named(live.ref.sha) : null;
	if (bare !== null) return target(bare);
	// It would be allowed if the name still meant this commit.
	return refAllowed(policy.refs, live.ref) ? refused(moved(asked, from, live, policy)) : target(live.ref);
}

function nothingLive({ project, environment }: Place) {
	const where = `${project.slug}/${environment.slug}`;
	return refusal(
		"nothing_live",
		`Nothing is live on ${where} yet: no deploy has succeeded there, so there is nothing to promote.`,
		`Deploy it there first: deploy ${project.slug} to ${environment.slug}.`,
	);
}

function rolledBack(asked: RunAsked, { project, environment }: Place, live: Run) {
	const { ref } = live;
	const away = live.rollback?.fromSha == null ? "" : `took ${live.rollback.fromSha.slice(0, 8)} away and `;
	const name = ref.kind === "sha" ? ref.sha.slice(0, 8) : ref.name;
	return refusal(
		"source_rolled_back",
		`The last that went live on ${project.slug}/${environment.slug} is the rollback #${live.number}: it ${away}went back to ${name}. A promotion hands on what proved good, so nothing was done.`,
		`If ${name} is what you want on ${asked.place.environment.slug}, ask for it by its name.`,
		[{ label: name, command: askedAt(asked, ref.name) }],
	);
}

function moved(asked: RunAsked, { project, environment }: Place, { number, ref }: Run, policy: EffectivePolicy) {
	const commit = ref.sha.slice(0, 8);
	const here = asked.place.environment.slug;
	const tagged =
		policy.refs.tags.length > 0 ? `Tag ${commit} with a name that ${here} takes and promote again, or` : "To";
	return refusal(
		"ref_moved",
		`#${number} brought ${commit} to ${project.slug}/${environment.slug} as ${ref.name}, and ${ref.name} is not that commit any more. Under this name something else would be released, and ${commit} has no other that may go to ${here}.`,
		`${tagged} release what ${ref.name} is now: bring it to ${environment.slug} first.`,
		ref.kind === "sha"
			? []
			: [
					{
						label: `${ref.name} to ${environment.slug}`,
						command: `deploy ${project.slug}@${ref.name} to ${environment.slug}`,
					},
				],
	);
}
