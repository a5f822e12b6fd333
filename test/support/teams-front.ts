import { buttonsOn, textOf } from "../fakes/teams-card.ts";
import type { TeamsMessage } from "../fakes/teams-server.ts";
import type { ChatFront, Shown } from "./chat-front.ts";
import { TeamsWorld, teamsChannel } from "./teams-world.ts";
import type { Setting } from "./world.ts";

export async function openTeams(setting: Setting = {}): Promise<ChatFront> {
	const there = await TeamsWorld.open(setting);
	const { world, fake } = there;
	const shown = ({ card }: Pick<TeamsMessage, "card">): Shown => ({
		text: textOf(card),
		labels: buttonsOn(card).map((button) => button.title),
	});
	const answer = (user: string) => {
		const last = fake.toldTo(user).at(-1);
		if (last === undefined) throw new Error(`${user} was told nothing`);
		return last;
	};
	/** Their page, once they opened it. */
	const homes = new Map<string, TeamsMessage>();
	const home = (user: string) => homes.get(user) ?? answer(user);
	return {
		world,
		letUsIn: /add the app DRAVEN to the team/,
		say: (user, text) => there.say(user, text),
		sayInThread: (user, environment, text) => there.mention(user, text, there.last(environment)),
		async send(user, text) {
			await fake.write(user, text);
			await world.work();
		},
		press: (user, environment, label) => there.press(user, there.last(environment), label),
		async pressInHaste(user, environment, label) {
			const before = structuredClone(there.last(environment));
			const once = { id: "f:same" };
			await Promise.all([1, 2].map(() => fake.press(user, before, label, {}, once)));
			await fake.press(user, before, label);
			await world.work();
		},
		async reject(user, environment, reason) {
			await there.press(user, there.last(environment), "Reject", { reason });
		},
		answer: (user) => shown(answer(user)),
		pressAnswer: (user, label) => there.press(user, answer(user), label),
		async fillForm(user, { environment, ref, reason }) {
			await fake.write(user, "deploy");
			await world.work();
			await there.press(user, answer(user), "Deploy", { environment, ref, reason, dryRun: "false" });
		},
		async openHome(user) {
			await fake.write(user, "home");
			await world.work();
			homes.set(user, answer(user));
		},
		home: (user) => shown(home(user)),
		async pressHome(user, label) {
			await there.press(user, home(user), label);
		},
		told: (user) => fake.toldTo(user).map(({ card }) => textOf(card)),
		card: (environment) => shown(there.last(environment)),
		raw: (environment) => JSON.stringify(there.last(environment).card),
		cards: (environment) => there.roots(environment).length,
		story: (environment) => fake.repliesTo(there.last(environment)).map(({ card }) => textOf(card)),
		posted: () => fake.messages.filter(({ conversation }) => conversation.startsWith("19:")).length,
		deleteCard: (environment) => void fake.messages.splice(fake.messages.indexOf(there.last(environment)), 1),
		closeChannel: (environment) => void fake.joined.delete(teamsChannel(environment)),
		closeChat: (user) => void fake.installed.delete(user),
		slowDown: (what, seconds) => fake.fail(what === "post" ? "create" : "update", { status: 429, retryAfter: seconds }),
		acceptUs: (accepted) => {
			fake.tokenRevoked = !accepted;
		},
		makeOutsider: (user) => fake.directory.user(user, { userType: "Guest" }),
		leaveGroup: (user, group) => void fake.directory.groups.get(group)?.delete(user),
		hideGroups: () => fake.fail("checkMemberGroups", { status: 503 }),
		close: () => there.close(),
	};
}
