import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Command, Known } from "../../src/core/command.ts";
import { parseCommand } from "../../src/core/parse-command.ts";
import { VERB_NAMES, VERBS } from "../../src/core/verbs.ts";

const KNOWN: Known = {
	projects: [
		{
			slug: "web",
			name: "Web shop",
			environments: [
				{ slug: "stage", aliases: ["staging"] },
				{ slug: "demo", aliases: [] },
				{ slug: "production", aliases: ["prod", "live"] },
			],
		},
		{ slug: "api", name: "api", environments: [{ slug: "stage", aliases: ["staging"] }] },
		{ slug: "billing", name: "Invoices", environments: [{ slug: "europe", aliases: [] }] },
	],
};

const parse = (text: string) => parseCommand(text, KNOWN);
const deploy = (more: Partial<Extract<Command, { verb: "deploy" }>> = {}): Command => ({
	verb: "deploy",
	project: "web",
	ref: null,
	environment: "stage",
	parameters: {},
	dryRun: false,
	force: null,
	reason: null,
	...more,
});
const rollback = (more: Partial<Extract<Command, { verb: "rollback" }>> = {}): Command => ({
	verb: "rollback",
	project: "web",
	environment: "production",
	to: null,
	parameters: {},
	dryRun: false,
	force: null,
	reason: null,
	...more,
});
const lock = (more: Partial<Extract<Command, { verb: "lock" }>> = {}): Command => ({
	verb: "lock",
	project: "api",
	environment: "stage",
	forMs: null,
	reason: null,
	steal: null,
	...more,
});

const promote = (more: Partial<Extract<Command, { verb: "promote" }>> = {}): Command => ({
	verb: "promote",
	...{ project: "web", from: "stage", to: "production", parameters: {}, dryRun: false },
	...{ force: null, reason: null, ...more },
});

