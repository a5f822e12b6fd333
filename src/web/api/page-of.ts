interface Asked {
	readonly limit: number;
	readonly cursor?: string | undefined;
}

/** A part of a list that is small enough to be read as a whole; its cursor is the name of the last one that was shown. */
export function pageOf<T>(all: readonly T[], { limit, cursor }: Asked, nameOf: (one: T) => string) {
	const from = cursor === undefined ? 0 : all.findIndex((one) => nameOf(one) === cursor) + 1;
	const items = all.slice(from, from + limit);
	const last = items.at(-1);
	return { items, next: from + items.length < all.length && last !== undefined ? nameOf(last) : null };
}
