import { matchesAny } from "../glob.ts";
import type { EffectivePolicy } from "../policy.ts";
import type { ResolvedRef } from "../run.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, refuses } from "./outcome.ts";

type Refs = EffectivePolicy["refs"];

/** Whether a ref of this kind and name may go there. */
export function refAllowed(refs: Refs, ref: Pick<ResolvedRef, "name" | "kind">): boolean {
	if (ref.kind === "sha") return refs.shas;
	return matchesAny(ref.kind === "branch" ? refs.branches : refs.tags, ref.name);
}

export function refsRule(refs: Refs, { ref, type, succeededHereAs }: Facts): RuleVerdict {
	if (type === "rollback" && succeededHereAs !== null)
		return holds("refs", "ran_here_before", `This commit already succeeded here as #${succeededHereAs}.`);
	const name = ref.kind === "sha" ? `The commit ${ref.sha.slice(0, 8)}` : `The ${ref.kind} ${ref.name}`;
	if (refAllowed(refs, ref)) return holds("refs", "ref_allowed", `${name} may go here.`);
	return refuses(
		"refs",
		"ref_not_allowed",
		`${name} may not go here: the policy allows ${describe(refs)}.`,
		remedy(refs),
	);
}

function describe(refs: Refs): string {
	const parts = [
		named("branch", "branches", refs.branches),
		named("tag", "tags", refs.tags),
		refs.shas ? "single commits" : null,
	].filter((part) => part !== null);
	return parts.length === 0 ? "nothing" : parts.join(" and ");
}

/** `**` is how a policy says it, not how people do. */
function named(one: string, many: string, globs: readonly string[]): string | null {
	if (globs.length === 0) return null;
	return globs.includes("**") ? `any ${one}` : `${many} ${globs.join(", ")}`;
}

function remedy(refs: Refs): string {
	if (refs.tags.includes("**")) return "Tag the commit and deploy the tag.";
	if (refs.tags.length > 0) return `Tag the commit with a name like ${refs.tags[0]} and deploy the tag.`;
	if (refs.branches.includes("**")) return "Deploy a branch that has the commit.";
	if (refs.branches.length > 0) return `Deploy a branch like ${refs.branches[0]}.`;
	return "Ask an admin to allow refs in the policy.";
}
