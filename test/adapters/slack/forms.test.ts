import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Card } from "../../../src/ports/chat.ts";
import { buttonsOf } from "../../fakes/slack-blocks.ts";
import type { SlackMessage, SlackView } from "../../fakes/slack-workspace.ts";
import { answerOf, Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
	harness = await Harness.open();
	await harness.slack.start();
	harness.front.answer = ({ text }) =>
		text === "" || text === "deploy" ? answerOf("What I can do", { form: true }) : answerOf(`You said: ${text}`);
});
afterEach(() => harness.close());

const picked = (value: string) => ({ selected_option: { value } });
const blockIds = (form: SlackView) =>
	(form.view["blocks"] as { block_id?: string }[]).map((block) => block.block_id ?? "").filter((id) => id !== "");

async function openForm(): Promise<SlackView> {
	await harness.fake.command("U_ANN", "");
	return harness.fake.until(() => harness.fake.views[0]);
}

describe("the form of a bare command", () => {
	test("asks for the project first, then for its environment and version", async () => {
		const form = await openForm();
		expect(blockIds(form)).toEqual(["project"]);
		await harness.fake.pick(form, "project", "project", "web");
		await harness.fake.until(() => blockIds(form).length > 1);
		expect(blockIds(form)).toEqual(["project", "environment:web", "ref:web", "reason", "dry_run"]);
		expect(JSON.stringify(form.view)).toContain('"value":"production"');
		await harness.fake.pick(form, "project", "project", "api");
		await harness.fake.until(() => blockIds(form)[1] === "environment:api");
		expect(JSON.stringify(form.view)).not.toContain('"value":"production"');
	});

	test("says the command that it stands for, and answers where it was opened", async () => {
		const form = await openForm();
		const answer = await harness.fake.submit(form, {
			project: { project: picked("web") },
			"environment:web": { environment: picked("production") },
			"ref:web": { ref: picked("v1.0.0") },
			reason: { reason: { value: 'the "big"\nlaunch' } },
			dry_run: { dry_run: { selected_options: [{ value: "yes" }] } },
		});
		expect(answer).toMatchObject({ status: 200, body: "" });
		await harness.told("U_ANN");
		expect(harness.front.said[1]).toMatchObject({
			user: "U_ANN",
			channel: "C_TALK",
			text: 'deploy web@v1.0.0 to production --dry-run --reason «the "big" launch»',
		});
		expect(harness.fake.toldTo("U_ANN")[0]).toMatchObject({ channel: "C_TALK", via: "chat.postEphemeral" });
	});

	test("needs no version, no reason", async () => {
		const form = await openForm();
		await harness.fake.submit(form, {
			project: { project: picked("api") },
			"environment:api": { environment: picked("demo") },
		});
		expect(await harness.told("U_ANN")).toBe("You said: deploy api to demo");
	});

	test("that was sent before its environments came says what is missing, and nothing is stored", async () => {
		const form = await openForm();
		const stored = harness.stored.size;
		const answer = await harness.fake.submit(form, {
			project: { project: picked("web") },
			"environment:api": { environment: picked("demo") },
		});
		expect(JSON.parse(answer.body)).toEqual({
			response_action: "errors",
			errors: { project: expect.stringContaining("environments") },
		});
		expect(harness.stored.size).toBe(stored);
	});

	test("sent twice is one deploy", async () => {
		const form = await openForm();
		const values = { project: { project: picked("api") }, "environment:api": { environment: picked("demo") } };
		await harness.fake.submit(form, values);
		await harness.fake.submit(form, values);
		await harness.told("U_ANN");
		expect(harness.front.said.filter((one) => one.text !== "")).toHaveLength(1);
	});

	test("offers versions while one types, and what was typed", async () => {
		const form = await openForm();
		expect(await harness.fake.suggestions(form, "ref:web", "ref", "")).toEqual(["main", "v1.0.0"]);
		expect(await harness.fake.suggestions(form, "ref:web", "ref", "v1")).toEqual(["v1", "v1.0.0"]);
		expect(await harness.fake.suggestions(form, "ref:web", "ref", "main")).toEqual(["main"]);
	});

	test("offers nothing when the provider fails or is slow, within Slack's three seconds", async () => {
		const form = await openForm();
		harness.front.refs = async () => {
			throw new Error("no provider");
		};
		expect(await harness.fake.suggestions(form, "ref:web", "ref", "v1")).toEqual([]);
		harness.front.refs = () => new Promise(() => {});
		const began = performance.now();
		expect(await harness.fake.suggestions(form, "ref:web", "ref", "v1")).toEqual([]);
		expect(performance.now() - began).toBeLessThan(2_900);
	});

	test("has one project picked already where there is only one", async () => {
		harness.front.choices = { projects: [{ slug: "web", name: "Web", environments: [{ slug: "stage" }] }] };
		expect(blockIds(await openForm())).toContain("environment:web");
	});

	test("says so when there is no project", async () => {
		harness.front.choices = { projects: [] };
		const form = await openForm();
		expect(JSON.stringify(form.view)).toContain("No project is set up yet");
		expect(form.view["submit"]).toBeUndefined();
	});

	test("has its projects looked up when there are more than one list takes", async () => {
		const many = Array.from({ length: 150 }, (_, at) => ({
			slug: `p${at}`,
			name: `P ${at}`,
			environments: [{ slug: "stage" }],
		}));
		harness.front.choices = { projects: many };
		const form = await openForm();
		expect(await harness.fake.suggestions(form, "project", "project", "p14")).toEqual([
			"p14",
			...Array.from({ length: 10 }, (_, at) => `p14${at}`),
		]);
	});

	test("that came too late is offered again by a button", async () => {
		harness.fake.triggersFresh = false;
		await harness.fake.command("U_ANN", "");
		expect(await harness.told("U_ANN")).toContain("took too long");
		harness.fake.triggersFresh = true;
		const shown = harness.fake.toldTo("U_ANN")[0];
		if (shown === undefined) throw new Error("nothing was shown");
		await harness.fake.click("U_ANN", shown, "Open the form");
		await harness.fake.until(() => harness.fake.views[0]);
	});

	test("is a button away where Slack lets nothing be opened: after a mention", async () => {
		await harness.fake.mention("U_ANN", "C_TALK", "<@UBOT>");
		await harness.told("U_ANN");
		expect(buttonsOf(harness.fake.toldTo("U_ANN")[0]?.blocks).map((one) => one.label)).toEqual(["Open the form"]);
	});
});

