import { createSlack, type Slack } from "../../adapters/slack/app.ts";
import type { Run } from "../../src/core/run.ts";
import { groupedEnqueue } from "../../src/store/grouped-enqueue.ts";
import { createFront } from "../../src/use-cases/front.ts";
import type { WebServer } from "../../src/web/server.ts";
import { FakeSlack } from "../fakes/slack.ts";
import type { SlackEphemeral, SlackMessage } from "../fakes/slack-workspace.ts";
import { openWeb } from "./web-of.ts";
import { type Setting, World } from "./world.ts";

/** The same shop, reached the way people reach it: through Slack, the real adapter and the real server. */
export class SlackWorld {
	readonly world: World;
	readonly fake: FakeSlack;
	readonly slack: Slack;
	readonly #web: WebServer;

	private constructor(world: World, fake: FakeSlack, slack: Slack, web: WebServer) {
		this.world = world;
		this.fake = fake;
		this.slack = slack;
		this.#web = web;
	}

	static async open(setting: Setting & { readonly socketMode?: boolean } = {}): Promise<SlackWorld> {
		const world = await World.open(setting);
		const fake = await FakeSlack.start();
		for (const channel of ["C_TALK", "C_STAGE", "C_PRODUCTION"]) fake.joined.add(channel);
		for (const [group, members] of world.people.groups) fake.group(group, ...members);
		fake.user("U_ADA");
		const keep = groupedEnqueue(world.deps.db, () => world.deps.now());
		const slack = createSlack({
			...{ botToken: fake.botToken, apiUrl: fake.apiUrl },
			...(setting.socketMode === true ? { appToken: fake.appToken } : { signingSecret: fake.signingSecret }),
			front: () => createFront(world.deps),
			store: async ({ body, ...keys }) => {
				await keep({ kind: "slack_in", ...keys, payload: body });
			},
			log: world.deps.log,
		});
		world.deps = {
			...world.deps,
			chats: { slack: slack.chat },
			groups: { slack: slack.groups },
			forgetPeople: (_, what) => slack.groups.forget(what),
		};
		world.slackIn = (body) => slack.process(body);
		world.apologise = (_, body, sentence) => slack.apologise(body, sentence);
		const { server: web, url } = await openWeb(world, { slackInbox: slack.inbox });
		if (setting.socketMode !== true) fake.appUrl = `${url}/slack/events`;
		await slack.start();
		return new SlackWorld(world, fake, slack, web);
	}

	/** Types a slash command; everything that follows from it is done. */
	async say(user: string, text: string): Promise<SlackEphemeral> {
		return this.#answered(user, () => this.fake.command(user, text));
	}

	async mention(user: string, text: string, thread: SlackMessage): Promise<SlackEphemeral> {
		return this.#answered(user, () => this.fake.mention(user, thread.channel, text, thread.ts));
	}

	async click(user: string, on: SlackMessage | SlackEphemeral, label: string): Promise<SlackEphemeral> {
		return this.#answered(user, () => this.fake.click(user, on, label));
	}

	/** The one root card of a channel. */
	card(channel: string): SlackMessage {
		const [card, ...others] = this.fake.roots(channel);
		if (card === undefined || others.length > 0) throw new Error(`${channel} has ${others.length + 1} cards, or none`);
		return card;
	}

	story(card: SlackMessage): string[] {
		return this.fake.threadOf(card).map((message) => message.text);
	}

	run(number: number): Promise<Run> {
		return this.world.run(number);
	}

	async #answered(user: string, act: () => Promise<{ status: number }>): Promise<SlackEphemeral> {
		const before = this.fake.toldTo(user).length;
		const { status } = await act();
		if (status !== 200) throw new Error(`DRAVEN answered Slack with ${status}`);
		await this.world.work();
		const told = this.fake.toldTo(user)[before];
		if (told === undefined) throw new Error(`${user} was told nothing`);
		return told;
	}

	async close(): Promise<void> {
		await this.#web.close();
		await this.slack.stop();
		await this.fake.stop();
		await this.world.close();
	}
}
