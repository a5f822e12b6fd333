import { distance } from "fastest-levenshtein";

/** The known words nearest to one that is not known, best first; those that have nothing to do with it are left out. */
export function nearest<Word extends string>(word: string, known: readonly Word[], limit = 3): Word[] {
	const wanted = word.slice(0, 100).toLowerCase();
	const ranked = known
		.map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
		.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1));
	return ranked
		.filter(({ name, far }) => isNear(wanted, name, far))
		.slice(0, limit)
		.map(({ name }) => name);
}

function isNear(wanted: string, name: string, far: number): boolean {
	return (
		far <= Math.max(2, Math.floor(Math.max(wanted.length, name.length) / 2)) ||
		(wanted !== "" && name.startsWith(wanted))
	);
}