const runCard: Card = {
	text: "Deploy #12",
	blocks: [
		{ kind: "title", text: "Deploy #12: web v1 → production" },
		{
			kind: "actions",
			actions: [
				{
					kind: "decision",
					id: "approve",
					label: "Approve",
					style: "primary",
					value: "r1:3",
					confirm: null,
					spoken: "Approve deploy 12",
				},
				{
					kind: "decision",
					id: "reject",
					label: "Reject",
					style: "danger",
					value: "r1:3",
					confirm: null,
					spoken: "Reject deploy 12",
				},
				{
					kind: "decision",
					id: "cancel",
					label: "Cancel",
					style: "default",
					value: "r1:3",
					confirm: "Cancel #12?",
					spoken: "Cancel",
				},
				{ kind: "link", label: "Pipeline", url: "https://ci.test/1", spoken: "Open the pipeline" },
			],
		},
	],
};

describe("the buttons of a run", () => {
	let card: SlackMessage;
	beforeEach(async () => {
		await harness.slack.chat.post({ channel: "C_TALK", thread: null }, runCard, "card:r1");
		const [posted] = harness.fake.roots("C_TALK");
		if (posted === undefined) throw new Error("no card");
		card = posted;
	});

	test("say what they do, also to those who do not see them, and ask before what cannot be undone", () => {
		expect(buttonsOf(card.blocks)).toEqual([
			expect.objectContaining({ label: "Approve", style: "primary", value: "r1:3", spoken: "Approve deploy 12" }),
			expect.objectContaining({ label: "Reject", style: "danger" }),
			expect.objectContaining({ label: "Cancel", style: null, asks: "Cancel #12?" }),
			expect.objectContaining({ label: "Pipeline" }),
		]);
	});

	test("Approve decides at once, and answers the one who clicked, where they clicked", async () => {
		await harness.fake.click("U_ANN", card, "Approve");
		expect(await harness.told("U_ANN")).toBe("Decided: approve");
		expect(harness.front.decided).toEqual([
			{
				...{ platform: "slack", tenant: "T1", user: "U_ANN", action: "approve", value: "r1:3", reason: null },
				deliveryId: expect.stringMatching(/^action:U_ANN:/),
				saidAt: expect.any(Date),
			},
		]);
		expect(harness.fake.toldTo("U_ANN")[0]).toMatchObject({ channel: "C_TALK", thread: null, replaced: false });
		expect(card.edits).toBe(0);
	});

	test("two clicks are two requests, one click delivered twice is one", async () => {
		await harness.fake.click("U_ANN", card, "Approve", "5.1");
		await harness.fake.click("U_ANN", card, "Approve", "5.1");
		await harness.fake.click("U_ANN", card, "Approve", "5.2");
		await harness.told("U_ANN", 1);
		expect(harness.front.decided).toHaveLength(2);
	});

	test("Reject asks for the reason first", async () => {
		await harness.fake.click("U_ANN", card, "Reject");
		const form = await harness.fake.until(() => harness.fake.views[0]);
		expect(harness.front.decided).toEqual([]);
		const blank = await harness.fake.submit(form, { reason: { reason: { value: "  " } } });
		expect(JSON.parse(blank.body)).toMatchObject({ response_action: "errors", errors: { reason: expect.any(String) } });
		await harness.fake.submit(form, { reason: { reason: { value: "not before\nthe campaign" } } });
		expect(await harness.told("U_ANN")).toBe("Decided: reject");
		expect(harness.front.decided[0]).toMatchObject({
			action: "reject",
			value: "r1:3",
			reason: "not before the campaign",
			user: "U_ANN",
		});
		expect(harness.fake.toldTo("U_ANN")[0]).toMatchObject({ channel: "C_TALK" });
	});

	test("Reject says so when its form cannot be opened any more", async () => {
		harness.fake.triggersFresh = false;
		await harness.fake.click("U_ANN", card, "Reject");
		expect(await harness.told("U_ANN")).toContain("took too long");
		expect(harness.front.decided).toEqual([]);
	});

	test("a link is no request", async () => {
		const stored = harness.stored.size;
		expect((await harness.fake.click("U_ANN", card, "Pipeline")).status).toBe(200);
		expect(harness.stored.size).toBe(stored);
	});
});

