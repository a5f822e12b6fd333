import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Lookup } from "./check-address.ts";
import { checkedFetch } from "./checked-fetch.ts";
import { lastBytes } from "./last-bytes.ts";
import { lostAnswer } from "./lost-answer.ts";

const WITHIN_MS = 10_000;
const ANSWER_BYTES = 20_000_000;
const REDIRECTS = 3;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * fetch with an end: one time-out over the whole exchange (or the caller's, when that is sooner), a limit on the answer, and redirects (a renamed repository) followed at the
 * same host alone, because the token is for that host; with `redirect: "manual"` none is followed. The body is read here: a connection that breaks in the middle of an answer is
 * an error, not an empty answer. `provider` is its name as people write it (GitHub). `part`: of a text that may be long, such as a log,
 * the end is enough. Throws VendorError.
 */
export function boundedFetch(
	provider: string,
	baseUrl: string,
	withinMs = WITHIN_MS,
	part: "whole" | "end" = "whole",
	lookup?: Lookup,
): Fetch {
	const { origin, host } = new URL(baseUrl);
	const rule = { provider, advice: "Check the baseUrl.", loopback: true };
	return async (url, init) => {
		const method = init.method ?? "GET";
		const ends = [AbortSignal.timeout(withinMs), ...(init.signal ? [init.signal] : [])];
		const limited = { ...init, redirect: "manual" as const, signal: AbortSignal.any(ends) };
		try {
			let target = new URL(url);
			for (let hops = 0; ; hops++) {
				if (target.origin !== origin || hops > REDIRECTS)
					throw new VendorError("rejected", `${provider} at ${host} redirects to another host. Check the baseUrl.`);
				const response = await checkedFetch(target, limited, rule, lookup);
				const next = init.redirect === "manual" ? null : redirectOf(response, target, method);
				if (next === null && part === "end") return new Response(await lastBytes(response), response);
				if (next === null) return await whole(response, `${provider} at ${host}`);
				await response.body?.cancel();
				target = next;
			}
		} catch (error) {
			if (error instanceof VendorError) throw error;
			throw lostAnswer(limited.signal.aborted ? limited.signal.reason : error, { provider, host, method, withinMs });
		}
	};
}

function redirectOf(response: Response, from: URL, method: string): URL | null {
	const location = response.headers.get("location");
	// 301 and 302 would turn a POST into a GET; 307 and 308 say that it may be repeated as it is.
	const kept = method === "GET" ? [301, 302, 307, 308] : [307, 308];
	return location !== null && kept.includes(response.status) && URL.canParse(location, from.href)
		? new URL(location, from)
		: null;
}

async function whole(response: Response, from: string): Promise<Response> {
	const { status, headers } = response;
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of response.body ?? []) {
		size += chunk.length;
		if (size > ANSWER_BYTES) throw new VendorError("rejected", `${from} sent more than 20 MB.`);
		chunks.push(chunk);
	}
	const empty = status === 204 || status === 205 || status === 304;
	return new Response(empty ? null : Buffer.concat(chunks), { status, headers });
}
