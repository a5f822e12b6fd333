import { describe, expect, test } from "@jest/globals";
import { mrkdwn } from "../../adapters/slack/mrkdwn.ts";
import type { Action, Denied } from "../../src/core/access.ts";
import { type Actor, type AuditAction, type AuditEntry, SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Known } from "../../src/core/command.ts";
import type { Approval } from "../../src/core/decision.ts";
import type { Evidence } from "../../src/core/evidence.ts";
import type { HandFreeze } from "../../src/core/freeze.ts";
import { parseCommand } from "../../src/core/parse-command.ts";
import { refusal } from "../../src/core/refusal.ts";
import { RUN_STATES, type Run, type RunState } from "../../src/core/run.ts";
import { VERB_NAMES, VERBS } from "../../src/core/verbs.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import type { Card, CardAction, Rich } from "../../src/ports/chat.ts";
import { diffCard } from "../../src/words/evidence-words.ts";
import { freezesCard, frozenCard, unfrozenCard } from "../../src/words/freeze-words.ts";
import { helpCard } from "../../src/words/help.ts";
import { lockedCard, unlockedCard } from "../../src/words/lock-words.ts";
import {
	approvalRefusal,
	endedRefusal,
	refusalCard,
	rightRefusal,
	verdictRefusal,
} from "../../src/words/refusal-words.ts";
import { requestedCard } from "../../src/words/requested-card.ts";
import { plain } from "../../src/words/rich.ts";
import { askAgainCommand, runCard } from "../../src/words/run-card.ts";
import { historyCard, queueCard, statusCard } from "../../src/words/standing-words.ts";
import { stateLabel } from "../../src/words/state-label.ts";
import { storyLine } from "../../src/words/story-line.ts";
import { verdictCard } from "../../src/words/verdict-words.ts";
import { whoamiCard } from "../../src/words/whoami-card.ts";
import { ADA, aRun, at, BOB, EVE, PROGRESS, SHA } from "../core/a-run.ts";

const KNOWN: Known = {
	projects: [{ slug: "web", name: "Web", environments: [{ slug: "production", aliases: [] }] }],
};

const approval = (person: typeof BOB, decision: Approval["decision"] = "approved"): Approval => ({
	...{ person, decision, fingerprint: "f", reason: null, at: at(2) },
});
const FACTS = { approvals: [approval(BOB), approval(EVE, "rejected")], waitsFor: null, evidence: null, notes: [] };

const inState = (state: RunState, more: Partial<Run> = {}): Run => {
	const progress = PROGRESS.find((one) => one.state === state);
	if (progress === undefined) throw new Error(`no run is ${state}`);
	return aRun({ ...more, progress });
};

const FULL: Partial<Run> = {
	parameters: { region: "eu", note: 'two "words"' },
	note: "Fix of the cart",
	force: { reason: "The shop is down", waived: ["ci", "windows"] },
	retryOf: 11,
	rollback: { toRun: 9, fromSha: "b".repeat(40) },
};

/** Every text of a card that a reader can meet, whatever block it is in. */
function said(card: Card): string[] {
	const rich = (text: Rich) => text.map((part) => plain([part]));
	return card.blocks.flatMap((block): string[] => {
		switch (block.kind) {
			case "title":
			case "code":
				return [block.text];
			case "text":
			case "small":
				return rich(block.text);
			case "fields":
				return block.fields.flatMap((field) => [field.label, ...rich(field.value)]);
			case "actions":
				return block.actions.flatMap((one) =>
					one.kind === "command" ? [one.command] : one.kind === "link" ? [one.url] : [],
				);
			default:
				return [];
		}
	});
}

const actionsOf = (card: Card): readonly CardAction[] =>
	card.blocks.flatMap((block) => (block.kind === "actions" ? block.actions : []));

