import type { Holders } from "./access.ts";

/** A "no" that a person reads: a value, not an error. Nothing was changed. */
export interface Refusal {
	/** Stable, snake_case, for machines. */
	readonly code: string;
	/** What was refused and why: one or two sentences. */
	readonly message: string;
	/** Who can help; null: nobody has to, or the other sentences say it. */
	readonly helpers: Holders | null;
	/** What to do next; null when the message says it. */
	readonly next: string | null;
	/** Corrected commands, offered as buttons. */
	readonly suggestions: readonly { readonly label: string; readonly command: string }[];
}

export function refusal(
	code: string,
	message: string,
	next: string | null = null,
	suggestions: Refusal["suggestions"] = [],
	helpers: Holders | null = null,
): Refusal {
	return { code, message, helpers, next, suggestions };
}

/** The answer of a use case that can say no. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function done<T>(value: T): Outcome<T> {
	return { ok: true, value };
}

export function refused(no: Refusal): { readonly ok: false; readonly refusal: Refusal } {
	return { ok: false, refusal: no };
}
