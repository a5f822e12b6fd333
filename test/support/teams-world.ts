import { createTeams, type Teams } from "../../adapters/teams/app.ts";
import type { AccessBinding } from "../../src/core/access.ts";
import { groupedEnqueue } from "../../src/store/grouped-enqueue.ts";
import { putOffAnswers } from "../../src/store/put-off-answers.ts";
import { teamsConversations } from "../../src/store/teams-conversations.ts";
import { createFront } from "../../src/use-cases/front.ts";
import type { WebServer } from "../../src/web/server.ts";
import { FakeTeams } from "../fakes/teams.ts";
import { textOf } from "../fakes/teams-card.ts";
import type { TeamsMessage } from "../fakes/teams-server.ts";
import { openWeb } from "./web-of.ts";
import { type Setting, World } from "./world.ts";

const EVERYWHERE = { projects: ["*"], environments: ["*"] };

/** The shop's people and rights, in a tenant instead of a workspace. */
export const TEAMS_SETTING: Setting = {
	access: [
		{ role: "operator", subjects: [{ entraGroup: "S_OPS" }], ...EVERYWHERE },
		{ role: "approver", subjects: [{ entraGroup: "S_LEADS" }], ...EVERYWHERE },
		{ role: "admin", subjects: [{ entraUser: "U_ADA" }], ...EVERYWHERE },
	] satisfies AccessBinding[],
	channels: (environment) => ({ teams: teamsChannel(environment) }),
};

export function teamsChannel(environment: string): string {
	return `19:${environment}@thread.tacv2`;
}

export const TALK = "19:talk@thread.tacv2";

/** What is put in the way. */
export interface Obstacles {
	/** Between the store and its answer. */
	readonly stored?: () => Promise<void>;
	readonly sendWithinMs?: number;
}

/** Puts Teams, the real adapter and a fake Microsoft, in front of a world that is there already. */
export async function connectTeams(
	world: World,
	{ stored = async () => {}, ...more }: Obstacles = {},
): Promise<{ fake: FakeTeams; teams: Teams }> {
	const fake = await FakeTeams.start();
	for (const channel of [TALK, teamsChannel("stage"), teamsChannel("production")]) fake.joined.add(channel);
	for (const [group, members] of world.people.groups) fake.directory.group(group, ...members);
	for (const user of ["U_OPS", "U_ANN", "U_BOB", "U_TWO", "U_EVE", "U_ADA"]) {
		fake.directory.user(user);
		fake.installed.add(user);
	}
	const keep = groupedEnqueue(world.deps.db, () => world.deps.now());
	const teams = createTeams({
		app: {
			...{ appId: fake.appId, appPassword: fake.appPassword, appType: "SingleTenant", tenantId: fake.tenant },
			...{ loginUrl: fake.loginUrl, openIdMetadataUrl: fake.openIdUrl, oauthScope: null, tokenIssuer: null },
		},
		graphBaseUrl: fake.graphUrl,
		conversations: teamsConversations(world.deps.db, () => world.deps.now()),
		front: () => createFront(world.deps),
		store: async ({ body, ...keys }) => {
			await keep({ kind: "teams_in", ...keys, payload: body });
			await stored();
		},
		answers: putOffAnswers(
			world.deps.db,
			() => world.deps.now(),
			() => {},
		),
		log: world.deps.log,
		now: () => world.deps.now().getTime(),
		...more,
	});
	const { chats, groups, forgetPeople } = world.deps;
	world.deps = {
		...world.deps,
		chats: { ...chats, teams: teams.chat },
		groups: { ...groups, teams: teams.groups },
		forgetPeople: (platform, what) => (platform === "teams" ? teams.groups.forget(what) : forgetPeople(platform, what)),
	};
	world.teamsIn = (stored) => teams.process(stored);
	const others = world.apologise;
	world.apologise = (kind, stored, sentence) =>
		kind === "teams_in" ? teams.apologise(stored, sentence) : others(kind, stored, sentence);
	return { fake, teams };
}

/** The same shop, reached the way people reach it: through Teams, the real adapter and the real server. */
export class TeamsWorld {
	readonly world: World;
	readonly fake: FakeTeams;
	readonly teams: Teams;
	readonly #web: WebServer;

	private constructor(world: World, fake: FakeTeams, teams: Teams, web: WebServer) {
		this.world = world;
		this.fake = fake;
		this.teams = teams;
		this.#web = web;
	}

	static async open(setting: Setting = {}, obstacles: Obstacles = {}): Promise<TeamsWorld> {
		const world = await World.open({ ...TEAMS_SETTING, ...setting });
		const { fake, teams } = await connectTeams(world, obstacles);
		const { server: web, url } = await openWeb(world, { teamsInbox: teams.inbox });
		fake.botUrl = `${url}/api/messages`;
		return new TeamsWorld(world, fake, teams, web);
	}

	/** Writes to the bot in the chat with it; everything that follows from it is done. */
	say(user: string, text: string): Promise<string> {
		return this.answered(user, () => this.fake.write(user, text));
	}

	mention(user: string, text: string, on: TeamsMessage | string): Promise<string> {
		const [channel = "", root = null] = (typeof on === "string" ? on : on.conversation).split(";messageid=");
		return this.answered(user, () => this.fake.mention(user, channel, text, root));
	}

	press(user: string, on: TeamsMessage, title: string, inputs: Readonly<Record<string, string>> = {}): Promise<string> {
		return this.answered(user, () => this.fake.press(user, on, title, inputs));
	}

	roots(environment: string): TeamsMessage[] {
		return this.fake.roots(teamsChannel(environment));
	}

	last(environment: string): TeamsMessage {
		const card = this.roots(environment).at(-1);
		if (card === undefined) throw new Error(`nothing was posted for ${environment}`);
		return card;
	}

	/** The one root card of an environment's channel. */
	card(environment: string): TeamsMessage {
		const [card, ...others] = this.roots(environment);
		if (card === undefined || others.length > 0)
			throw new Error(`${environment} has ${others.length + 1} cards, or none`);
		return card;
	}

	story(environment: string): string[] {
		return this.fake.repliesTo(this.card(environment)).map(({ card }) => textOf(card));
	}

	async answered(user: string, act: () => Promise<{ status: number }>): Promise<string> {
		const before = this.fake.toldTo(user).length;
		const { status } = await act();
		if (status !== 200) throw new Error(`DRAVEN answered Teams with ${status}`);
		await this.world.work();
		const told = this.fake.toldTo(user)[before];
		if (told === undefined) throw new Error(`${user} was told nothing`);
		return textOf(told.card);
	}

	async close(): Promise<void> {
		await this.#web.close();
		await this.fake.stop();
		await this.world.close();
	}
}