const UNDERSTOOD: readonly (readonly [said: string, means: Command])[] = [
	["", { verb: "form" }],
	["deploy", { verb: "form" }],
	["web stage", deploy()],
	["web to stage", deploy()],
	["web on stage", deploy()],
	["web IN stage", deploy()],
	["deploy web to stage", deploy()],
	["Deploy deploy web to stage", deploy()],
	["  web \t to \n stage ", deploy()],
	["Web to Production", deploy({ environment: "production" })],
	["web to prod", deploy({ environment: "production" })],
	["web LIVE", deploy({ environment: "production" })],
	["web@v1.4.2 to stage", deploy({ ref: "v1.4.2" })],
	["web@feature/Login-2 stage", deploy({ ref: "feature/Login-2" })],
	["web/feature/x to stage", deploy({ ref: "feature/x" })],
	["web/stage", deploy()],
	["web/stage to production", deploy({ ref: "stage", environment: "production" })],
	["web stage region=eu migrate=true", deploy({ parameters: { region: "eu", migrate: "true" } })],
	["web region=eu to stage", deploy({ parameters: { region: "eu" } })],
	["web@a=b stage x=", deploy({ ref: "a=b", parameters: { x: "" } })],
	['web stage note="two words" url=a=b', deploy({ parameters: { note: "two words", url: "a=b" } })],
	["--dry-run web stage", deploy({ dryRun: true })],
	["web stage —dry-run", deploy({ dryRun: true })],
	["web stage –DRY-RUN", deploy({ dryRun: true })],
	["plan web@main stage", deploy({ ref: "main", dryRun: true })],
	["plan web stage --dry-run", deploy({ dryRun: true })],
	['web stage --force "shop is down"', deploy({ force: "shop is down" })],
	['--force "web to demo" web to stage', deploy({ force: "web to demo" })],
	['web stage --force="down" --reason "fix 7"', deploy({ force: "down", reason: "fix 7" })],
	["web stage --force shop is down", deploy({ force: "shop is down" })],
	["web stage —force “shop is down”", deploy({ force: "shop is down" })],
	['web stage --reason "--dry-run"', deploy({ reason: "--dry-run" })],
	["deploy! web to stage", deploy({ force: "" })],
	['deploy! web to stage --reason "down"', deploy({ force: "down", reason: "down" })],
	["web @v1 to stage", deploy({ ref: "v1" })],
	['deploy! web to stage --force "down"', deploy({ force: "down" })],
	['web stage --reason "it isn\'t “ready”"', deploy({ reason: "it isn't “ready”" })],
	["web stage --reason 'don't look'", deploy({ reason: "don't look" })],
	["web stage --reason „tief unten“", deploy({ reason: "tief unten" })],
	["web stage --reason ”lågt”", deploy({ reason: "lågt" })],
	["web stage --reason « en bas »", deploy({ reason: "en bas" })],
	["web stage --reason ‘so it is’", deploy({ reason: "so it is" })],
	["we\u200bb to st\u202eage\ufeff", deploy()],
	["w\u3164eb\u0000stage", deploy()],
	["rollback web production", rollback()],
	["rollback web to prod to #41", rollback({ to: { run: 41 } })],
	["deploy rollback web to production to v1.2.0", rollback({ to: { ref: "v1.2.0" } })],
	["rollback web production #41", rollback({ to: { run: 41 } })],
	["rollback web production v1.2.0", rollback({ to: { ref: "v1.2.0" } })],
	['rollback web prod --force "down" --reason "x"', rollback({ force: "down", reason: "x" })],
	["rollback! web prod", rollback({ force: "" })],
	["deploy! rollback web prod", rollback({ force: "" })],
	['deploy! rollback web prod --reason "down"', rollback({ force: "down", reason: "down" })],
	[
		"explain web@v1 prod a=1",
		{ verb: "explain", project: "web", ref: "v1", environment: "production", parameters: { a: "1" } },
	],
	["approve #12", { verb: "approve", run: 12, reason: null }],
	["approve 12: looks good", { verb: "approve", run: 12, reason: "looks good" }],
	["approve", { verb: "approve", run: null, reason: null }],
	["reject not today", { verb: "reject", run: null, reason: "not today" }],
	['reject #7 --reason "not today"', { verb: "reject", run: 7, reason: "not today" }],
	["cancel #7, wrong version", { verb: "cancel", run: 7, reason: "wrong version" }],
	["retry #7 the network is back", { verb: "retry", run: 7, reason: "the network is back" }],
	["lock api stage", lock()],
	["lock api stage hotfix for 2h", lock({ forMs: 7_200_000, reason: "hotfix" })],
	["lock staging on api: a hotfix for 2h", lock({ forMs: 7_200_000, reason: "a hotfix" })],
	['lock api stage "wait for 2h"', lock({ reason: "wait for 2h" })],
	["lock api stage wait for me", lock({ reason: "wait for me" })],
	["lock api to staging for 2h moving data", lock({ forMs: 7_200_000, reason: "moving data" })],
	["lock api stage FOR 90S", lock({ forMs: 90_000 })],
	["lock staging on api: moving data", lock({ reason: "moving data" })],
	["lock staging on api for 15m: moving data", lock({ forMs: 900_000, reason: "moving data" })],
	["lock api stage: moving", lock({ reason: "moving" })],
	['lock api stage "for the migration"', lock({ reason: "for the migration" })],
	['lock api stage --steal "incident 7"', lock({ steal: "incident 7" })],
	["unlock api stage", { verb: "unlock", project: "api", environment: "stage", reason: null }],
	["unlock staging on api", { verb: "unlock", project: "api", environment: "stage", reason: null }],
	["unlock staging on api: she is ill", { verb: "unlock", project: "api", environment: "stage", reason: "she is ill" }],
	["status", { verb: "status", project: null, environment: null }],
	["where web", { verb: "status", project: "web", environment: null }],
	["wcid web/prod", { verb: "status", project: "web", environment: "production" }],
	["status staging", { verb: "status", project: null, environment: "stage" }],
	["queue web on demo", { verb: "queue", project: "web", environment: "demo" }],
	["history web", { verb: "history", project: "web", environment: null }],
	["show #12", { verb: "show", run: 12 }],
	["log", { verb: "logs", run: null }],
	["WhoAmI", { verb: "whoami" }],
	["help", { verb: "help", topic: null }],
	["--help", { verb: "help", topic: null }],
	["?", { verb: "help", topic: null }],
	["help Rollback", { verb: "help", topic: "rollback" }],
	["lock --help", { verb: "help", topic: "lock" }],
	["promote web from stage to production", promote()],
	["deploy promote web to prod from staging", promote()],
	["promote web stage prod", promote()],
	["promote web/stage to production", promote()],
	["promote web from stage on demo a=1 --dry-run", promote({ to: "demo", parameters: { a: "1" }, dryRun: true })],
	['promote web from stage to prod --force "down" --reason "x"', promote({ force: "down", reason: "x" })],
	["promote web from stage to prod --reason it is good", promote({ reason: "it is good" })],
	["promote! web from stage to prod", promote({ force: "" })],
	["nudge #4", { verb: "nudge", run: 4, reason: null }],
	["nudge please, they wait", { verb: "nudge", run: null, reason: "please, they wait" }],
	["diff web", { verb: "diff", project: "web", environment: null }],
	["admin", { verb: "admin" }],
];

