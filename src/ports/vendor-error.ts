export type VendorErrorKind = "unauthorized" | "not_found" | "rate_limited" | "unavailable" | "rejected";

/** Thrown by adapters alone, marked at birth: what a neighbour's answer means for us. */
export class VendorError extends Error {
	readonly kind: VendorErrorKind;
	/** Seconds that the neighbour asks us to wait; null: it did not say. */
	readonly retryAfter: number | null;
	/** False only when the request surely had no effect there (refused, or never sent). */
	readonly mayHaveHappened: boolean;

	/** `message` is one sentence for people: who answered what, and what to do. It never carries a secret. */
	constructor(
		kind: VendorErrorKind,
		message: string,
		more: { retryAfter?: number; mayHaveHappened?: boolean; cause?: unknown } = {},
	) {
		super(message, { cause: more.cause });
		this.name = "VendorError";
		this.kind = kind;
		this.retryAfter = more.retryAfter ?? null;
		this.mayHaveHappened = more.mayHaveHappened ?? false;
	}

	/** Worth the same try again later. */
	get passing(): boolean {
		return this.kind === "rate_limited" || this.kind === "unavailable";
	}
}
