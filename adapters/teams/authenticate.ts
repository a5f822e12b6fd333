import type { Activity } from "./activity.ts";
import type { BotFramework } from "./bot-framework.ts";

export type Authenticated =
	| { readonly ok: true }
	| { readonly ok: false; readonly why: string; readonly error?: unknown };

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
	if (issuerOf(authorization) !== tokenIssuer) return { ok: false, why: "its token is not the Bot Framework's" };
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error("Microsoft's signing keys did not come in time")), WITHIN_MS);
	});
	try {
		const { type, channelId, serviceUrl } = activity;
		const checked = authentication.authenticateRequest({ type, channelId, serviceUrl } as Checked, authorization);
		checked.catch(() => {});
		const { claimsIdentity } = await Promise.race([checked, late]);
		const audience = claimsIdentity.getClaimValue("aud")?.toLowerCase();
		return claimsIdentity.isAuthenticated && audience === appId.toLowerCase()
			? { ok: true }
			: { ok: false, why: "its token is not for this bot" };
	} catch (error) {
		return { ok: false, why: "its token is not accepted", error };
	} finally {
		clearTimeout(timer);
	}
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