const VERDICT: Verdict = {
	outcome: "refused",
	approvals: 2,
	parameters: {},
	waived: ["windows"],
	rules: [
		{
			rule: "refs",
			outcome: "holds",
			code: "ref_allowed",
			reason: "The tag v1 may go here.",
			remedy: null,
			children: [],
		},
		{
			rule: "ci",
			outcome: "refused",
			code: "ci_failed",
			reason: "Checks are not green.",
			remedy: "Mend them.",
			children: [{ name: "build", holds: false, reason: "failed" }],
		},
		{ rule: "windows", outcome: "waived", code: "window_closed", reason: "It is Sunday.", remedy: null, children: [] },
		{
			rule: "force",
			outcome: "refused",
			code: "force_role_missing",
			reason: "Only emergency may.",
			remedy: "Ask them.",
			children: [],
		},
		{
			rule: "freezes",
			outcome: "not_applicable",
			code: "not_applicable",
			reason: "The policy has no freezes.",
			remedy: null,
			children: [],
		},
	],
};

const LOCK = { environmentId: "e1", person: EVE, reason: "moving data", until: at(90), createdAt: at(0) };
const standing = {
	project: "web",
	environment: "production",
	live: inState("succeeded"),
	active: inState("running"),
	lock: LOCK,
	frozen: null,
	window: null,
	again: null,
};
const many = (count: number) => Array.from({ length: count }, (_, index) => inState("queued", { number: 20 + index }));

const EVIDENCE: Evidence = {
	sha: "b".repeat(40),
	live: { run: 9, ref: "v1.0.0", sha: "a".repeat(40) },
	comparison: {
		...{ known: true, ahead: 9, behind: 2, more: true, authors: ["Ada", "Bob"], furtherAuthors: 3 },
		commits: [{ sha: "b".repeat(40), title: "Sell tea", author: "Ada" }],
		url: "https://git.test/compare",
	},
	ci: {
		known: true,
		checks: Array.from({ length: 14 }, (_, n) => ({
			...{ name: `check ${n}`, url: n === 0 ? "https://ci.test/0" : null },
			state: n === 13 ? "failure" : n === 12 ? "pending" : "success",
		})),
	},
	last: { run: 11, state: "failed" },
	waiting: Array.from({ length: 10 }, (_, n) => 20 + n),
};

const FREEZE: HandFreeze = {
	...{ projects: "*", environments: "production", person: { id: "p5", name: "Eve" }, reason: "moving data" },
	...{ until: new Date("2026-03-04T11:30:00Z"), createdAt: new Date("2026-03-04T10:00:00Z") },
};

const CARDS: readonly (readonly [name: string, card: Card])[] = [
	...RUN_STATES.map((state) => [`a run that is ${state}`, runCard(inState(state, FULL), FACTS)] as const),
	["an approval with its evidence", runCard(inState("waiting_approval", FULL), { ...FACTS, evidence: EVIDENCE })],
	["a diff", diffCard("web", [{ name: "production", evidence: EVIDENCE }])],
	["a verdict", verdictCard("web@v1 → production", VERDICT, { approvers: ["the leads"], may: true })],
	["help", helpCard(null)],
	["a refusal", refusalCard(refusal("x", "No.", "Do this.", [{ label: "web", command: "deploy web to production" }]))],
	["a lock", lockedCard("web", "production", LOCK, LOCK)],
	["a freeze", frozenCard(FREEZE, { ...FREEZE, until: null }, many(9), "Europe/Rome")],
	["a freeze that was lifted", unfrozenCard(FREEZE, Array(9).fill(FREEZE))],
	["what is frozen", freezesCard(Array(30).fill(FREEZE))],
	["a standing", statusCard([{ ...standing, waiting: many(8) }])],
	["a queue", queueCard([{ ...standing, waiting: many(3) }])],
	["a history", historyCard("web", [inState("failed")])],
];

