import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { card, textCard } from "../../../src/words/rich.ts";
import { textOf } from "../../fakes/teams-card.ts";
import { answerOf } from "../slack/harness.ts";
import { Harness } from "./harness.ts";

const CHANNEL = "19:releases@thread.tacv2";

let there: Harness;
beforeEach(async () => {
	there = await Harness.open();
	there.fake.joined.add(CHANNEL);
	there.fake.installed.add("ada");
});
afterEach(() => there.close());

const toldTo = (user: string) => there.fake.toldTo(user).map(({ card }) => textOf(card));

describe("what is said", () => {
	test("carries who, where and what makes it the same one", async () => {
		await there.fake.mention("ada", CHANNEL, "approve", "1700", { id: "f:1" });
		await there.work();
		expect(there.front.said).toEqual([
			{
				...{ platform: "teams", tenant: there.fake.tenant, user: "ada", channel: CHANNEL, thread: "1700" },
				...{ text: "approve", deliveryId: `message:${CHANNEL};messageid=1700:f:1`, saidAt: expect.any(Date) },
			},
		]);
		expect(toldTo("ada")).toEqual(["You said: approve"]);
	});

	test("by nobody of a directory is not carried out", async () => {
		await there.fake.write("ada", "status", { from: { id: "28:another-bot", name: "Bot" } });
		await there.work();
		expect(there.front.said).toEqual([]);
	});

	test("and could not be carried out is told to whoever said it", async () => {
		await there.fake.write("ada", "status");
		const [stored] = there.stored;
		await there.teams.apologise(stored?.body, "I could not carry it out.");
		expect(toldTo("ada")).toEqual(["I could not carry it out."]);
		await there.teams.apologise("nonsense", "I could not carry it out.");
	});

	test("whom no way leads to is not told, and what was done is not done again", async () => {
		there.fake.installed.clear();
		there.fake.joined.clear();
		await there.fake.mention("ada", CHANNEL, "status");
		await there.work();
		expect(there.front.said).toHaveLength(1);
		expect(there.fake.messages).toEqual([]);
	});
});

describe("a button that is pressed", () => {
	const decide = { draven: { act: "decide", id: "reject", value: "run:1" } };
	const invoke = (data: unknown, verb = "draven/decide") => ({
		...{ ...there.fake.inPersonal("ada"), type: "invoke", name: "adaptiveCard/action", replyToId: "7" },
		value: { action: { type: "Action.Execute", verb, data }, trigger: "manual" },
	});

	test("is answered at once and carried out afterwards, with the words of its card", async () => {
		const { status, body } = await there.fake.send(invoke({ ...decide, reason: "  not\n now " }));
		expect([status, JSON.parse(body)]).toEqual([
			200,
			{ statusCode: 200, type: "application/vnd.microsoft.activity.message", value: expect.stringContaining("Taken") },
		]);
		expect(there.front.decided).toEqual([]);
		await there.work();
		expect(there.front.decided).toEqual([
			expect.objectContaining({ platform: "teams", user: "ada", action: "reject", value: "run:1", reason: "not now" }),
		]);
	});

	test("says that nothing was done when it cannot be stored", async () => {
		there.storeFails = true;
		const { body } = await there.fake.send(invoke(decide));
		expect(JSON.parse(body).value).toContain("Nothing was done");
	});

	test.each([
		["none of ours", { act: "approve" }],
		["of another kind", { draven: { act: "decide", id: "promote", value: "run:1" } }],
		["without anything", null],
	])("%s is not carried out", async (_, data) => {
		const { status, body } = await there.fake.send(invoke(data));
		expect([status, JSON.parse(body).value]).toEqual([200, expect.stringContaining("do not know this button")]);
		expect(there.stored).toEqual([]);
	});

	test("shows the reader's own view within the answer, and stores nothing", async () => {
		const { body } = await there.fake.send(invoke({ draven: { act: "view", value: "run:1" } }, "draven/view"));
		expect(textOf(JSON.parse(body).value)).toBe("run:1 as ada sees it");
		expect(there.stored).toEqual([]);
	});

	test("shows the person's page anew within the answer, and says when it could not", async () => {
		const refresh = () => there.fake.send(invoke({ draven: { act: "home" } }, "draven/home"));
		there.front.homeView = { waitingForMe: [textCard("run 1")], myRuns: [], notes: textCard("Type help.") };
		const { type, value } = JSON.parse((await refresh()).body);
		expect(type).toBe("application/vnd.microsoft.card.adaptive");
		expect(textOf(value)).toMatch(/Waiting for you\s+run 1\s+Your runs\s+You have not asked .*\s+Type help\./);
		expect(there.stored).toEqual([]);
		there.front.home = async () => {
			throw new Error("away");
		};
		expect(JSON.parse((await refresh()).body).value).toContain("could not be read in time");
	});

	test("fills the form in time, without the versions when they take too long, or says that it could not", async () => {
		const form = (project: string) => invoke({ draven: { act: "form", project: null }, project }, "draven/form");
		expect(JSON.parse((await there.fake.send(form("web"))).body).type).toBe("application/vnd.microsoft.card.adaptive");
		there.front.refs = () => new Promise(() => {});
		const plain = await there.fake.send(form("web"));
		expect(plain.body).not.toContain("v1.0.0");
		expect(plain.body).toContain('"label":"Version"');
		expect(plain.ms).toBeLessThan(2_500);
		there.front.formChoices = () => new Promise(() => {});
		const late = await there.fake.send(form("web"));
		expect(JSON.parse(late.body).value).toContain("could not be filled in time");
		expect(late.ms).toBeLessThan(4_500);
	});
});

