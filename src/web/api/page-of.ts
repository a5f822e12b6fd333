import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";

interface Asked {
	readonly limit: number;
	readonly cursor?: string | undefined;
}

interface Page<T> {
	readonly items: readonly T[];
	readonly next: string | null;
}

/**
 * A part of a list that is small enough to be read as a whole; its cursor is the name of the last one that was shown. Where that one is
 * gone, nobody knows what was shown already: whoever reads on is told so, and does not get the first page for the next one.
 */
export function pageOf<T>(all: readonly T[], { limit, cursor }: Asked, nameOf: (one: T) => string): Outcome<Page<T>> {
	const at = cursor === undefined ? -1 : all.findIndex((one) => nameOf(one) === cursor);
	if (cursor !== undefined && at === -1) return refused(BAD_CURSOR);
	const from = at + 1;
	const items = all.slice(from, from + limit);
	const last = items.at(-1);
	return done({ items, next: from + items.length < all.length && last !== undefined ? nameOf(last) : null });
}

const BAD_CURSOR = refusal(
	"bad_cursor",
	"The cursor names nothing that is in this list, or not any more.",
	"Read it again from the beginning, without a cursor.",
);