test("evidence of many things is short, and what is not green comes first", () => {
	const { text } = diffCard("web", [{ name: "production", evidence: EVIDENCE }]);
	expect(text).toContain(
		"9 commits or more by Ada, Bob and 3 more. ⏪ It goes back: 2 commits of what is live are not in it.",
	);
	expect(text).toContain("bbbbbbbb Sell tea (Ada)\nand 8 more");
	expect(text).toContain("CI: ❌ check 13, ⏳ check 12, ✅ check 0");
	expect(text).toContain(
		"and 4 more · last here: #11 ❌ Failed · also waiting: #20, #21, #22, #23, #24, #25, #26, #27 and 2 more",
	);
	const gap = { ...EVIDENCE, ci: { known: false, why: "GitHub did not answer." } } as const;
	expect(diffCard("web", [{ name: "x", evidence: gap }]).text).toContain(
		"CI: could not be read. GitHub did not answer.",
	);
	expect(diffCard("web", [{ name: "x", evidence: { ...EVIDENCE, comparison: null } }]).text).toContain(
		"is live already (#9)",
	);
});

test.each(CARDS)("the plain text of %s says all that its blocks say", (_name, card) => {
	for (const text of said(card)) expect(card.text).toContain(text);
});

describe("the card of a run", () => {
	test.each(RUN_STATES)("%s: a mark with a word, what it is, who asked, and what can be done", (state) => {
		const card = runCard(inState(state, FULL), FACTS);
		expect(card.text).toContain(stateLabel(state));
		expect(stateLabel(state)).toMatch(/^\S+ [A-Z][a-z -]+$/u);
		for (const text of [
			"#12",
			"web",
			"v1.4.2",
			"production",
			SHA.slice(0, 8),
			"Requested by: Ada",
			"Approved by: Bob",
			"Fix of the cart",
			"The shop is down (set aside: ci, windows)",
			"region=eu",
			"to #9",
			"#11",
		])
			expect(card.text).toContain(text);
		const offers: Partial<Record<RunState, readonly string[]>> = {
			waiting_approval: ["Approve", "Reject"],
			queued: ["Cancel"],
			dispatching: ["Cancel"],
			running: ["Cancel"],
			cancelling: [],
			succeeded: [],
			superseded: ["Ask again"],
		};
		expect(actionsOf(card).map(({ label }) => label)).toEqual(offers[state] ?? ["Retry"]);
		for (const action of actionsOf(card)) expect(action.spoken).toContain("12");
	});

	test("tells how many approvals are there, and when it expires", () => {
		expect(runCard(inState("waiting_approval"), FACTS).text).toContain("1 of 2 given, expires 2026-03-04 20:00 UTC");
	});
	test("tells what a queued run waits for", () => {
		expect(
			runCard(inState("queued"), { approvals: [], waitsFor: "behind #11", evidence: null, notes: [] }).text,
		).toContain("behind #11");
		expect(runCard(inState("queued"), { approvals: [], waitsFor: null, evidence: null, notes: [] }).text).toContain(
			"next in line",
		);
	});
	test("says once that it succeeded, and when", () => {
		const { text } = runCard(inState("succeeded"), FACTS);
		expect(text).toMatch(/^✅ Succeeded \(2026-03-04 \d\d:\d\d UTC\)$/m);
	});
	test("tells why and how long when it is over, and links the pipeline", () => {
		const card = runCard(inState("failed"), FACTS);
		expect(card.text).toContain("So it is.");
		expect(card.text).toContain("Took: 3m 0s");
		expect(card.text).toContain("https://ci.test/77");
	});
});

