import type { Path, Problem } from "./problem.ts";

export interface Substituted {
	readonly value: unknown;
	/** Path, joined by dots, of each text that is one `${NAME}` and nothing else -> that text. */
	readonly refs: ReadonlyMap<string, string>;
	/** The values that were filled in, each with its `${NAME}`: they may be secrets, and problems must not show them. */
	readonly filled: ReadonlyMap<string, string>;
	readonly problems: readonly Problem[];
}

const REFERENCE = /\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Fills in `${NAME}` in every text of the tree. Keys are left as they are. */
export function substitute(tree: unknown, variable: (name: string) => string | undefined): Substituted {
	const refs = new Map<string, string>();
	const filled = new Map<string, string>();
	const problems: Problem[] = [];

	function fill(text: string, path: Path): string {
		if (/^\$\{[^}]*\}$/.test(text)) refs.set(path.join("."), text);
		return text.replace(REFERENCE, (whole, name: string) => {
			const value = NAME.test(name) ? variable(name) : undefined;
			if (value !== undefined && value !== "") {
				filled.set(value, whole);
				return value;
			}
			problems.push({
				path,
				message: NAME.test(name)
					? `takes the environment variable ${name}, which is not set (or is one of DRAVEN's own): set it for this process`
					: "has a reference that names no environment variable: only letters, digits and _ can stand in its braces",
			});
			// Keeps its place, so that a missing variable is one problem and not two.
			return whole;
		});
	}

	function walk(node: unknown, path: Path): unknown {
		if (typeof node === "string") return fill(node, path);
		if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]));
		if (node === null || typeof node !== "object") return node;
		return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, [...path, key])]));
	}

	return { value: walk(tree, []), refs, filled, problems };
}
