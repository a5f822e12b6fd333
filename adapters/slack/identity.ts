import { ask, type WebClient } from "./api.ts";

/** Who we are in this workspace. */
export interface Identity {
	readonly teamId: string;
	readonly team: string;
	/** Our bot's user: what people mention. */
	readonly userId: string;
	readonly botId: string | null;
	/** Of the organisation that the workspace is part of. */
	readonly enterpriseId: string | null;
}

export interface IdentitySource {
	/** Null until Slack has told us. */
	known(): Identity | null;
	/** Asks Slack when it is not known yet. Throws VendorError. */
	get(): Promise<Identity>;
}

export function identitySource(api: WebClient): IdentitySource {
	let known: Identity | null = null;
	let asking: Promise<Identity> | null = null;

	async function look(): Promise<Identity> {
		const told = await ask(() => api.auth.test());
		known = {
			teamId: told.team_id ?? "",
			team: told.team ?? told.team_id ?? "",
			userId: told.user_id ?? "",
			botId: told.bot_id ?? null,
			enterpriseId: told.enterprise_id ?? null,
		};
		return known;
	}

	return {
		known: () => known,
		async get() {
			if (known !== null) return known;
			asking ??= look().finally(() => {
				asking = null;
			});
			return asking;
		},
	};
}