const AGAIN: readonly (readonly [Partial<Run>, string])[] = [
	[{}, "deploy web@v1.4.2 to production"],
	[{ type: "dry-run" }, "deploy web@v1.4.2 to production --dry-run"],
	[
		{ parameters: { region: "eu", note: 'he said "go", so' } },
		'deploy web@v1.4.2 to production region=eu note=“he said "go", so”',
	],
	[{ type: "rollback", rollback: { toRun: 9, fromSha: SHA } }, "rollback web production to #9"],
	[{ type: "rollback", rollback: { toRun: null, fromSha: SHA } }, "rollback web production to v1.4.2"],
];
test.each(AGAIN)("asking again for %j says the same once more", (more, command) => {
	const run = inState("superseded", more);
	expect(askAgainCommand(run)).toBe(command);
	expect(actionsOf(runCard(run, FACTS))).toMatchObject([{ kind: "command", command }]);
	expect(parseCommand(command, KNOWN)).toMatchObject({ ok: true, command: { parameters: run.parameters } });
});

describe("the story in the thread", () => {
	const entry = (
		action: AuditAction,
		data: AuditEntry["data"] = {},
		actor: Actor = { ...BOB, via: "slack" },
	): AuditEntry => ({
		...{ atMs: 0, action, actor, project: "web", environment: "production", runId: "r", run: 12, data },
	});
	const STORY: readonly (readonly [AuditEntry, string | null])[] = [
		[entry("run.requested", { approvalsRequired: 0 }), "Requested by Bob. Its policy asks for no approval."],
		[entry("run.requested", { approvalsRequired: 1 }), "Requested by Bob. It needs one approval by somebody else."],
		[entry("run.requested", { approvalsRequired: 2 }), "Requested by Bob. It needs 2 approvals by somebody else."],
		[entry("run.approved", { given: 1, needed: 2, reason: null }), "Approved by Bob (1 of 2)."],
		[entry("run.approved", { given: 2, needed: 2, reason: "fine" }), "Approved by Bob (2 of 2): fine"],
		[entry("run.rejected", { reason: "Rejected by Bob: no" }), "Rejected by Bob: no"],
		[
			entry("run.running", { externalUrl: "https://ci.test/1" }),
			"The pipeline is at work: open the run (https://ci.test/1).",
		],
		[entry("run.running"), "The pipeline is at work."],
		[entry("run.cancelling", { reason: "Cancelled by Bob." }), "Cancelled by Bob. The pipeline is asked to stop."],
		[entry("run.failed", { reason: "Tests failed." }), "❌ It failed: Tests failed."],
		[entry("run.superseded", { reason: "v1 moved." }), "It was superseded: v1 moved."],
		[entry("run.timed_out", { reason: "It took too long." }), "It timed out: It took too long."],
		[
			entry("run.late_report", { status: "failed", attempt: 2 }, SYSTEM_ACTOR),
			"DRAVEN said after the end of this run that it has failed (attempt 2). The run stays as it ended.",
		],
		[entry("run.trigger_attempted"), null],
		[entry("token.created"), null],
	];
	test.each(STORY)("%j", (one, line) => {
		const told = storyLine(one);
		expect(told === null ? null : plain(told)).toBe(line);
	});
});

