import type { VendorError } from "../../src/ports/vendor-error.ts";

/** A provider's API with its credentials. */
export interface ApiOptions {
	readonly baseUrl: string;
	readonly token: string;
	/** Milliseconds that one exchange may take; default 10 s. */
	readonly withinMs?: number;
	/** The clock of the rate limit. */
	readonly now?: () => Date;
}

export interface ApiAnswer {
	readonly status: number;
	readonly headers: Headers;
	/** What its JSON says, or the text where that was asked for. An answer that is no JSON: undefined at GitLab, its text at Bitbucket. */
	readonly data: unknown;
}

export interface ApiCallOptions {
	/** What is asked for, as it stands in a sentence: `the pipeline 42 of acme/web`. */
	readonly what: string;
	readonly query?: Readonly<Record<string, string | number>>;
	/** Sent as JSON. */
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
	/** What an answer that is no success means here; undefined: what it means everywhere. */
	readonly refused?: (answer: ApiAnswer) => ApiAnswer | VendorError | undefined;
	/** Not sent while little is left of the rate limit: it comes round again. */
	readonly canWait?: boolean;
}
