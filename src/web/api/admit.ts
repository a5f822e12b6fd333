import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { ApiTokenRow } from "../../store/entities.ts";
import type { AppContext } from "../app.ts";
import { networkOf } from "../network-of.ts";
import { problem, type Reply } from "../problem.ts";
import { type Standing, tokenBuckets } from "../token-buckets.ts";
import { authenticate } from "./authenticate.ts";

/** Requests a minute. */
export interface Rates {
	/** Of one token. */
	readonly token: number;
	/** Of one token of runners, which many of them share: beats and lines of logs must not be lost. */
	readonly runner: number;
	/** From one address, of those that show no good token. */
	readonly stranger: number;
}

/** A program that polls ten things a second stays far below; one that has run wild does not. */
const RATES: Rates = { token: 6_000, runner: 60_000, stranger: 12_000 };
/** Tokens that were good a moment ago. */
const REMEMBERED = 5_000;

type Headers = Readonly<Record<string, string>>;
export type Gate = (
	request: FastifyRequest,
	kind: ApiTokenRow["kind"] | "either",
) => Promise<
	| { readonly ok: true; readonly token: ApiTokenRow; readonly headers: Headers }
	| { readonly ok: false; readonly reply: Reply; readonly headers: Headers }
>;

/**
 * Lets a request in by its token, and not too many of them. Whoever floods us without a good token is refused before the database is asked; the
 * others at that address, which may be a proxy's, are not: their tokens are known.
 */
export function makeGate({ deps, rates = RATES }: AppContext): Gate {
	const buckets = {
		api: tokenBuckets(rates.token, deps.now),
		runner: tokenBuckets(rates.runner, deps.now),
		stranger: tokenBuckets(rates.stranger, deps.now),
	};
	const good = new Map<string, Pick<ApiTokenRow, "id" | "kind">>();

	return async (request, kind) => {
		const { authorization } = request.headers;
		const shown = createHash("sha256")
			.update(authorization ?? "")
			.digest("base64");
		const address = networkOf(request.ip);
		const known = good.get(shown);
		if (known === undefined && buckets.stranger.isEmpty(address)) {
			const standing = buckets.stranger.take(address);
			return { ok: false, reply: tooMany(standing, "without a good token from your address"), headers: {} };
		}
		if (known !== undefined && buckets[known.kind].isEmpty(known.id)) return overrun(known);
		const token = await authenticate(deps, authorization, kind);
		if (!("id" in token)) {
			if (token.status === 401) good.delete(shown);
			buckets.stranger.take(address);
			return { ok: false, reply: token, headers: {} };
		}
		good.set(shown, { id: token.id, kind: token.kind });
		const [oldest] = good.keys();
		if (good.size > REMEMBERED && oldest !== undefined) good.delete(oldest);
		const standing = buckets[token.kind].take(token.id);
		return standing.ok ? { ok: true, token, headers: headersOf(standing) } : overrun(token);
	};

	function overrun({ kind, id }: Pick<ApiTokenRow, "id" | "kind">) {
		const standing = buckets[kind].take(id);
		return { ok: false, reply: tooMany(standing, "with this token"), headers: headersOf(standing) } as const;
	}
}

function tooMany({ limit, reset }: Standing, whose: string): Reply {
	return problem(
		429,
		"too_many_requests",
		`More than ${limit} requests a minute came ${whose}: wait ${reset} ${reset === 1 ? "second" : "seconds"}, then go on more slowly.`,
		{ "retry-after": String(reset) },
	);
}

function headersOf({ limit, left, reset }: Standing): Headers {
	return { "ratelimit-limit": String(limit), "ratelimit-remaining": String(left), "ratelimit-reset": String(reset) };
}
