import { describe, expect, test } from "@jest/globals";
import { callByName } from "../../../adapters/teams/call-by-name.ts";
import { deployForm, formCommand, Inputs } from "../../../adapters/teams/form.ts";
import { homeCard } from "../../../adapters/teams/home.ts";
import { escapeText, markdown } from "../../../adapters/teams/markdown.ts";
import { messageOf, ROOM, renderCard } from "../../../adapters/teams/render-card.ts";
import type { CardBlock } from "../../../src/ports/chat.ts";
import { card } from "../../../src/words/rich.ts";
import { buttonsOn, textOf } from "../../fakes/teams-card.ts";
import type { Json } from "../../fakes/teams-directory.ts";
import { adaptiveCardProblems } from "./adaptive-card-schema.ts";

const decision = (id: "approve" | "reject" | "cancel", confirm: string | null = null) => ({
	...{ kind: "decision" as const, id, label: id, style: "default" as const, value: "run:1", confirm },
	spoken: `${id} deploy number 1`,
});

/** Whichever way they are counted. */
const bytesOf = (message: object) => {
	const json = JSON.stringify(message);
	return Math.max(Buffer.byteLength(json, "utf16le"), Buffer.byteLength(json, "utf8"));
};

describe("every text is shown as it was written", () => {
	test.each([
		["**bold** and *it*", "\\*\\*bold\\*\\* and \\*it\\*"],
		["_it_ but snake_case_name", "\\_it\\_ but snake_case_name"],
		["[a link](https://evil.test)", "[a link]\u200b(https://evil.test)"],
		["[see [CI] report](https://evil.test)", "[see [CI] report]\u200b(https://evil.test)"],
		["![x [y] z](https://evil.test/x.png)", "![x [y] z]\u200b(https://evil.test/x.png)"],
		["[Approve here]: https://evil.test", "[Approve here]\u200b: https://evil.test"],
		["it ends in [brackets]", "it ends in [brackets]\u200b"],
		["<https://evil.test> <ann@acme.test>", "<\u200bhttps://evil.test> <\u200bann@acme.test>"],
		["title\n---", "title\n\u200b---"],
		["title\n= = =", "title\n\u200b= = ="],
		["[TICKET-1] a title", "[TICKET-1] a title"],
		["- no list\n1. nor this\n# nor a heading", "\\- no list\n1\\. nor this\n\\# nor a heading"],
		["C:\\path \\* here", "C:\\path \\\\\\* here"],
		["&lt;b&gt; & so on", "&amp;lt;b&amp;gt; & so on"],
		["v1.2.3 (tag)", "v1.2.3 (tag)"],
	])("%j", (text, escaped) => {
		expect(escapeText(text)).toBe(escaped);
	});

	test("neither a mention nor a date is made of it", () => {
		expect(escapeText("<at>Ada</at> {{DATE(2026-01-01T00:00:00Z,SHORT)}}")).not.toMatch(/<at>|\{\{/);
	});

	test("links lead to the web alone, and a name cannot break out of one", () => {
		expect(markdown([{ link: "https://ci.test/a(b)?c=d_e", text: "x](https://evil.test)" }], 500)).toEqual([
			"[x\\]\u200b(https://evil.test)](https://ci.test/a%28b%29?c=d%5fe)",
		]);
		expect(markdown([{ link: "javascript:alert(1)", text: "run" }], 500)).toEqual(["run (javascript:alert(1))"]);
	});

	test("times are the reader's own", () => {
		expect(markdown([{ time: new Date("2026-03-04T10:00:00.123Z") }], 500)).toEqual([
			"{{DATE(2026-03-04T10:00:00Z,SHORT)}} {{TIME(2026-03-04T10:00:00Z)}}",
		]);
	});
});

describe("whoever can help", () => {
	const user = { mention: { platform: "teams", kind: "user", id: "0b-ann", name: "the Teams user 0b-ann" } } as const;
	const group = {
		mention: { platform: "teams", kind: "group", id: "0f-leads", name: "the Entra group 0f-leads" },
	} as const;
	const stranger = { mention: { ...user.mention, id: "0c", name: "the Teams user 0c" } } as const;
	const told = card({ kind: "text", text: ["Who can: ", user, ", ", group, ", ", stranger, "."] });
	const names = new Map([
		["0b-ann", "Ann <Lee>"],
		["0f-leads", "Leads"],
	]);
	const nameOf = async (_: string, id: string) => names.get(id) ?? null;

	test("is notified where a message is posted: people whom the directory knows, word for word as in the text", async () => {
		const rendered = renderCard(await callByName(told, nameOf, async () => []));
		expect(rendered["body"]).toMatchObject([
			{ text: "Who can: <at>Ann Lee</at>, the group Leads, the Teams user 0c." },
		]);
		expect(rendered["msteams"]).toEqual({
			entities: [{ type: "mention", text: "<at>Ann Lee</at>", mentioned: { id: "0b-ann", name: "Ann <Lee>" } }],
		});
		expect(adaptiveCardProblems(rendered)).toEqual([]);
	});

	test("is told apart from others of the same name: Teams finds them by the text alone", () => {
		const called = (id: string, name: string) => ({ mention: { platform: "teams", kind: "user", id, name } }) as const;
		const long = "Maximilian ".repeat(30);
		const people = [called("a", "Ann Lee"), called("b", "Ann <Lee>"), called("A", "Ann Lee"), called("c", "Ann Lee")];
		const rendered = renderCard(
			card(
				{ kind: "text", text: people.flatMap((one) => [one, " "]) },
				{ kind: "fields", fields: [{ label: "Who", value: [called("d", long), called("e", long)] }] },
			),
		);
		const [{ text }] = rendered["body"] as [{ text: string }];
		expect(text.trim()).toBe("<at>Ann Lee</at> <at>Ann Lee (2)</at> <at>Ann Lee</at> <at>Ann Lee (3)</at>");
		const { entities } = rendered["msteams"] as { entities: { text: string; mentioned: { id: string } }[] };
		const ids = new Map(entities.map((one) => [one.text, one.mentioned.id.toLowerCase()]));
		expect([...ids.values()]).toEqual(["a", "b", "c", "d", "e"]);
		expect(adaptiveCardProblems(rendered)).toEqual([]);
	});

	test("is called on by way of their group: 20 people at most, once each, and not who is left out", async () => {
		const members = Array.from({ length: 30 }, (_, n) => ({ id: `0a-${n}`, name: `Member ${n}` }));
		const called = { mention: { ...group.mention, except: ["0A-1"] } };
		const both = card({ kind: "text", text: [called, ", ", { mention: { ...called.mention, id: "0e" } }, "."] });
		const rendered = renderCard(
			await callByName(both, nameOf, async (id) => (id === "0e" ? members : members.slice(0, 3))),
		);
		const [{ text }] = rendered["body"] as [{ text: string }];
		expect(text).toMatch(
			/^the group Leads \(<at>Member 0<\/at>, <at>Member 2<\/at>\), the group Leads \(<at>Member 3<\/at>, .* and 9 more\)\.$/,
		);
		const { entities } = rendered["msteams"] as { entities: { mentioned: { id: string } }[] };
		expect(entities.map(({ mentioned }) => mentioned.id)).toEqual(
			members
				.map(({ id }) => id)
				.filter((id) => id !== "0a-1")
				.slice(0, 20),
		);
		expect(adaptiveCardProblems(rendered)).toEqual([]);
	});

	test("is called by name alone where one is edited or answered", async () => {
		const rendered = renderCard(await callByName(told, nameOf));
		expect(rendered["body"]).toMatchObject([{ text: "Who can: Ann <Lee>, the group Leads, the Teams user 0c." }]);
		expect(rendered["msteams"]).toBeUndefined();
	});
});

describe("buttons", () => {
	const actions = (...list: Extract<CardBlock, { kind: "actions" }>["actions"]) =>
		buttonsOn(renderCard(card({ kind: "actions", actions: list })));

	test("a decision is executed, and submitted by clients that know no better", () => {
		const rendered = renderCard(card({ kind: "actions", actions: [decision("approve")] }));
		const [set] = rendered["body"] as { actions: Json[] }[];
		expect(set?.actions[0]).toMatchObject({
			...{ type: "Action.Execute", verb: "draven/decide", tooltip: "approve deploy number 1" },
			data: { draven: { act: "decide", id: "approve", value: "run:1" } },
			fallback: { type: "Action.Submit", data: { draven: { act: "decide", id: "approve", value: "run:1" } } },
		});
	});

	test("a reject asks why, and what is to be confirmed is asked first", () => {
		const [reject, cancel] = actions(decision("reject"), decision("cancel", "Cancel #1?"));
		expect(reject?.type).toBe("Action.ShowCard");
		expect(reject?.card?.["body"]).toEqual([expect.objectContaining({ id: "reason", isRequired: true })]);
		expect(cancel?.card?.["body"]).toEqual([expect.objectContaining({ text: "Cancel #1?" })]);
		expect(buttonsOn(cancel?.card ?? {})[0]?.data).toEqual({
			draven: { act: "decide", id: "cancel", value: "run:1" },
		});
	});

	test("a link that leads nowhere is no button", () => {
		expect(actions({ kind: "link", label: "x", url: "javascript:1", spoken: "x" })).toEqual([]);
	});
});

describe("the longest real content", () => {
	const NAMES = {
		plain: "feature/a-long-name-that-somebody-took-the-time-to-write-out-in-full-",
		rightToLeft: "שחרור חשוב של הסל עם תיקון דחוף 🚀 ",
		wide: "本番環境への緊急リリース、決済の不具合を修正",
	};
	const blocks = (name: string): CardBlock[] => [
		{ kind: "title", text: `Deploy #142: ${name.repeat(4)} → production` },
		{
			kind: "fields",
			fields: Array.from({ length: 12 }, (_, n) => ({ label: `Field ${n}`, value: [name.repeat(3)] })),
		},
		{
			kind: "text",
			text: Array.from({ length: 100 }, (_, n) => [
				{ code: `8f3c1b2${n % 10}` },
				` ${name.repeat(3)}_${n}* [x](y) (${name})\n`,
			]).flat(),
		},
		{
			kind: "small",
			text: Array.from({ length: 40 }, (_, n) => ({ link: `https://ci.test/${n}/${"a".repeat(300)}`, text: name })),
		},
		{ kind: "code", text: `${name}\n`.repeat(2_000) },
		{ kind: "actions", actions: [decision("approve"), decision("reject")] },
	];

	test.each(Object.entries(NAMES))("%s: fits, keeps its buttons, and is a card", (_, name) => {
		const readers = Array.from({ length: 60 }, (_, n) => `29:1${"a".repeat(60)}${n}`);
		const message = messageOf(card(...blocks(name)), ROOM, readers);
		expect(bytesOf(message)).toBeLessThan(80_000);
		const content = message.attachments[0]?.content as Json;
		expect(adaptiveCardProblems(content)).toEqual([]);
		expect(buttonsOn(content).map(({ title }) => title)).toEqual(["approve", "reject"]);
		expect(JSON.stringify(content)).toContain("and more, which does not fit into one message");
		expect(JSON.stringify(content)).not.toMatch(/\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/i);
		expect(textOf(content).length).toBeGreaterThan(1_000);
	});

	test("a fact that is too long says so", () => {
		const long = card({ kind: "fields", fields: [{ label: "Note", value: ["word ".repeat(400)] }] });
		const [set] = renderCard(long)["body"] as { facts: { value: string }[] }[];
		expect(set?.facts[0]?.value).toMatch(/^word .* …$/);
		expect(set?.facts[0]?.value.length).toBeLessThan(1_600);
	});

	test.each(Object.entries(NAMES))("%s: a person's page shows runs whole or not at all, and its button", (_, name) => {
		const run = (n: number) =>
			card(
				...blocks(name).slice(0, 2),
				{ kind: "text", text: [`${name.repeat(20)} run ${n}`] },
				{ kind: "actions", actions: [decision("approve"), decision("reject")] },
			);
		const many = Array.from({ length: 10 }, (_, n) => run(n));
		const notes = card({ kind: "text", text: ["Type help."] });
		const content = homeCard({ waitingForMe: many, myRuns: many, notes }, "29:ada");
		expect(bytesOf(content)).toBeLessThan(80_000);
		expect(adaptiveCardProblems(content)).toEqual([]);
		const titles = buttonsOn(content).map(({ title }) => title);
		expect(titles.at(-1)).toBe("Refresh");
		const shown = JSON.stringify(content["body"]);
		const runs = shown.match(/ run \d"/g)?.length ?? 0;
		expect(runs).toBeGreaterThan(1);
		expect(titles.slice(0, -1)).toEqual(Array.from({ length: runs }, () => ["approve", "reject"]).flat());
		expect(shown).toContain("and more, which does not fit into one message");
		expect(shown).toContain("Type help.");
	});

	test("100 commits and 40 checks alone are shown whole", () => {
		const content = renderCard(card(...blocks("fix the basket").slice(2, 4)));
		const shown = (content["body"] as { text: string }[]).map(({ text }) => text);
		const commits = shown.join("\n\n").match(/^8f3c1b2\d fix the basket/gm);
		expect(commits).toHaveLength(100);
		expect(shown.join().includes("https://ci.test/39/")).toBe(true);
	});

	test("where there is little room, even many buttons leave some for words", () => {
		const many = Array.from({ length: 60 }, (_, n) => ({
			...{ kind: "command" as const, label: `Button ${n}`, command: "x".repeat(3_900), spoken: "say it" },
		}));
		const content = renderCard(card({ kind: "text", text: ["what it is about"] }, { kind: "actions", actions: many }));
		expect(JSON.stringify(content)).toContain("what it is about");
		expect(Buffer.byteLength(JSON.stringify(content), "utf16le")).toBeLessThan(80_000);
	});
});

describe("the form", () => {
	const project = (slug: string) => ({ slug, name: `Project ${slug}`, environments: [{ slug: "stage" }] });
	const refs = Array.from({ length: 100 }, (_, n) => ({
		name: `release/${n}-${"x".repeat(200)}`,
		kind: "branch" as const,
	}));

	test("is a card at each of its steps, and fits", () => {
		const many = { projects: Array.from({ length: 300 }, (_, n) => project(`p-${n}`)) };
		const forms = [
			deployForm({ projects: [] }, null, []),
			deployForm(many, null, []),
			deployForm(many, project("p-1"), refs),
			deployForm(many, { ...project("p-1"), environments: [] }, []),
		];
		for (const form of forms) {
			expect(adaptiveCardProblems(form)).toEqual([]);
			expect(bytesOf(form)).toBeLessThan(80_000);
		}
	});

	test.each([
		[{ environment: "stage" }, "deploy web to stage"],
		[{ environment: "stage", ref: "main", typed: " v1.0.0 " }, "deploy web@v1.0.0 to stage"],
		[
			{ environment: "stage", ref: "main", dryRun: "true", reason: 'a "b"' },
			'deploy web@main to stage --dry-run --reason «a "b"»',
		],
		[{ environment: "stage", typed: "two words" }, null],
		[{ ref: "main" }, null],
	])("%j stands for %j", (inputs, command) => {
		expect(formCommand("web", Inputs.parse(inputs))).toBe(command);
	});
});

test("no colour is ours, so that it is readable in every theme", () => {
	const all = card(
		{ kind: "title", text: "t" },
		{ kind: "fields", fields: [{ label: "l", value: ["v"] }] },
		{ kind: "divider" },
	);
	expect(JSON.stringify(renderCard(all))).not.toMatch(/"color"|"backgroundImage"|"style":"(?:good|warning|attention)"/);
});
