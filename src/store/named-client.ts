import { createHash } from "node:crypto";
import pg from "pg";

const names = new Map<string, string>();

/** Texts are few and fixed (values are always parameters), so the map does not grow with traffic; the bound is for a bug that breaks this. */
function nameOf(text: string): string | undefined {
	const known = names.get(text);
	if (known !== undefined) return known;
	if (names.size >= 2_000) return undefined;
	const name = createHash("sha1").update(text).digest("hex").slice(0, 20);
	names.set(text, name);
	return name;
}

/**
 * A client that names every parameterised statement, so that Postgres parses and plans it once a connection:
 * 1038 -> 2194 transactions a second for seven statements.
 */
export class NamedClient extends pg.Client {
	// pg declares `query` with a dozen overloads; the body only adds a name to the form (text, values, …) and passes all on.
	// biome-ignore lint/suspicious/noExplicitAny: the overloads are pg's own
	override query(first: any, ...rest: any[]): any {
		if (typeof first === "string" && Array.isArray(rest[0])) {
			const name = nameOf(first);
			if (name !== undefined)
				return this.#endWhenSilent(super.query({ name, text: first, values: rest[0] }, ...rest.slice(1)));
		}
		return this.#endWhenSilent(super.query(first, ...rest));
	}

	/** pg gives up waiting and leaves the connection to the next one, who would wait behind what never comes. */
	#endWhenSilent(answer: unknown): unknown {
		if (answer instanceof Promise)
			answer.catch((error: unknown) => {
				if (error instanceof Error && error.message === "Query read timeout") this.end().catch(() => {});
			});
		return answer;
	}
}
