import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Fetch } from "../http/bounded-fetch.ts";
import { waitOf } from "./teams-error.ts";

/** Access tokens of our own app: for the Bot Connector and for Graph. */
export interface Tokens {
	/** `scope` as Microsoft writes it: `https://graph.microsoft.com/.default`. Throws VendorError. */
	get(scope: string): Promise<string>;
	/** A server did not accept this token. True: it was an old one and is forgotten, a new one may do. */
	refused(token: string): boolean;
}

interface Grant {
	readonly accessToken: string;
	readonly givenAt: number;
	readonly usableUntil: number;
}

const Granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const Refused = z.object({ error: z.string(), error_description: z.string().optional() });
/** A token is renewed this long before its end, ms: what is under way with it shall get there. */
const EARLY_MS = 300_000;
/** A token that is refused when it is this new is refused for what it is. */
const FRESH_MS = 60_000;

/** The client credentials flow, with a short memory. Those who ask at the same moment share one request. */
export function passwordTokens(options: {
	/** `https://login.microsoftonline.com/<tenant>` */
	readonly loginUrl: string;
	readonly appId: string;
	readonly password: string;
	readonly fetch: Fetch;
	readonly now?: () => number;
}): Tokens {
	const { loginUrl, appId, password, fetch, now = Date.now } = options;
	const kept = new Map<string, Grant>();
	const underWay = new Map<string, Promise<Grant>>();

	async function ask(scope: string): Promise<Grant> {
		const at = now();
		const form = { grant_type: "client_credentials", client_id: appId, client_secret: password, scope };
		const response = await fetch(`${loginUrl}/oauth2/v2.0/token`, {
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
			body: new URLSearchParams(form).toString(),
		});
		const told: unknown = await response.json().catch(() => null);
		if (!response.ok) throw refused(response, told);
		const granted = Granted.safeParse(told);
		if (!granted.success)
			throw new VendorError("unavailable", "Microsoft's sign-in answered with something that is no token.");
		const { access_token, expires_in } = granted.data;
		return { accessToken: access_token, givenAt: at, usableUntil: at + Math.max(expires_in * 1_000 - EARLY_MS, 1_000) };
	}

	return {
		async get(scope) {
			const known = kept.get(scope);
			if (known !== undefined && known.usableUntil > now()) return known.accessToken;
			const asking = underWay.get(scope) ?? ask(scope).finally(() => underWay.delete(scope));
			underWay.set(scope, asking);
			const grant = await asking;
			kept.set(scope, grant);
			return grant.accessToken;
		},
		refused(token) {
			const [scope, grant] = [...kept].find(([, { accessToken }]) => accessToken === token) ?? [];
			// Somebody else has renewed it already.
			if (scope === undefined || grant === undefined) return true;
			if (now() - grant.givenAt < FRESH_MS) return false;
			return kept.delete(scope);
		},
	};
}

function refused(response: Response, told: unknown): VendorError {
	const { status } = response;
	const wait = waitOf(response.headers.get("retry-after"));
	const after = wait === null ? {} : { retryAfter: wait };
	if (status === 429) return new VendorError("rate_limited", "Microsoft's sign-in asks to wait.", after);
	if (status >= 500) return new VendorError("unavailable", `Microsoft's sign-in answered with HTTP ${status}.`, after);
	const read = Refused.safeParse(told);
	// Only its code: the description repeats ids, and may one day repeat more.
	const code = read.success
		? (/AADSTS\d+/.exec(read.data.error_description ?? "")?.[0] ?? read.data.error)
		: `HTTP ${status}`;
	return new VendorError(
		"unauthorized",
		`Microsoft's sign-in does not accept the bot (${code.slice(0, 60)}): check MicrosoftAppId, MicrosoftAppPassword (a client secret that has not expired) and MicrosoftAppTenantId.`,
	);
}
