import { z } from "zod";
import { type Answer, type Call, type CallOptions, readAnswer } from "./client.ts";

export const PER_PAGE = 100;

/** Pages one after the other until `enough` says so, there is none left, or `most` were read. `complete`: there was no more. */
export async function readPages<Item>(
	call: Call,
	path: string,
	options: CallOptions,
	page: {
		readonly schema: z.ZodType<Item>;
		readonly most: number;
		readonly enough?: (items: readonly Item[]) => boolean;
	},
): Promise<{ readonly items: readonly Item[]; readonly complete: boolean }> {
	const all: Item[] = [];
	for (let number = 1; number <= page.most; number++) {
		const query = { ...options.query, per_page: PER_PAGE, page: number };
		const answer = await call("GET", path, { ...options, query });
		const items = readAnswer(z.array(page.schema), answer, options.what);
		all.push(...items);
		if (!hasNext(answer, items.length) || page.enough?.(items) === true) return { items: all, complete: true };
	}
	return { items: all, complete: false };
}

/** A proxy may drop the headers; then the count says it. */
function hasNext({ headers }: Answer, size: number): boolean {
	const next = headers.get("x-next-page");
	return next === null ? size >= PER_PAGE : next !== "";
}