describe("a refusal says what, why, who can help, and what to do next", () => {
	const scope = { project: "web", environment: "production" };
	const denied = (code: Denied["code"]): Denied => ({
		ok: false,
		...(code === "token_scope" ? { code, reach: { projects: ["shop-*"], environments: ["stage", "demo"] } } : { code }),
		missing: "operator",
		holders: { role: "operator", subjects: [{ slackGroup: "S1" }, { slackUser: "U1" }], tokens: false },
	});
	const ACTIONS: readonly Action[] = [
		"view",
		"deploy",
		"dry_run",
		"rollback",
		"cancel_own",
		"cancel_any",
		"lock",
		"steal_lock",
		"unlock_other",
		"approve",
		"reject",
		"configure",
	];
	test.each(ACTIONS)("no right to %s", (action) => {
		const no = rightRefusal(action, scope, denied("no_right"));
		expect(no.message).toMatch(/^You may not [a-z].* web\/production: it takes the role operator\.$/);
		const { text, blocks } = refusalCard(no);
		expect(text).toContain("Who can help: the Slack group S1, the Slack user U1. An admin can give it to you.");
		expect(mrkdwn(blocks[1]?.kind === "small" ? blocks[1].text : [], 3_000)).toEqual([
			"Who can help: <!subteam^S1>, <@U1>. An admin can give it to you.",
		]);
	});
	test("guests, and groups that cannot be read", () => {
		expect(refusalCard(rightRefusal("deploy", scope, denied("outsider"))).text).toMatch(/guests.*operator/s);
		expect(refusalCard(rightRefusal("deploy", scope, denied("groups_unreadable"))).text).toMatch(
			/could not be read.*Try again/s,
		);
	});
	test("by policy: every rule that refuses, force first, with what to do", () => {
		const place = { project: { slug: "web" }, environment: { slug: "production" } };
		const no = verdictRefusal(place, "deploy", aRun().ref, VERDICT);
		expect(no).toMatchObject({
			code: "force_role_missing",
			message: "A deploy of web@v1.4.2 to production is not allowed. Checks are not green. Only emergency may.",
			next: "Ask them. Mend them.",
		});
	});
	test.each(RUN_STATES)("a run that is %s", (state) => {
		for (const no of [
			endedRefusal(inState(state)),
			...["self_approval", "already_decided", "not_waiting"].map((code) =>
				approvalRefusal(code, inState(state), { role: "approver", subjects: [], tokens: true }),
			),
		]) {
			expect(no.message).toContain("#12");
			expect(no.message).not.toContain("_");
			expect(no.message).toMatch(/\.$/);
			expect(no.message).not.toMatch(/ is (succeeded|failed|expired|timed|rejected|superseded|cancelled|waiting)/);
			expect(no.next).toMatch(/\.$/);
		}
	});
	test("corrections are buttons, five at most, and can be typed", () => {
		const suggestions = Array.from({ length: 9 }, (_, n) => ({ label: `p${n}`, command: `deploy p${n} to stage` }));
		const card = refusalCard(refusal("unknown_project", "No.", null, suggestions));
		expect(actionsOf(card)).toHaveLength(5);
		expect(card.text).toContain("→ deploy p0 to stage");
	});
});

describe("explain", () => {
	test("shows every rule, also those that do not apply, and the single things", () => {
		const { text } = verdictCard("web", VERDICT, { approvers: ["the leads"], may: true });
		for (const { rule, reason } of VERDICT.rules)
			expect(text).toMatch(new RegExp(`${rule}.*${reason.replace(/\.$/, "")}`));
		expect(text).toContain("❌ build: failed");
		expect(text).toContain("Mend them.");
		expect(text).toContain("It would be refused.");
	});
	test("says who can approve, now; and what it was, then", () => {
		const allowed = { ...VERDICT, outcome: "allowed" as const };
		expect(verdictCard("web", allowed, { approvers: ["the leads"], may: true }).text).toContain(
			"needs 2 approvals by the leads.",
		);
		expect(verdictCard("web", { ...allowed, approvals: 0 }, { approvers: ["x"], may: true }).text).toContain(
			"needs no approval.",
		);
		expect(verdictCard("web", allowed, "then").text).toContain("It was allowed and needed 2 approvals.");
	});
});

