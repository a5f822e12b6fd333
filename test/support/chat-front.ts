import { buttonsOf } from "../fakes/slack-blocks.ts";
import { buttonsOn, textOf } from "../fakes/teams-card.ts";
import { SlackWorld } from "./slack-world.ts";
import { TeamsWorld } from "./teams-world.ts";
import type { Setting, World } from "./world.ts";

/** What people do in a chat, whichever it is: the stories are told once, and hold for each. */
export interface ChatFront {
	readonly world: World;
	/** Says a command; answers what the person is told, alone. */
	say(user: string, text: string): Promise<string>;
	/** Says it in the thread of the environment's card. */
	sayInThread(user: string, environment: string, text: string): Promise<string>;
	/** Presses a button of the environment's card. */
	press(user: string, environment: string, label: string): Promise<string>;
	/** Presses Reject, and gives the reason that is asked for. */
	reject(user: string, environment: string, reason: string): Promise<void>;
	/** The environment's card, the only one or the last of several. */
	card(environment: string): { readonly text: string; readonly labels: readonly string[] };
	cards(environment: string): number;
	/** What the thread of that card tells. */
	story(environment: string): string[];
	/** From now on they come from outside, though a group still lists them. */
	makeOutsider(user: string): void;
	leaveGroup(user: string, group: string): void;
	/** The next reads of groups fail. */
	hideGroups(): void;
	close(): Promise<void>;
}

export const CHATS: readonly (readonly [string, (setting?: Setting) => Promise<ChatFront>])[] = [
	["Slack", openSlack],
	["Teams", openTeams],
];

async function openSlack(setting: Setting = {}): Promise<ChatFront> {
	const there = await SlackWorld.open(setting);
	const { world, fake } = there;
	const last = (environment: string) => {
		const card = fake.roots(`C_${environment.toUpperCase()}`).at(-1);
		if (card === undefined) throw new Error(`nothing was posted for ${environment}`);
		return card;
	};
	return {
		world,
		say: async (user, text) => (await there.say(user, text)).text,
		sayInThread: async (user, environment, text) => (await there.mention(user, text, last(environment))).text,
		press: async (user, environment, label) => (await there.click(user, last(environment), label)).text,
		async reject(user, environment, reason) {
			await fake.click(user, last(environment), "Reject");
			await world.work();
			const form = fake.views.at(-1);
			if (form === undefined) throw new Error("no form was opened");
			await fake.submit(form, { reason: { reason: { value: reason } } });
			await world.work();
		},
		card(environment) {
			const { text, blocks } = last(environment);
			return { text, labels: buttonsOf(blocks).map((button) => button.label) };
		},
		cards: (environment) => fake.roots(`C_${environment.toUpperCase()}`).length,
		story: (environment) => there.story(last(environment)),
		makeOutsider: (user) => fake.user(user, { flags: { is_stranger: true } }),
		leaveGroup: (user, group) => void fake.groups.get(group)?.delete(user),
		hideGroups: () =>
			fake.fail("usergroups.users.list", ...Array.from({ length: 4 }, () => ({ error: "fatal_error" }))),
		close: () => there.close(),
	};
}

async function openTeams(setting: Setting = {}): Promise<ChatFront> {
	const there = await TeamsWorld.open(setting);
	const { world, fake } = there;
	return {
		world,
		say: (user, text) => there.say(user, text),
		sayInThread: (user, environment, text) => there.mention(user, text, there.last(environment)),
		press: (user, environment, label) => there.press(user, there.last(environment), label),
		async reject(user, environment, reason) {
			await there.press(user, there.last(environment), "Reject", { reason });
		},
		card(environment) {
			const { card } = there.last(environment);
			return { text: textOf(card), labels: buttonsOn(card).map((button) => button.title) };
		},
		cards: (environment) => there.roots(environment).length,
		story: (environment) => fake.repliesTo(there.last(environment)).map(({ card }) => textOf(card)),
		makeOutsider: (user) => fake.directory.user(user, { userType: "Guest" }),
		leaveGroup: (user, group) => void fake.directory.groups.get(group)?.delete(user),
		hideGroups: () => fake.fail("checkMemberGroups", { status: 503 }),
		close: () => there.close(),
	};
}
