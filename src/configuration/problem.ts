export type Path = readonly (string | number)[];

/** One thing that is wrong with a draven.yaml. `message` continues a sentence that begins with the place. */
export interface Problem {
	readonly path: Path;
	readonly message: string;
}

/** A problem as people read it; `line` from 1. */
export interface DocumentProblem {
	/** `projects[0].environments[1].policy`; empty: the file as a whole. */
	readonly path: string;
	readonly line: number | null;
	readonly message: string;
}

export function showPath(path: Path): string {
	return path
		.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${part}`))
		.join("");
}

/** `line 12: projects[0].slug is no slug: …` */
export function describeProblem({ path, line, message }: DocumentProblem): string {
	const where = line === null ? "" : `line ${line}: `;
	return `${where}${path === "" ? "the file" : path} ${message}.`;
}