test.each(UNDERSTOOD)("%j is understood", (said, means) => {
	expect(parse(said)).toEqual({ ok: true, command: means });
});

test.each(VERB_NAMES.flatMap((verb) => VERBS[verb].examples.map((example) => [example, verb] as const)))(
	"the example %j of the help for %s is understood as that",
	(example, verb) => {
		const parsed = parse(example);
		const said = parsed.ok ? parsed.command : null;
		expect(said?.verb).toBe(verb === "plan" ? "deploy" : verb);
	},
);

test("a parameter that is called like a member of every object is a parameter like another", () => {
	const parsed = parse("web stage __proto__=x constructor=y");
	const parameters = parsed.ok && parsed.command.verb === "deploy" ? parsed.command.parameters : {};
	expect(Object.entries(parameters)).toEqual([
		["__proto__", "x"],
		["constructor", "y"],
	]);
});

const REFUSED: readonly (readonly [said: string, code: string, commands: readonly string[]])[] = [
	[
		"promote web",
		"missing_environment",
		["promote web from stage to demo", "promote web from demo to production", "promote web from stage to production"],
	],
	[
		"promote web from stage --dry-run",
		"missing_environment",
		["promote web from stage to demo --dry-run", "promote web from stage to production --dry-run"],
	],
	["promote web stage to", "missing_environment", ["promote web stage to demo", "promote web stage to production"]],
	[
		"promote web to production",
		"missing_environment",
		["promote web from demo to production", "promote web from stage to production"],
	],
	[
		"promote web from stage to staging",
		"same_environment",
		["promote web from stage to demo", "promote web from stage to production"],
	],
	["promote web from stag to prod", "unknown_environment", ["promote web from stage to prod"]],
	["promote wep from stage to prod", "unknown_project", ["promote web from stage to prod"]],
	["promot web from stage to prod", "unknown_project", ["promote web from stage to prod"]],
	["promote web from stage from demo", "unknown_environment", []],
	["promote web@v1 from stage to prod", "ref_not_here", []],
	["promote web --force from stage to prod", "reason_needed", []],
	["promote web from stage to demo prod", "left_over", []],
	["nudge #x", "bad_run", []],
	["web", "missing_environment", ["deploy web to stage", "deploy web to demo", "deploy web to production"]],
	[
		"web@v1 to",
		"missing_environment",
		["deploy web@v1 to stage", "deploy web@v1 to demo", "deploy web@v1 to production"],
	],
	["api --dry-run x=1", "missing_environment", ["deploy api to stage --dry-run x=1"]],
	['api --force "it is down"', "missing_environment", ['deploy api to stage --force "it is down"']],
	["deploy! api", "missing_environment", ["deploy! api to stage"]],
	["rollback api to #41", "missing_environment", ["rollback api stage to #41"]],
	["lock api", "missing_environment", ["lock api stage"]],
	["wbe to stage --dry-run", "unknown_project", ["deploy web to stage --dry-run"]],
	['wbe@v1 to stgae note="a b"', "unknown_project", ['deploy web@v1 to stage note="a b"']],
	["webshop to stage", "unknown_project", ["deploy web to stage"]],
	["to stage", "project_needed", ["deploy web to stage", "deploy api to stage"]],
	["rollback", "project_needed", ["rollback web stage", "rollback api stage", "rollback billing europe"]],
	["web to prdo --dry-run", "unknown_environment", ["deploy web to production --dry-run"]],
	["web to stage!", "unknown_environment", ["deploy web to stage"]],
	["billing to moon", "unknown_environment", ["deploy billing to europe"]],
	["aprove #12 fine by me", "unknown_project", ["approve #12 fine by me"]],
	['lokc api stage --steal "incident"', "unknown_project", ['lock api stage --steal "incident"']],
	["rolback web production to #3", "unknown_project", ["rollback web production to #3"]],
	["statsu", "unknown_project", ["status"]],
	["lock stagin on api: x", "unknown_environment", ["lock stage on api: x"]],
	["help depoly", "unknown_verb", ["help deploy"]],
	["web stage --dryrun", "unknown_flag", []],
	["status --all", "unknown_flag", []],
	["explain web stage --force", "unknown_flag", []],
	["web stage --dry-run --dry-run", "flag_twice", []],
	["web stage --dry-run=yes", "flag_with_value", []],
	["web stage --force", "reason_needed", []],
	["web --force stage", "reason_needed", []],
	["--force web to stage", "reason_needed", []],
	["web --force to stage", "reason_needed", []],
	["web stage --force --dry-run", "reason_needed", []],
	['web stage --force " "', "reason_needed", []],
	["web stage --force=", "reason_needed", []],
	["lock api stage --steal", "reason_needed", []],
	["web stage now please", "left_over", []],
	["web stage !", "left_over", []],
	["whoami really", "left_over", []],
	["show #12 #13", "left_over", []],
	["web stage a-b=1", "bad_parameter", []],
	["web stage a=1 a=2", "parameter_twice", []],
	["web@ stage", "bad_ref", []],
	["web@../etc stage", "bad_ref", []],
	["web@--upload-pack=x stage", "bad_ref", []],
	["rollback web@v1 production", "ref_not_here", []],
	["rollback web production to", "ref_needed", []],
	["approve #twelve", "bad_run", []],
	["show 99999999999", "bad_run", []],
	["lock api stage for ever", "bad_duration", []],
	["lock api stage for 0s", "bad_duration", []],
	["lock api stage for 9000d", "bad_duration", []],
	['approve #1 yes --reason "no"', "reason_twice", []],
	["approve! #1", "no_force_here", []],
	["deploy! plan web stage", "no_force_here", []],
	['web stage --reason "open', "unclosed_quote", []],
	["x".repeat(40_000), "too_long", []],
];

