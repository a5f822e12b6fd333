import { afterEach, describe, expect, test } from "@jest/globals";
import { textOf } from "../fakes/teams-card.ts";
import { SlackWorld } from "../support/slack-world.ts";
import { TeamsWorld } from "../support/teams-world.ts";
import type { World } from "../support/world.ts";

interface Chat {
	readonly world: World;
	say(user: string, text: string): Promise<unknown>;
	/** Presses Retry on the card of the first run, at a time of the chat's clock. */
	retry(user: string, at: Date): Promise<unknown>;
	cancel(user: string): Promise<unknown>;
	toldLast(user: string): string;
	close(): Promise<void>;
}

async function openSlack(): Promise<Chat> {
	const there = await SlackWorld.open();
	const { fake, world } = there;
	const first = () => {
		const [card] = fake.roots("C_STAGE");
		if (card === undefined) throw new Error("nothing was posted");
		return card;
	};
	return {
		world,
		say: (user, text) => there.say(user, text),
		retry: (user, at) => fake.click(user, first(), "Retry", String(at.getTime() / 1_000)),
		cancel: (user) => there.click(user, first(), "Cancel"),
		toldLast: (user) => fake.toldTo(user).at(-1)?.text ?? "",
		close: () => there.close(),
	};
}

async function openTeams(): Promise<Chat> {
	const there = await TeamsWorld.open();
	const { fake, world } = there;
	const first = () => {
		const [card] = there.roots("stage");
		if (card === undefined) throw new Error("nothing was posted");
		return card;
	};
	return {
		world,
		say: (user, text) => there.say(user, text),
		retry: (user, at) => fake.press(user, first(), "Retry", {}, { timestamp: at.toISOString() }),
		cancel: (user) => there.press(user, first(), "Cancel"),
		toldLast: (user) => textOf(fake.toldTo(user).at(-1)?.card ?? {}),
		close: () => there.close(),
	};
}

describe.each([
	["Slack", openSlack],
	["Teams", openTeams],
] as const)("a button of %s that would do it twice", (_, open) => {
	let chat: Chat;
	afterEach(() => chat.close());

	async function pressesTaken(): Promise<number> {
		const rows: { n: number }[] = await chat.world.deps.db.query(
			"SELECT count(*)::int AS n FROM job WHERE dedupe_key LIKE '%press:%'",
		);
		return rows[0]?.n ?? 0;
	}

	test.each([
		["pressed twice in a moment, wherever the clock stands", ["10:00:09.900", "10:00:10.100"], 1],
		["pressed again after 6 s", ["10:00:04.000", "10:00:10.000"], 1],
		["pressed three times, delivered out of order", ["10:00:12.000", "10:00:08.500", "10:00:13.500"], 1],
		["pressed again when its answer has long been read", ["10:00:04.000", "10:00:35.000"], 2],
		["pressed again on another day", ["10:00:04.000", "34:00:04.000"], 2],
	] as const)("%s", async (_, times, taken) => {
		chat = await open();
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.cancel("U_OPS");
		await chat.world.pass(1_000);
		for (const time of times) {
			const [hours = "", rest = ""] = time.split(/:(.*)/);
			const day = Date.parse(`2026-03-04T00:${rest}Z`);
			await chat.retry("U_OPS", new Date(day + Number(hours) * 3_600_000));
			await chat.world.work();
		}
		expect((await chat.world.run(2)).retryOf).toBe(1);
		expect(await pressesTaken()).toBe(taken);
	});

	test("pressed on another day makes another run once the first retry is over, and says so as long as it is not", async () => {
		chat = await open();
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.cancel("U_OPS");
		await chat.world.pass(1_000);
		const retried = async (at: string) => {
			await chat.retry("U_OPS", new Date(at));
			await chat.world.work();
		};
		await retried("2026-03-04T10:00:04Z");
		await retried("2026-03-05T10:00:04Z");
		expect(await chat.toldLast("U_OPS")).toContain("No new run was made: #1 is retried by #2 already");
		await chat.say("U_OPS", "cancel #2");
		await chat.world.pass(1_000);
		expect((await chat.world.run(2)).progress.state).toBe("cancelled");
		await retried("2026-03-06T10:00:04Z");
		// A request that turned out to be an earlier one has taken a number with it.
		const number = Number(/Deploy #(\d+)/.exec(chat.toldLast("U_OPS"))?.[1]);
		expect(number).toBeGreaterThan(2);
		expect((await chat.world.run(number)).retryOf).toBe(1);
	});

	test("pressed by two people is meant by both", async () => {
		chat = await open();
		await chat.say("U_OPS", "shop@v1.0.0 to stage");
		await chat.cancel("U_OPS");
		await chat.world.pass(1_000);
		const at = new Date("2026-03-04T10:00:04Z");
		await Promise.all([chat.retry("U_OPS", at), chat.retry("U_TWO", at)]);
		await chat.world.work();
		expect(await pressesTaken()).toBe(2);
	});
});
