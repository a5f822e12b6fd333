interface Asked {
	readonly limit: number;
	readonly cursor?: string | undefined;
}

/** A part of a list that is small enough to be read as a whole; its cursor is the id of the last one that was shown. */
export function pageOf<T extends { readonly id: string }>(all: readonly T[], { limit, cursor }: Asked) {
	const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
	const items = all.slice(from, from + limit);
	return { items, next: from + items.length < all.length ? (items.at(-1)?.id ?? null) : null };
}