describe("what is not understood is refused with a code, a sentence and corrected commands", () => {
	test.each(REFUSED)("%.60j: %s", (said, code, commands) => {
		const parsed = parse(said);
		if (parsed.ok) throw new Error("it was understood");
		expect(parsed.code).toBe(code);
		expect(parsed.message).toMatch(/[.?]$/);
		expect(parsed.suggestions.map(({ command }) => command).slice(0, Math.max(commands.length, 0))).toEqual(commands);
		if (commands.length === 0) expect(parsed.suggestions).toEqual([]);
	});
});

test("the environments that there are, and the form that fits, are told", () => {
	expect(parse("web to moon")).toMatchObject({
		message: 'web has no environment "moon". It has stage, demo, production.',
		usage: expect.stringContaining("deploy <project>[@<ref>] [to] <environment>"),
	});
});

test("without any project, nothing is offered and the reason is told", () => {
	expect(parseCommand("web to stage", { projects: [] })).toMatchObject({
		ok: false,
		message: expect.stringContaining("No project is set up yet."),
		suggestions: [],
	});
});

const word = fc.oneof(
	fc.constantFrom(...VERB_NAMES, "deploy!", "web", "WEB@v1", "wbe", "api/main", "web/stage", "stage", "stgae", "prod"),
	fc.constantFrom(
		"to",
		"on",
		"@v1",
		"in",
		"for",
		"2h",
		"#12",
		"12",
		"a=1",
		'b="x y"',
		"--dry-run",
		"—force",
		"--reason",
		'"',
		"“",
		"'",
		"!",
	),
	fc.string({ unit: "binary", maxLength: 12 }),
);
const line = fc.array(word, { maxLength: 9 }).map((words) => words.join(" "));

test("whatever is said, the parser answers; what it offers is understood; twice the same is the same", () => {
	fc.assert(
		fc.property(line, (said) => {
			const parsed = parse(said);
			expect(parse(said)).toEqual(parsed);
			if (parsed.ok) return;
			expect(parsed.message.length).toBeLessThan(400);
			expect(parsed.message).not.toMatch(/\p{Cs}/u);
			// A click leads on: never to another question.
			for (const { command } of parsed.suggestions) expect([command, parse(command).ok]).toEqual([command, true]);
		}),
		{ numRuns: 2_000 },
	);
});
