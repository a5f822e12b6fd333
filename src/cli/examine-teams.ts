import { examineEntraGroups, examineTeams } from "../../adapters/teams/examine.ts";
import type { Config } from "../config.ts";
import type { Store } from "../open-store.ts";
import { type Finding, fine, warning, wrong } from "../ports/checkup.ts";
import { AccessBindingTable, EnvironmentTable } from "../store/entities.ts";
import { teamsConversations } from "../store/teams-conversations.ts";

/** What can be seen of Teams without the database. */
export async function examineTeamsApp({ teams, graphBaseUrl, publicUrl }: Config): Promise<Finding[]> {
	if (teams === null) return [];
	if (teams.kind === "insecure_local")
		return [
			warning(
				"Teams",
				"it is open to this machine: whoever reaches it may say that they are anybody",
				"Unset DRAVEN_TEAMS_INSECURE_LOCAL as soon as the Playground is not used any more.",
			),
		];
	const reached = publicUrl.startsWith("https://")
		? fine("Teams messaging endpoint", `it has to be ${publicUrl}/api/messages`)
		: wrong(
				"Teams messaging endpoint",
				`PUBLIC_URL is ${publicUrl}, and Microsoft sends to https alone`,
				"Set PUBLIC_URL to the https address of this server, and <that>/api/messages as the bot's messaging endpoint.",
			);
	return [reached, ...(await examineTeams({ app: teams, graphBaseUrl }))];
}

/** What the configuration names of Teams: channels and groups. */
export async function examineTeamsPlaces(
	{ teams, graphBaseUrl }: Config,
	store: Pick<Store, "db">,
): Promise<Finding[]> {
	if (teams === null || teams.kind !== "app") return [];
	const bindings = await store.db.getRepository(AccessBindingTable).find();
	const groups = bindings.flatMap(({ subjects }) =>
		subjects.flatMap((subject) => ("entraGroup" in subject ? [subject.entraGroup] : [])),
	);
	return [
		...(await examineEntraGroups({ app: teams, graphBaseUrl }, [...new Set(groups)])),
		...(await examineTeamsChannels(store)),
	];
}

/** Whether Teams has ever spoken of them: that is how we know where they are. */
async function examineTeamsChannels({ db }: Pick<Store, "db">): Promise<Finding[]> {
	const conversations = teamsConversations(db, () => new Date());
	if ((await conversations.latest()) === null)
		return [
			warning(
				"Teams",
				"nothing was ever heard from it",
				"Add the app DRAVEN to a team, and write to it; if no answer comes, look at the bot's messaging endpoint.",
			),
		];
	const environments = await db.getRepository(EnvironmentTable).find({ order: { position: "ASC" } });
	const channels = environments.flatMap(({ archivedAt, channels: { teams } }) =>
		archivedAt === null && teams !== undefined ? [teams] : [],
	);
	const findings: Finding[] = [];
	for (const channel of new Set(channels))
		findings.push(
			(await conversations.find("channel", channel)) === null
				? warning(
						`Teams channel ${channel}`,
						"nothing was heard from it yet",
						"Add the app DRAVEN to its team, and mention it in the channel once; then it is known to be right.",
					)
				: fine(`Teams channel ${channel}`, "it is known"),
		);
	return findings;
}
