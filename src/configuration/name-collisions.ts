import { type Item, projectOf, type StoredItem } from "./items.ts";
import type { Match } from "./plan.ts";

type Environment = Extract<Item, { kind: "environment" }>;

/** Names that a wanted environment takes while another one, which stays without being named, has them: commands would go to that one. */
export function nameCollisions(stored: readonly StoredItem[], matches: readonly Match[], gone: Set<string>): string[] {
	const named = new Set(matches.map((match) => match.stored?.id));
	const staying = stored.filter((one) => !one.archived && !named.has(one.id) && !gone.has(one.id));
	const wanted = matches.flatMap(({ item }) => (item.kind === "environment" ? [item] : []));
	return staying.flatMap((other) => {
		if (other.kind !== "environment") return [];
		const names = new Set(namesOf(other));
		return wanted.flatMap((one) =>
			projectOf(one) !== projectOf(other)
				? []
				: namesOf(one)
						.filter((name) => names.has(name))
						.map(
							(name) =>
								`The environment ${one.name} cannot be called "${name}": ${other.name}, which is not named any more, still is. Choose another alias, or remove that one with --prune.`,
						),
		);
	});
}

function namesOf(environment: Environment): string[] {
	const slug = environment.name.slice(projectOf(environment).length + 1);
	return [slug, ...environment.values.aliases];
}
