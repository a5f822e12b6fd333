import { buttonsOf } from "../fakes/slack-blocks.ts";
import type { ChatFront, Shown } from "./chat-front.ts";
import { SlackWorld } from "./slack-world.ts";
import type { Setting } from "./world.ts";

export async function openSlack(setting: Setting = {}): Promise<ChatFront> {
	const there = await SlackWorld.open(setting);
	const { world, fake } = there;
	const channel = (environment: string) => `C_${environment.toUpperCase()}`;
	const last = (environment: string) => lastOf(fake.roots(channel(environment)), environment);
	const answer = (user: string) => lastOf(fake.toldTo(user), user);
	const shown = ({ text, blocks }: { text: string; blocks: unknown }): Shown => ({
		text,
		labels: buttonsOf(blocks).map((button) => button.label),
	});
	const form = () => lastOf(fake.views, "the form");
	const home = (user: string) => fake.homes.get(user);
	return {
		world,
		letUsIn: /\/invite @DRAVEN/,
		say: async (user, text) => (await there.say(user, text)).text,
		sayInThread: async (user, environment, text) => (await there.mention(user, text, last(environment))).text,
		async send(user, text) {
			await fake.command(user, text);
			await world.work();
		},
		press: async (user, environment, label) => (await there.click(user, last(environment), label)).text,
		async pressInHaste(user, environment, label) {
			const before = structuredClone(last(environment));
			await Promise.all([fake.click(user, before, label, "7.1"), fake.click(user, before, label, "7.1")]);
			await fake.click(user, before, label, "7.2");
			await world.work();
		},
		async reject(user, environment, reason) {
			await fake.click(user, last(environment), "Reject");
			await world.work();
			await fake.submit(form(), { reason: { reason: { value: reason } } });
			await world.work();
		},
		answer: (user) => shown(answer(user)),
		pressAnswer: async (user, label) => (await there.click(user, answer(user), label)).text,
		async fillForm(user, { environment, ref, reason }) {
			await fake.command(user, "");
			await world.work();
			const picked = (value: string) => ({ selected_option: { value } });
			await fake.submit(form(), {
				project: { project: picked("shop") },
				"environment:shop": { environment: picked(environment) },
				"ref:shop": { ref: picked(ref) },
				reason: { reason: { value: reason } },
			});
			await world.work();
		},
		async openHome(user) {
			await fake.openHome(user);
			await world.work();
		},
		home: (user) => shown({ text: JSON.stringify(home(user)), blocks: home(user)?.["blocks"] }),
		async pressHome(user, label) {
			await fake.clickHome(user, label);
			await world.work();
		},
		told: (user) => [...fake.toldTo(user), ...fake.roots(`D_${user}`)].map(({ text }) => text),
		card: (environment) => shown(last(environment)),
		raw: (environment) => JSON.stringify(last(environment).blocks),
		cards: (environment) => fake.roots(channel(environment)).length,
		story: (environment) => there.story(last(environment)),
		posted: () => fake.messages.filter((message) => !message.channel.startsWith("D_")).length,
		deleteCard: (environment) => void fake.messages.splice(fake.messages.indexOf(last(environment)), 1),
		closeChannel: (environment) => void fake.joined.delete(channel(environment)),
		closeChat: (user) => void fake.unreachable.add(user),
		slowDown: (what, seconds) =>
			fake.fail(what === "post" ? "chat.postMessage" : "chat.update", { status: 429, retryAfter: seconds }),
		acceptUs: (accepted) => {
			fake.tokenRevoked = !accepted;
		},
		makeOutsider: (user) => fake.user(user, { flags: { is_stranger: true } }),
		leaveGroup: (user, group) => void fake.groups.get(group)?.delete(user),
		hideGroups: () =>
			fake.fail("usergroups.users.list", ...Array.from({ length: 4 }, () => ({ error: "fatal_error" }))),
		close: () => there.close(),
	};
}

function lastOf<T>(list: readonly T[], of: string): T {
	const last = list.at(-1);
	if (last === undefined) throw new Error(`there is nothing for ${of}`);
	return last;
}
