import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { homeBlocks } from "../../../adapters/slack/home.ts";
import { mrkdwn } from "../../../adapters/slack/mrkdwn.ts";
import { MAX_EDIT_TEXT, renderCard } from "../../../adapters/slack/render-card.ts";
import type { Card, CardAction, CardBlock, Inline } from "../../../src/ports/chat.ts";
import { card } from "../../../src/words/rich.ts";
import { buttonsOf, problemOfBlocks } from "../../fakes/slack-blocks.ts";

const one = (...rich: Inline[]) => mrkdwn(rich, 3_000).join("");

describe("texts of people", () => {
	test.each<[string, Inline, string]>([
		["pings nobody", "<!channel> <@U1> @here <!here>", "&lt;!channel&gt; &lt;@U1&gt; @here &lt;!here&gt;"],
		["links nothing", "<https://evil.test|click>", "&lt;https://evil.test|click&gt;"],
		["formats nothing", "*big* _slanted_ ~gone~ `code` *_both_*", "∗big∗ ˍslantedˍ ∼gone∼ ˋcodeˋ ∗ˍbothˍ∗"],
		[
			"keeps marks that format nothing",
			"v*.*.* snake_case_name 2 * 3 */production",
			"v*.*.* snake_case_name 2 * 3 */production",
		],
		["does not leave bold", { bold: "a*b\nc & <d>" }, "*a∗b c &amp; &lt;d&gt;*"],
		["does not leave code", { code: "rm `x`\n<!here>" }, "`rm ˋxˋ &lt;!here&gt;`"],
		["is no mention as a name", { person: { id: "U1", name: "<@U2>*Ann*" } }, "&lt;@U2&gt;∗Ann∗"],
		["is shown when it is no address", { link: "javascript:alert(1)", text: "x" }, "x (javascript:alert(1))"],
		[
			"stays inside its link",
			{ link: "https://a.test/?q=1|2>&b=<", text: "a|b>c" },
			"<https://a.test/?q=1%7C2%3E&amp;b=%3C|a¦b&gt;c>",
		],
		["reads in the order in which it was written", "safe \u202Egpj.exe\u202C \u2066x\u2069", "safe gpj.exe x"],
		["keeps its letters, whichever way they run", "תיקון הסל", "תיקון הסל"],
	])("%s", (_, part, shown) => {
		expect(one(part)).toBe(shown);
	});

	test("a time is shown in the reader's own zone", () => {
		expect(one({ time: new Date("2026-03-04T10:00:00Z") })).toBe(
			"<!date^1772618400^{date_short_pretty} {time}|2026-03-04 10:00 UTC>",
		);
	});
});

describe("a card", () => {
	test("has one primary button, and drops a command that would have to be cut", () => {
		const decision = (label: string): CardAction => ({
			...{ kind: "decision", id: "approve", label, style: "primary", value: "r:1", confirm: null, spoken: label },
		});
		const shown = renderCard(
			card({
				kind: "actions",
				actions: [
					decision("A"),
					decision("B"),
					{ kind: "command", label: "C", command: "x".repeat(2_001), spoken: "C" },
				],
			}),
		);
		expect(buttonsOf(shown.blocks).map(({ label, style }) => [label, style])).toEqual([
			["A", "primary"],
			["B", null],
		]);
	});

	test("keeps its buttons however long it is, and says that there is more", () => {
		const long: CardBlock[] = Array.from({ length: 80 }, (_, n) => ({ kind: "text", text: [`line ${n}`] }));
		const { blocks } = renderCard(
			card(...long, { kind: "actions", actions: [{ kind: "command", label: "Go", command: "status", spoken: "Go" }] }),
		);
		expect(blocks.length).toBeLessThanOrEqual(50);
		expect(buttonsOf(blocks)).toHaveLength(1);
		expect(JSON.stringify(blocks.at(-1))).toContain("and more");
	});

	test("says all of a long text that fits", () => {
		const words = Array.from({ length: 1_200 }, (_, n) => `word${n}`).join(" ");
		const { blocks } = renderCard(card({ kind: "text", text: [words] }));
		const said = blocks.map((block) => (block.type === "section" ? (block.text?.text ?? "") : "")).join("");
		expect(said).toBe(words);
	});

	test("has its whole text beside it, and as much of it as an edit takes", () => {
		const long = card({ kind: "text", text: ["word & ".repeat(1_500)] });
		expect(renderCard(long).text === "word &amp; ".repeat(1_500)).toBe(true);
		expect(renderCard(long, MAX_EDIT_TEXT).text.length).toBeLessThanOrEqual(MAX_EDIT_TEXT);
	});

	test("always has a text", () => {
		expect(renderCard({ text: "", blocks: [] }).text).not.toBe("");
	});
});

