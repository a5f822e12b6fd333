import { z } from "zod";
import { isLoopbackHost } from "../../src/core/base-url.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { waitOf } from "./teams-error.ts";
import type { Tokens } from "./tokens.ts";

/** Microsoft Graph, as far as we need it. Throws VendorError. */
export interface Graph {
	/** null: Graph knows no such thing (404). */
	get(path: string): Promise<unknown | null>;
	post(path: string, body: object): Promise<unknown | null>;
	/** What stands in a list, in its first `pages` pages; nothing when there is no such list. */
	list(path: string, pages: number): Promise<readonly unknown[]>;
}

export const GRAPH = "https://graph.microsoft.com";
const WITHIN_MS = 6_000;

/** `baseUrl` with or without its version. `tokens` null: it asks for none (the Playground's own). */
export function createGraph(baseUrl: string, tokens: Tokens | null): Graph {
	const base = /\/(?:v1\.0|beta)$/.test(baseUrl) ? baseUrl : `${baseUrl}/v1.0`;
	const fetch = boundedFetch("Microsoft Graph", base, WITHIN_MS);
	const { origin, hostname } = new URL(base);
	const scope = `${isLoopbackHost(hostname) ? GRAPH : origin}/.default`;

	async function ask(method: "GET" | "POST", path: string, body?: object, eventual = false): Promise<unknown | null> {
		const token = tokens === null ? null : await tokens.get(scope);
		const response = await fetch(`${base}${path}`, {
			method,
			headers: {
				accept: "application/json",
				// Lists of one kind of members alone are answered on these terms only.
				...(eventual ? { consistencylevel: "eventual" } : {}),
				...(body === undefined ? {} : { "content-type": "application/json" }),
				...(token === null ? {} : { authorization: `Bearer ${token}` }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		if (response.status === 404) return null;
		// Nothing that is asked here changes anything, so it may be asked again at once.
		if (response.status === 401 && token !== null && tokens?.refused(token)) return ask(method, path, body, eventual);
		if (!response.ok) throw refused(response, await response.text());
		try {
			return await response.json();
		} catch {
			throw new VendorError("unavailable", "Microsoft Graph answered with something that is not JSON.");
		}
	}

	async function list(path: string, pages: number): Promise<readonly unknown[]> {
		const found: unknown[] = [];
		let next: string | null = `${path}&$count=true`;
		for (let page = 0; page < pages && next !== null; page++) {
			const told = await ask("GET", next, undefined, true);
			if (told === null) break;
			const read = Page.safeParse(told);
			if (!read.success)
				throw new VendorError("unavailable", "Microsoft Graph answered with something that is no list.");
			found.push(...read.data.value);
			const link = read.data["@odata.nextLink"] ?? "";
			// Our token goes to no other server, whatever an answer says.
			next = link.startsWith(`${base}/`) ? link.slice(base.length) : null;
		}
		return found;
	}

	return { get: (path) => ask("GET", path), post: (path, body) => ask("POST", path, body), list };
}

const Page = z.object({ value: z.array(z.unknown()), "@odata.nextLink": z.string().max(8_000).nullish() });

const Refused = z.object({ error: z.object({ code: z.string() }) });

function refused(response: Response, body: string): VendorError {
	const { status } = response;
	const wait = waitOf(response.headers.get("retry-after"));
	const after = wait === null ? {} : { retryAfter: wait };
	if (status === 429) return new VendorError("rate_limited", "Microsoft Graph asks to wait.", after);
	if (status >= 500) return new VendorError("unavailable", `Microsoft Graph answered with HTTP ${status}.`, after);
	const code = codeOf(body);
	if (status === 401 || status === 403)
		return new VendorError(
			"unauthorized",
			`Microsoft Graph does not let us read people and groups (${code}): grant the application permissions User.Read.All and GroupMember.Read.All, with an admin's consent.`,
			{ cause: { status, code } },
		);
	return new VendorError("rejected", `Microsoft Graph refused it (${code}).`, { cause: { status, code } });
}

function codeOf(body: string): string {
	try {
		return Refused.parse(JSON.parse(body)).error.code.replace(/\W/g, "").slice(0, 60);
	} catch {
		return "no code";
	}
}
