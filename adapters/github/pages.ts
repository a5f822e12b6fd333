import type { z } from "zod";
import { type Answer, type Call, type CallOptions, readAnswer } from "./client.ts";

export const PER_PAGE = 100;

/** Pages one after the other until one is not full, or `most` were read. `complete`: there was no more. */
export async function readPages<Page, Item>(
	call: Call,
	route: string,
	parameters: Readonly<Record<string, unknown>>,
	options: CallOptions,
	page: {
		readonly schema: z.ZodType<Page>;
		readonly items: (page: Page) => readonly Item[];
		readonly most: number;
	},
): Promise<{ readonly items: readonly Item[]; readonly complete: boolean }> {
	const all: Item[] = [];
	for (let number = 1; number <= page.most; number++) {
		const answer = await call(route, { ...parameters, per_page: PER_PAGE, page: number }, options);
		const items = page.items(readAnswer(page.schema, answer, options.what));
		all.push(...items);
		if (!hasNext(answer, items.length)) return { items: all, complete: true };
	}
	return { items: all, complete: false };
}

/** GitHub may leave entries out of a full page: the Link header knows better than the count. */
function hasNext(answer: Answer, size: number): boolean {
	const { link } = answer.headers;
	return typeof link === "string" ? /rel="?next"?/.test(link) : size >= PER_PAGE;
}
