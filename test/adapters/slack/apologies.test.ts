import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { answerOf, Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
	harness = await Harness.open();
	await harness.slack.start();
});
afterEach(() => harness.close());

const SORRY = "I could not carry out what you asked for.";
const last = () => [...harness.stored.values()].at(-1);

describe("what was given up is told where it was asked for", () => {
	const cases: readonly [string, () => Promise<unknown>, object][] = [
		["a slash command", () => harness.fake.command("U_ANN", "status"), { via: "response_url", channel: "C_TALK" }],
		[
			"a mention in a thread",
			() => harness.fake.mention("U_ANN", "C_TALK", "approve", "1700000000.000100"),
			{ via: "chat.postEphemeral", channel: "C_TALK", thread: "1700000000.000100" },
		],
	];
	test.each(cases)("%s", async (_, act, where) => {
		harness.working = false;
		await act();
		await harness.slack.apologise(last(), SORRY);
		expect(harness.fake.toldTo("U_ANN")).toEqual([expect.objectContaining({ text: SORRY, ...where })]);
	});

	test("a click", async () => {
		harness.front.answer = () =>
			answerOf("web or wed?", {
				card: {
					text: "web or wed?",
					blocks: [
						{ kind: "actions", actions: [{ kind: "command", label: "web", command: "status web", spoken: "web" }] },
					],
				},
			});
		await harness.fake.command("U_ANN", "status wev");
		await harness.told("U_ANN");
		const shown = harness.fake.toldTo("U_ANN")[0];
		if (shown === undefined) throw new Error("nothing was shown");
		harness.working = false;
		await harness.fake.click("U_ANN", shown, "web");
		await harness.slack.apologise(last(), SORRY);
		expect(harness.fake.toldTo("U_ANN")[1]).toMatchObject({ text: SORRY, via: "response_url" });
	});

	test("a form", async () => {
		harness.front.answer = () => answerOf("What I can do", { form: true });
		await harness.fake.command("U_ANN", "");
		const form = await harness.fake.until(() => harness.fake.views[0]);
		harness.working = false;
		await harness.fake.submit(form, {
			project: { project: { selected_option: { value: "api" } } },
			"environment:api": { environment: { selected_option: { value: "demo" } } },
		});
		await harness.slack.apologise(last(), SORRY);
		expect(harness.fake.toldTo("U_ANN")).toEqual([
			expect.objectContaining({ text: SORRY, via: "chat.postEphemeral", channel: "C_TALK" }),
		]);
	});

	test("words in a direct message", async () => {
		harness.working = false;
		await harness.fake.directMessage("U_ANN", "status");
		await harness.slack.apologise(last(), SORRY);
		expect(harness.fake.messages).toEqual([expect.objectContaining({ channel: "D_U_ANN", text: SORRY })]);
	});
});

test("where nobody waits for an answer, nobody gets one", async () => {
	harness.working = false;
	for (const event of [
		{ type: "app_home_opened", user: "U_ANN", channel: "D_U_ANN", tab: "home" },
		{ type: "user_change", user: { id: "U_ANN" } },
	]) {
		await harness.fake.event(event);
		await harness.slack.apologise(last(), SORRY);
	}
	await harness.slack.apologise("nonsense", SORRY);
	expect([harness.fake.ephemerals, harness.fake.messages]).toEqual([[], []]);
});
