import type { Activity } from "./activity.ts";
import type { BotFramework } from "./bot-framework.ts";

export type Authenticated =
	| { readonly ok: true }
	/** `unchecked`: it was Microsoft's keys that could not be read, so the same token may be let in later. */
	| { readonly ok: false; readonly unchecked: boolean; readonly why: string; readonly error?: unknown };

/** Reading Microsoft's keys is part of it, once a day. */
const WITHIN_MS = 6_000;

/** Whether Microsoft's channel sent this activity, and sent it to us. Never throws: what cannot be checked is not let in. */
export async function authenticate(
	{ authentication, appId, tokenIssuer }: BotFramework,
	activity: Activity,
	authorization: string,
): Promise<Authenticated> {
	if (appId === "") return { ok: true };
	// The library would let in the Emulator and other bots as well; here only the channel speaks.
	if (issuerOf(authorization) !== tokenIssuer)
		return { ok: false, unchecked: false, why: "its token is not the Bot Framework's" };
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new KeysLate("Microsoft's signing keys did not come in time")), WITHIN_MS);
	});
	try {
		const { type, channelId, serviceUrl } = activity;
		const checked = authentication.authenticateRequest({ type, channelId, serviceUrl } as Checked, authorization);
		checked.catch(() => {});
		const { claimsIdentity } = await Promise.race([checked, late]);
		const audience = claimsIdentity.getClaimValue("aud")?.toLowerCase();
		if (!claimsIdentity.isAuthenticated || audience !== appId.toLowerCase())
			return { ok: false, unchecked: false, why: "its token is not for this bot" };
		// The library looks at the end of those alone that have one.
		return claimsIdentity.getClaimValue("exp") === null
			? { ok: false, unchecked: false, why: "its token would never end" }
			: { ok: true };
	} catch (error) {
		return isOfKeys(error)
			? { ok: false, unchecked: true, why: "Microsoft's signing keys could not be read", error }
			: { ok: false, unchecked: false, why: "its token is not accepted", error };
	} finally {
		clearTimeout(timer);
	}
}

class KeysLate extends Error {}

/** The library marks what the key server answered with 500, and what did not come from there at all is a FetchError of node-fetch's. */
function isOfKeys(error: unknown): boolean {
	if (!(error instanceof Error)) return false;
	return (
		error instanceof KeysLate || error.name === "FetchError" || ("statusCode" in error && error.statusCode === 500)
	);
}

/** The library reads no more than these three of it. */
type Checked = Parameters<BotFramework["authentication"]["authenticateRequest"]>[0];

/** Who a token says it is of, before anything of it is believed. */
function issuerOf(authorization: string): string | null {
	const payload = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization)?.[1];
	if (payload === undefined) return null;
	try {
		const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
		const issuer: unknown = typeof claims === "object" && claims !== null ? Reflect.get(claims, "iss") : null;
		return typeof issuer === "string" ? issuer : null;
	} catch {
		return null;
	}
}