describe("the Home tab", () => {
	test("shows what waits for me and what I asked for, and its buttons work", async () => {
		harness.front.homeView = { ...harness.front.homeView, waitingForMe: [runCard] };
		await harness.fake.openHome("U_ANN");
		const home = await harness.fake.until(() => harness.fake.homes.get("U_ANN"));
		expect(JSON.stringify(home)).toContain("You have not asked for a run yet.");
		harness.front.homeView = { ...harness.front.homeView, waitingForMe: [] };
		await harness.fake.clickHome("U_ANN", "Approve");
		await harness.fake.until(() =>
			JSON.stringify(harness.fake.homes.get("U_ANN")).includes("Nothing waits for your approval."),
		);
		expect(harness.front.decided[0]).toMatchObject({ action: "approve", user: "U_ANN" });
		expect(harness.fake.messages).toEqual([expect.objectContaining({ channel: "D_U_ANN", text: "Decided: approve" })]);
	});

	test("stays within Slack's limits however much there is", async () => {
		const many = Array.from({ length: 60 }, () => runCard);
		harness.front.homeView = { ...harness.front.homeView, waitingForMe: many, myRuns: many };
		await harness.fake.openHome("U_ANN");
		const home = await harness.fake.until(() => harness.fake.homes.get("U_ANN"));
		expect((home["blocks"] as unknown[]).length).toBeLessThanOrEqual(100);
	});
});
