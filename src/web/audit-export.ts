import type { PlacedEntry } from "../store/audit-pages.ts";
import { trailLine } from "../words/trail-line.ts";
import { csv } from "./pages/csv.ts";

type Pages = AsyncIterable<readonly PlacedEntry[]>;

const HEAD = ["at", "who", "via", "action", "project", "environment", "run", "sentence", "data", "chain", "seq"];

/** A page at a time, as fast as it is read. */
export async function* auditCsv(pages: Pages): AsyncGenerator<string> {
	yield csv([HEAD]);
	for await (const page of pages)
		yield csv(
			page.map(({ chain, seq, entry }) => [
				...[new Date(entry.atMs).toISOString(), entry.actor.name, entry.actor.via, entry.action],
				...[entry.project, entry.environment, entry.run, trailLine(entry), JSON.stringify(entry.data), chain, seq],
			]),
		);
}

/** One list; one that is not closed was broken off. */
export async function* auditJson(pages: Pages): AsyncGenerator<string> {
	yield "[";
	let isFirst = true;
	for await (const page of pages) {
		const items = page.map((one) => JSON.stringify(entryJson(one)));
		yield `${isFirst ? "" : ","}\n${items.join(",\n")}`;
		isFirst = false;
	}
	yield "\n]\n";
}

export function entryJson({ chain, seq, entry: { atMs, ...entry } }: PlacedEntry) {
	return { chain, seq, at: new Date(atMs).toISOString(), ...entry };
}
