import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { lookAtLink } from "../../use-cases/web-sign-in.ts";
import type { AppContext } from "../app.ts";
import { networkOf } from "../network-of.ts";
import { type Buckets, tokenBuckets } from "../token-buckets.ts";
import { sessionCookie } from "./cookies.ts";
import { alone } from "./page.tsx";

/** Requests a minute that pages take, in each process. */
export interface PageRates {
	/** Of one session, all together; a page that is open follows what happens by itself. */
	readonly looks: number;
	/** Of one session: forms that are sent. A policy is checked as one types. */
	readonly changes: number;
	/** Of one session: searches, reports, exports, what reads far back. */
	readonly searches: number;
	/** Sessions that were not heard of before, from one address. */
	readonly newcomers: number;
	/** Attempts to sign in that failed, from one address: of links, and as many again of answers of a provider. */
	readonly failures: number;
	/** Attempts to sign in as one person. */
	readonly person: number;
}

export const PAGE_RATES: PageRates = {
	...{ looks: 1_200, changes: 300, searches: 120 },
	...{ newcomers: 3_000, failures: 600, person: 60 },
};

const SEARCHES = /^\/(audit|reports)\b|^\/runs\/[^/]+\/(evidence\.json|log\.txt)/;

/** Who tries to sign in: true when it was one too many, and the answer is given. */
export type PersonGate = (reply: FastifyReply, person: string) => boolean;

/**
 * Nobody sends more than a person can. A session is known by its cookie alone, before the database is asked; a cookie that was made up counts
 * against its address, while those that were seen before go on: behind a proxy everybody has one address.
 */
export function guardSessions(app: FastifyInstance, { deps, pageRates = PAGE_RATES }: AppContext): void {
	const { read } = sessionCookie(deps.publicUrl);
	const [looks, changes, searches, newcomers] = (["looks", "changes", "searches", "newcomers"] as const).map((kind) =>
		tokenBuckets(pageRates[kind], deps.now),
	) as [Buckets, Buckets, Buckets, Buckets];

	app.addHook("onRequest", async (request, reply) => {
		const plain = read(request);
		// To the sign-in, without a look at anything.
		if (plain === null) return;
		const session = createHash("sha256").update(plain).digest("base64");
		const own = request.method === "POST" ? changes : SEARCHES.test(request.url) ? searches : null;
		const late =
			(looks.knows(session) ? null : over(newcomers, networkOf(request.ip))) ??
			over(looks, session) ??
			(own === null ? null : over(own, session));
		if (late !== null) return tooMany(reply, late);
	});
}

interface ByToken {
	readonly Params: { readonly token?: string };
}

/** Those who try one link, or one answer of a provider, after the other. What succeeds counts against nobody but its person. */
export function guardSignIn(app: FastifyInstance, { deps, pageRates = PAGE_RATES }: AppContext): PersonGate {
	// Behind a proxy everybody has one address: who floods it with bad links shuts out nobody who comes by the other way.
	const links = tokenBuckets(pageRates.failures, deps.now);
	const answers = tokenBuckets(pageRates.failures, deps.now);
	const people = tokenBuckets(pageRates.person, deps.now);
	const addressOf = (request: FastifyRequest) => networkOf(request.ip);
	const failuresOf = ({ params }: FastifyRequest<ByToken>) => (params.token === undefined ? answers : links);

	app.addHook<ByToken>("onRequest", async (request, reply) => {
		const failures = failuresOf(request);
		// The page that tells the ways in costs nothing.
		if (request.routeOptions.url === "/sign-in" || !failures.isEmpty(addressOf(request))) return;
		// Nor is who holds a good link kept out by those who guess.
		const { token } = request.params;
		if (token !== undefined && (await lookAtLink(deps, token.slice(0, 100))).ok) return;
		return tooMany(reply, failures.take(addressOf(request)).reset);
	});
	app.addHook<ByToken>("onResponse", async (request, { statusCode }) => {
		if (statusCode >= 400 && statusCode < 500) failuresOf(request).take(addressOf(request));
	});
	return (reply, person) => {
		const late = over(people, person);
		if (late !== null) tooMany(reply, late);
		return late !== null;
	};
}

/** The seconds to wait; null: there is one left. */
function over(buckets: Buckets, who: string): number | null {
	const { ok, reset } = buckets.take(who);
	return ok ? null : reset;
}

function tooMany(reply: FastifyReply, seconds: number): FastifyReply {
	reply.header("retry-after", String(seconds));
	return alone(
		reply,
		429,
		"That was too much at once",
		`More came from you in the last minute than is taken, so nothing was done: wait ${seconds} ${seconds === 1 ? "second" : "seconds"}, then repeat it.`,
	);
}
