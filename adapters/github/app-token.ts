import { createAppAuth } from "@octokit/auth-app";
import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";

export interface AppCredentials {
	readonly id: string;
	readonly installationId: string;
	readonly privateKey: string;
}

const Token = z.object({ token: z.string().min(1), expires_at: z.string().nullish() });

/** A token is renewed this long before its end, so that it does not end on the way. */
const RENEW_BEFORE_MS = 5 * 60_000;
const HOUR = 3_600_000;

export interface AppToken {
	/** The installation's token, made or renewed when needed; those who ask at the same time share one. */
	get(): Promise<string>;
	/** A signed word of the App itself, for what an installation may not ask. */
	jwt(): Promise<string>;
	/** GitHub refused this token: make another the next time. True when it was so young that GitHub may not know it everywhere yet. */
	forget(token: string): boolean;
}

/**
 * Tokens of a GitHub App. Only the signing is Octokit's: its own cache is shared between all Apps of the process by installation id,
 * and it sleeps and tries again by itself.
 */
export function appToken(app: AppCredentials, exchange: (jwt: string) => Promise<unknown>): AppToken {
	let current: { token: string; until: number; since: number } | null = null;
	let pending: Promise<string> | null = null;

	async function renew(): Promise<string> {
		const token = Token.safeParse(await exchange(await jwt()));
		if (!token.success) throw new VendorError("unavailable", "GitHub gave no token for the App's installation.");
		const end = Date.parse(token.data.expires_at ?? "");
		const now = Date.now();
		current = {
			token: token.data.token,
			until: (Number.isNaN(end) ? now + HOUR : end) - RENEW_BEFORE_MS,
			since: now,
		};
		return token.data.token;
	}

	async function jwt(): Promise<string> {
		try {
			return (await createAppAuth({ appId: app.id, privateKey: app.privateKey })({ type: "app" })).token;
		} catch {
			// What the library says may quote the key.
			throw new VendorError(
				"unauthorized",
				"The private key of the GitHub App cannot be read: it has to be the whole PEM file, with its first and last line.",
			);
		}
	}

	return {
		jwt,
		async get() {
			if (current !== null && Date.now() < current.until) return current.token;
			pending ??= renew().finally(() => {
				pending = null;
			});
			return pending;
		},
		forget(token) {
			if (current?.token !== token) return false;
			const young = Date.now() - current.since < 5_000;
			current = null;
			return young;
		},
	};
}
