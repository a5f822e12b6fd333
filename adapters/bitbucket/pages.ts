import { z } from "zod";
import { type Call, type CallOptions, readAnswer } from "./client.ts";

const PER_PAGE = 100;

/**
 * Pages one after the other until `enough` says so, there is no `next`, or `most` were read. `complete`: there was no more. null: it is
 * not there (404), when `options.refused` makes an answer without data of it.
 */
export async function readPages<Item>(
	call: Call,
	path: string,
	options: CallOptions,
	page: {
		readonly item: z.ZodType<Item>;
		readonly most: number;
		readonly enough?: (items: readonly Item[]) => boolean;
	},
): Promise<{ readonly items: readonly Item[]; readonly complete: boolean } | null> {
	const schema = z.object({ values: z.array(page.item), next: z.string().nullish() });
	const all: Item[] = [];
	let query: Readonly<Record<string, string | number>> = { pagelen: PER_PAGE, ...options.query };
	for (let number = 1; number <= page.most; number++) {
		const answer = await call("GET", path, { ...options, query });
		if (answer.data === null) return null;
		const { values, next } = readAnswer(schema, answer, options.what);
		all.push(...values);
		if (typeof next !== "string" || !URL.canParse(next) || page.enough?.(values) === true)
			return { items: all, complete: true };
		// Only what it asks for is taken from the address, never where it leads.
		query = Object.fromEntries(new URL(next).searchParams);
	}
	return { items: all, complete: false };
}