const hostile = fc.oneof(
	fc.string({ maxLength: 200, unit: "grapheme" }),
	fc.string({
		maxLength: 12_000,
		unit: fc.constantFrom("&", "<", ">", "*", "_", "`", "~", "|", "\n", " ", "a", "🚀", "@", "!"),
	}),
	fc.constantFrom("<!channel>", "```", "", "\n\n", "a".repeat(5_000), "&".repeat(4_000)),
);
const inline: fc.Arbitrary<Inline> = fc.oneof(
	hostile,
	hostile.map((bold) => ({ bold })),
	hostile.map((code) => ({ code })),
	fc.record({ link: fc.oneof(fc.webUrl(), hostile), text: hostile }),
	hostile.map((name) => ({ person: { id: "p", name } })),
	fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((time) => ({ time })),
);
const rich = fc.array(inline, { maxLength: 8 });
const action: fc.Arbitrary<CardAction> = fc.oneof(
	fc.record({
		kind: fc.constant("decision" as const),
		id: fc.constantFrom("approve" as const, "reject" as const, "cancel" as const, "retry" as const),
		label: hostile,
		style: fc.constantFrom("primary" as const, "danger" as const, "default" as const),
		value: fc.uuid(),
		confirm: fc.option(hostile),
		spoken: hostile,
	}),
	fc.record({ kind: fc.constant("command" as const), label: hostile, command: hostile, spoken: hostile }),
	fc.record({
		kind: fc.constant("link" as const),
		label: hostile,
		url: fc.oneof(fc.webUrl(), hostile),
		spoken: hostile,
	}),
);
const block: fc.Arbitrary<CardBlock> = fc.oneof(
	hostile.map((text) => ({ kind: "title" as const, text })),
	rich.map((text) => ({ kind: "text" as const, text })),
	rich.map((text) => ({ kind: "small" as const, text })),
	hostile.map((text) => ({ kind: "code" as const, text })),
	fc.constant({ kind: "divider" as const }),
	fc
		.array(fc.record({ label: hostile, value: rich }), { maxLength: 25 })
		.map((fields) => ({ kind: "fields" as const, fields })),
	fc.array(action, { maxLength: 30 }).map((actions) => ({ kind: "actions" as const, actions })),
);
const anyCard: fc.Arbitrary<Card> = fc.record({ text: hostile, blocks: fc.array(block, { maxLength: 70 }) });

test("whatever a card holds, Slack takes it, and nothing in it is mark-up that nobody meant", () => {
	fc.assert(
		fc.property(anyCard, (some) => {
			const { text, blocks } = renderCard(some);
			expect(problemOfBlocks(blocks, 50)).toBeNull();
			expect(text.length).toBeLessThanOrEqual(20_000);
			expect(text).not.toBe("");
			expect(text).not.toMatch(/[<>]/);
		}),
		{ numRuns: 150 },
	);
});

test("whatever waits for somebody, their Home tab is taken", () => {
	fc.assert(
		fc.property(fc.array(anyCard, { maxLength: 4 }), fc.array(anyCard, { maxLength: 4 }), (waitingForMe, myRuns) => {
			expect(
				problemOfBlocks(homeBlocks({ waitingForMe, myRuns, notes: card({ kind: "small", text: ["x"] }) }), 100),
			).toBeNull();
		}),
		{ numRuns: 30 },
	);
});