describe("small cards", () => {
	test("help has every command of this version, with its form", () => {
		const { text } = helpCard(null);
		for (const verb of VERB_NAMES) {
			const { usage, does } = VERBS[verb];
			expect(text).toContain(`${usage}: ${does}`);
			for (const said of [usage, does, ...VERBS[verb].examples]) expect(helpCard(verb).text).toContain(said);
		}
	});
	test("who asked is told what it waits for and who can help", () => {
		const ahead = { approvers: ["the leads"], waitsFor: null, lock: null, isOfEarlier: false };
		const asked = requestedCard(inState("waiting_approval"), ahead).text;
		expect(asked).toContain("2 approvals by somebody else: the leads.");
		expect(asked).toContain("deploy cancel #12");
		expect(requestedCard(inState("queued"), ahead).text).toContain("It is queued and starts when");
		expect(requestedCard(inState("queued"), { ...ahead, waitsFor: "behind 2 others" }).text).toContain(
			"queued behind 2 others.",
		);
		for (const state of ["queued", "waiting_approval"] as const)
			expect(requestedCard(inState(state), { ...ahead, lock: LOCK }).text).toContain(
				"🔒 web/production is locked by Eve (moving data) until 2026-03-04 11:30 UTC: it does not start before that ends.",
			);
	});
	test("a lock says whose it is, why, how long, and how it ends", () => {
		expect(lockedCard("web", "production", LOCK, null).text).toContain("Eve (moving data) until 2026-03-04 11:30 UTC");
		expect(lockedCard("web", "production", { ...LOCK, person: ADA }, LOCK).text).toContain(
			"It was Eve's, who is told.",
		);
		expect(unlockedCard("web", "production", null).text).toContain("was not locked");
	});
	test("a freeze says what it takes, until when by both clocks, why, and how it ends", () => {
		const { text } = frozenCard(FREEZE, null, many(7), "Europe/Rome");
		expect(text).toContain(
			"❄️ */production is frozen until 2026-03-04 11:30 UTC (Wed 4 Mar 2026 12:30 Europe/Rome): moving data.",
		);
		expect(text).toMatch(
			/No release starts on (web\/production, ){4}web\/production and 2 more, and those made later\./,
		);
		expect(text).toContain("→ unfreeze */production");
		expect(frozenCard({ ...FREEZE, until: null }, null, [], "UTC").text).toContain("is frozen until it is lifted:");
		expect(unfrozenCard(FREEZE, [{ ...FREEZE, environments: "*" }]).text).toContain("Still frozen: * by Eve, until");
		expect(freezesCard([]).text).toBe("Nothing is frozen by hand.");
	});
	test("standing says what is live, what runs, who holds it and what waits", () => {
		const { text } = statusCard([{ ...standing, waiting: many(8) }]);
		for (const one of ["web/production", "v1.4.2", "#12 by Ada", "Running", "Locked by Eve", "#24", "… and 3 more"])
			expect(text).toContain(one);
		const frozen = { says: "Eve stopped releases to */production.", what: "", why: "", until: null };
		expect(statusCard([{ ...standing, frozen, waiting: [] }]).text).toContain(
			"❄️ Eve stopped releases to */production.",
		);
		expect(statusCard([{ ...standing, live: null, active: null, lock: null, waiting: [] }]).text).toContain(
			"nothing released yet",
		);
		expect(statusCard([]).text).toContain("draven apply");
		expect(historyCard("web", []).text).toContain("Nothing has run");
	});
	test("who somebody is: identities, groups, roles by place, and what these may do", () => {
		const principal = {
			person: BOB,
			identities: [{ platform: "slack", externalId: "U1" }],
			emails: ["bob@acme.test"],
			outsider: false,
			groups: { known: true as const, ids: new Set(["S1", "S2"]) },
		};
		const places = [
			{ place: "web/stage", roles: ["viewer", "operator"] as const },
			{ place: "api/stage", roles: ["viewer", "operator"] as const },
			{ place: "web/production", roles: ["viewer"] as const },
		];
		const { text } = whoamiCard(principal, places);
		for (const one of [
			"Bob",
			"slack U1",
			"bob@acme.test",
			"S1, S2",
			"viewer, operator: web/stage, api/stage",
			"viewer: web/production",
			"operator: deploy",
		])
			expect(text).toContain(one);
		expect(
			whoamiCard({ ...principal, outsider: true, groups: { known: false, why: "Slack is silent." } }, places).text,
		).toMatch(/guest.*Slack is silent/s);
	});
});
