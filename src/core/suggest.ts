import { distance } from "fastest-levenshtein";

/** The known words nearest to one that is not known, best first; those that have nothing to do with it are left out. */
export function nearest(word: string, known: readonly string[], limit = 3): string[] {
	const wanted = word.slice(0, 100).toLowerCase();
	return known
		.map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
		.filter(
			({ name, far }) =>
				far <= Math.max(2, Math.floor(Math.max(wanted.length, name.length) / 2)) || name.startsWith(wanted),
		)
		.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
		.slice(0, limit)
		.map(({ name }) => name);
}