describe("a person's page", () => {
	const unknown = () => answerOf("no such project", { outcome: "refused", code: "unknown_project" });

	test.each(["home", "Hello!", "hi there"])("comes for %j in the chat with the bot", async (text) => {
		there.front.answer = unknown;
		await there.fake.write("ada", text);
		await there.work();
		expect(toldTo("ada")).toEqual([expect.stringContaining("Waiting for you")]);
	});

	test("is drawn anew by itself when its person comes back to it, for nobody else, and goes on to do so", async () => {
		there.front.answer = unknown;
		await there.fake.write("ada", "home");
		await there.work();
		const [page] = there.fake.toldTo("ada");
		if (page === undefined) throw new Error("no page came");
		there.front.homeView = { ...there.front.homeView, myRuns: [textCard("run 8")] };
		const anew = await there.fake.viewOf("ada", page);
		expect(anew === null ? "" : textOf(anew)).toContain("run 8");
		expect(anew?.["refresh"]).toEqual(page.card["refresh"]);
		expect(await there.fake.viewOf("bob", page)).toBeNull();
		expect(there.stored).toEqual([]);
	});

	test("does not come in a channel, for other words, nor for words that mean something here", async () => {
		there.front.answer = unknown;
		await there.fake.mention("ada", CHANNEL, "hello");
		await there.fake.write("ada", "hello to stage");
		await there.work();
		there.front.answer = () =>
			answerOf("Which environment of home?", { outcome: "refused", code: "missing_environment" });
		await there.fake.write("ada", "home");
		await there.work();
		expect(toldTo("ada")).toEqual(["no such project", "no such project", "Which environment of home?"]);
	});

	test("comes by a message, too, from clients that execute nothing, and is drawn anew once a button of it was carried out", async () => {
		const message = { ...there.fake.inPersonal("ada"), type: "message" };
		await there.fake.send({ ...message, value: { draven: { act: "home" } } });
		await there.work();
		const [page] = there.fake.toldTo("ada");
		there.front.homeView = { ...there.front.homeView, myRuns: [textCard("run 7")] };
		await there.fake.send({
			...message,
			id: "f:9",
			replyToId: page?.id,
			value: { draven: { act: "decide", id: "cancel", value: "run:1" }, home: true },
		});
		await there.work();
		expect(toldTo("ada")).toEqual([expect.stringContaining("run 7"), "Decided: cancel"]);
	});
});

test("an answer that is the form comes as the form", async () => {
	there.front.answer = () => answerOf("help", { form: true });
	await there.fake.write("ada", "deploy");
	await there.work();
	expect(JSON.stringify(there.fake.toldTo("ada")[0]?.card)).toContain("Pick a project");
});

describe("an answer that is for one person", () => {
	test.each([
		["Teams asks to wait", { status: 429, retryAfter: 30 }],
		["Teams is busy with the same chat", { status: 412 }],
		["a server of Microsoft's is away", { status: 502 }],
		["the answer of the Connector does not come", { status: 504 }],
	])("is stored and told later when %s, and nobody else reads it", async (_, fault) => {
		there.fake.fail("send", fault);
		await there.fake.mention("ada", CHANNEL, "whoami");
		await there.work();
		expect(there.fake.messages).toEqual([]);
		expect(there.stored).toHaveLength(1);
		there.later = 31_000;
		await there.work();
		expect(toldTo("ada")).toEqual(["You said: whoami"]);
		expect(there.fake.messages).toHaveLength(1);
		expect(there.front.said).toHaveLength(1);
		expect(there.stored).toEqual([]);
	});

	test("keeps its times while it waits", async () => {
		there.front.answer = () => ({ ...answerOf("at"), card: card({ kind: "text", text: [{ time: new Date(0) }] }) });
		there.fake.fail("send", { status: 429, retryAfter: 1 });
		await there.fake.write("ada", "status");
		await there.work();
		there.later = 1_500;
		await there.work();
		expect(JSON.stringify(there.fake.toldTo("ada")[0]?.card)).toContain("1970-01-01T00:00:00Z");
	});

	test("asks nothing of a chat that is to be left alone, and of others it does", async () => {
		there.fake.fail("send", { status: 429, retryAfter: 30 });
		await there.fake.write("ada", "status");
		await there.work();
		there.fake.installed.add("bob");
		await there.fake.write("bob", "status");
		await there.fake.write("ada", "whoami");
		const [answer, ...said] = there.stored.splice(0);
		there.stored.push(...said);
		await there.work();
		expect(toldTo("ada")).toEqual([]);
		expect(toldTo("bob")).toEqual(["You said: status"]);
		there.later = 29_000;
		await expect(there.teams.process(answer?.body)).rejects.toMatchObject({ kind: "rate_limited" });
		there.later = 31_000;
		await there.teams.process(answer?.body);
		await there.work();
		expect(toldTo("ada")).toEqual(["You said: status", "You said: whoami"]);
	});
});
