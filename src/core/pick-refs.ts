import type { ResolvedRef } from "./run.ts";

const CHOICES = 100;
const byVersion = new Intl.Collator("en", { numeric: true });

/**
 * What a picker shows of all branches and tags: names that contain the query, best first (the very name, or the default ref when nothing
 * was typed; then what begins with it; high versions before low ones). A hundred at most, and hundreds of tags do not push the branches
 * out, nor the other way round. A branch that a tag of the same name hides is left out.
 */
export function pickRefs(
	refs: { readonly tags: readonly ResolvedRef[]; readonly branches: readonly ResolvedRef[] },
	query: string,
	defaultRef: string,
): readonly ResolvedRef[] {
	const wanted = query.trim().toLowerCase();
	const rank = ({ name }: ResolvedRef) => {
		const lower = name.toLowerCase();
		if (lower === wanted || (wanted === "" && name === defaultRef)) return 0;
		return lower.startsWith(wanted) ? 1 : 2;
	};
	const best = (some: readonly ResolvedRef[]) =>
		some
			.filter(({ name }) => name.toLowerCase().includes(wanted))
			.sort((one, other) => rank(one) - rank(other) || byVersion.compare(other.name, one.name));
	const hidden = new Set(refs.tags.map(({ name }) => name));
	const tags = best(refs.tags);
	const branches = best(refs.branches.filter(({ name }) => !hidden.has(name))).slice(
		0,
		Math.max(CHOICES / 2, CHOICES - tags.length),
	);
	return [...branches, ...tags].slice(0, CHOICES).sort((one, other) => rank(one) - rank(other));
}
