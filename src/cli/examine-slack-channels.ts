import { pino } from "pino";
import { createApi } from "../../adapters/slack/api.ts";
import { examineChannels } from "../../adapters/slack/examine-channels.ts";
import type { Config } from "../config.ts";
import type { Store } from "../open-store.ts";
import type { Finding } from "../ports/checkup.ts";
import { EnvironmentTable } from "../store/entities.ts";

/** The channels to which DRAVEN shall post, as Slack sees them. */
export async function examineSlackChannels({ slack }: Config, { db }: Pick<Store, "db">): Promise<Finding[]> {
	if (slack === null) return [];
	const environments = await db.getRepository(EnvironmentTable).find({ order: { position: "ASC" } });
	const channels = environments.flatMap(({ archivedAt, channels: { slack: channel } }) =>
		archivedAt === null && channel !== undefined ? [channel] : [],
	);
	const api = createApi({
		token: slack.botToken,
		log: pino({ level: "silent" }),
		...(slack.apiUrl === null ? {} : { apiUrl: slack.apiUrl }),
	});
	return examineChannels(api, channels);
}
