import { isLoopbackHost } from "../../src/core/base-url.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { checkedFetch } from "./checked-fetch.ts";

const WITHIN_MS = 20_000;

export interface LogPlace {
	/** The provider's name as people write it. */
	readonly provider: string;
	/** Where its API is: only one on this machine may name another place on it. */
	readonly baseUrl: string;
	/** The log, as it stands in a sentence. */
	readonly what: string;
}

/**
 * A log from the place that a provider names, without the token: the address itself is the right to read it. It is checked as every other
 * one. null: nothing is kept there (any more).
 */
export async function fetchLogFrom<T>(
	location: string,
	{ provider, baseUrl, what }: LogPlace,
	headers: Readonly<Record<string, string>>,
	read: (response: Response) => Promise<T>,
): Promise<T | null> {
	const url = URL.canParse(location) ? new URL(location) : null;
	const loopback = isLoopbackHost(new URL(baseUrl).hostname);
	const isSafe = url?.protocol === "https:" || (loopback && url !== null && isLoopbackHost(url.hostname));
	if (url === null || !isSafe) throw new VendorError("rejected", `${provider} gives no safe address for ${what}.`);
	const rule = { provider: `The place where ${provider} keeps ${what},`, advice: "It is not read.", loopback };
	try {
		const response = await checkedFetch(url, { headers, signal: AbortSignal.timeout(WITHIN_MS) }, rule);
		if (response.ok) return await read(response);
		await response.body?.cancel();
	} catch (cause) {
		if (cause instanceof VendorError) throw cause;
		throw new VendorError("unavailable", `The place where ${provider} keeps ${what} did not answer.`, { cause });
	}
	return null;
}
