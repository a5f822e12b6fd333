import { describe, expect, test } from "@jest/globals";
import {
	BASELINES,
	type EffectivePolicy,
	effectivePolicy,
	evaluate,
	type StoredPolicy,
} from "../../src/core/policy.ts";
import { parseRules } from "../../src/core/policy-schema.ts";
import type { Check, Facts, RuleName, RuleVerdict, Verdict } from "../../src/core/verdict.ts";

const SHA = "0123456789".repeat(4);
const NOW = new Date("2026-03-04T10:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const branch = (name: string): Facts["ref"] => ({ name, kind: "branch", sha: SHA });
const tag = (name: string): Facts["ref"] => ({ name, kind: "tag", sha: SHA });
const commit: Facts["ref"] = { name: SHA, kind: "sha", sha: SHA };
const check = (name: string, state: Check["state"]): Check => ({ name, state, url: null });
const checks = (...all: readonly Check[]): Facts["ci"] => ({ known: true, checks: all });

const facts = (more: Partial<Facts> = {}): Facts => ({
	now: NOW,
	type: "deploy",
	ref: branch("main"),
	ci: checks(check("build", "success")),
	parameters: {},
	force: null,
	queueLength: 0,
	frozenByHand: [],
	succeededHereAs: null,
	succeededIn: {},
	...more,
});

const none = () => null;
const read = (rules: unknown, base: string | null = null, others: readonly StoredPolicy[] = []) =>
	effectivePolicy({ slug: "mine", extends: base, rules }, (slug) => others.find((one) => one.slug === slug) ?? null);

function policy(rules: unknown, base: string | null = "stage", others: readonly StoredPolicy[] = []): EffectivePolicy {
	const reading = read(rules, base, others);
	if (!reading.ok) throw new Error(reading.message);
	return reading.policy;
}

function ruleOf(verdict: Verdict, name: RuleName): RuleVerdict {
	const rule = verdict.rules.find((one) => one.rule === name);
	if (rule === undefined) throw new Error(`the verdict has no rule ${name}`);
	return rule;
}

const judge = (rules: unknown, more: Partial<Facts> = {}) => evaluate(policy(rules), facts(more));
const codes = (verdict: Verdict) => verdict.rules.filter((rule) => rule.outcome === "refused").map((rule) => rule.code);

describe("what a policy leaves out", () => {
	test("has the defaults, and no ref is allowed", () => {
		expect(policy({}, null)).toEqual({
			refs: { branches: [], tags: [], shas: false },
			approvals: { required: 0, self: false, commitAuthors: true, expiresAfter: 24 * HOUR, holdsQueue: false },
			ci: { mode: "required", checks: null },
			windows: null,
			freezes: [],
			promotion: null,
			rollback: { enabled: true, approvals: 0, ignoresWindows: true, locksAfter: true },
			force: { enabled: false, role: "operator", waives: ["ci", "windows", "freezes"], reviewWithin: 24 * HOUR },
			dryRun: { enabled: true, approvals: 0 },
			parameters: {},
			queue: { limit: 20 },
			timeouts: { queue: 2 * HOUR, start: 10 * MINUTE, run: HOUR },
		});
		for (const ref of [branch("main"), tag("v1.0.0"), commit])
			expect(codes(evaluate(policy({}, null), facts({ ref })))).toEqual(["ref_not_allowed"]);
	});

	const BASES: readonly (readonly [
		base: string,
		approvals: number,
		force: boolean,
		may: readonly Facts["ref"][],
		no: readonly Facts["ref"][],
	])[] = [
		["stage", 0, true, [branch("main"), branch("a/b/.c"), commit], [tag("v1.0.0")]],
		[
			"demo",
			0,
			false,
			[branch("main"), branch("release/1/2"), tag("x/y"), tag("v1")],
			[branch("dev"), branch("releases/1"), commit],
		],
		[
			"production",
			1,
			false,
			[tag("v1.2.3"), tag("v1.2.3-rc.1")],
			[tag("v1.2"), tag("x1.2.3"), tag("v1.2.3/x"), branch("main"), branch("v1.2.3"), commit],
		],
	];
	test.each(BASES)("the baseline %s", (base, approvals, force, may, no) => {
		const own = policy({}, base);
		expect(own).toMatchObject({
			approvals: { required: approvals },
			force: { enabled: force },
			ci: { mode: "required", checks: null },
			rollback: { enabled: true },
		});
		for (const ref of may) expect(ruleOf(evaluate(own, facts({ ref })), "refs").outcome).toBe("holds");
		for (const ref of no) expect(codes(evaluate(own, facts({ ref })))).toEqual(["ref_not_allowed"]);
	});

	test.each([
		[{ branches: ["**"], tags: [] }, "the policy allows any branch. Deploy a branch that has the commit."],
		[{ branches: [], tags: ["**"] }, "the policy allows any tag. Tag the commit and deploy the tag."],
		[
			{ branches: ["release/**"], tags: ["v*"] },
			"the policy allows branches release/** and tags v*. Tag the commit with a name like v* and deploy the tag.",
		],
	])("what %j allows is said as people say it", (refs, sentence) => {
		const ref = { name: "a".repeat(40), kind: "sha", sha: "a".repeat(40) } as const;
		const [rule] = evaluate(policy({ refs: { ...refs, shas: false } }, null), facts({ ref })).rules;
		expect(`${rule?.reason} ${rule?.remedy}`).toContain(sentence);
	});
});

describe("extends", () => {
	const parent: StoredPolicy = {
		slug: "parent",
		extends: "production",
		rules: {
			refs: { branches: ["main"], tags: ["v*"] },
			approvals: { required: 3, expiresAfter: "2h" },
			windows: { timezone: "Europe/Rome", allow: [{ days: ["mon"], from: "09:00", to: "10:00" }] },
			promotion: { from: "stage", soak: "30m" },
			parameters: { region: { type: "string" }, size: { type: "number" } },
		},
	};

	test("merges rule by rule and key by key; a list replaces a list", () => {
		const rules = {
			refs: { tags: ["r*"] },
			approvals: { self: true },
			windows: { timezone: "Europe/Berlin" },
			promotion: { from: "demo" },
			parameters: { region: { type: "choice", options: ["eu"] } },
			timeouts: { run: "90s" },
		};
		expect(policy(rules, "parent", [parent])).toMatchObject({
			refs: { branches: ["main"], tags: ["r*"], shas: false },
			approvals: { required: 3, self: true, expiresAfter: 2 * HOUR },
			windows: { timezone: "Europe/Berlin", allow: [{ days: ["mon"], from: "09:00", to: "10:00" }] },
			promotion: { from: "demo", soak: 30 * MINUTE },
			parameters: { region: { type: "choice", options: ["eu"] }, size: { type: "number" } },
			timeouts: { queue: 2 * HOUR, start: 10 * MINUTE, run: 90_000 },
		});
	});

	test("a stored policy may carry a baseline's name and extend it", () => {
		const stage: StoredPolicy = { slug: "stage", extends: "stage", rules: { ci: { mode: "off" } } };
		expect(policy({}, "stage", [stage])).toMatchObject({ ci: { mode: "off" }, refs: { branches: ["**"] } });
	});

	test.each([
		["nowhere", "nowhere"],
		["constructor", "constructor"],
	])("of %s, which does not exist, is refused", (base, named) => {
		expect(read({}, base)).toEqual({ ok: false, message: expect.stringContaining(named) });
	});

	test("in a circle is refused", () => {
		const others = [
			{ slug: "a", extends: "b", rules: {} },
			{ slug: "b", extends: "mine", rules: {} },
		];
		expect(read({}, "a", others)).toMatchObject({ ok: false });
	});
});

describe("a rule that cannot be evaluated refuses: nothing fails open", () => {
	const BAD: readonly (readonly [path: string, rules: unknown])[] = [
		["rules", null],
		["rules", []],
		["rules", "garbage"],
		["rules.refz", { refz: {} }],
		["rules.refs", { refs: null }],
		["rules.refs.branch", { refs: { branch: ["main"] } }],
		["rules.refs.branches", { refs: { branches: "main" } }],
		...["", "!main", "[z-a]", "release/[", "a{b", "v(1|2)", "a b", "a\\*", "[!a]"].map(
			(glob) => ["rules.refs.tags[0]", { refs: { tags: [glob] } }] as const,
		),
		["rules.approvals.required", { approvals: { required: -1 } }],
		["rules.approvals.required", { approvals: { required: "2" } }],
		...["1w", "2 h", "-1h", "0s", "1.5h", "h", "", "400d"].map(
			(time) => ["rules.approvals.expiresAfter", { approvals: { expiresAfter: time } }] as const,
		),
		["rules.ci.mode", { ci: { mode: "optional" } }],
		["rules.ci.checks", { ci: { checks: [] } }],
		["rules.windows.timezone", { windows: { timezone: "Mars/Olympus", allow: [] } }],
		["rules.windows.timezone", { windows: { allow: [{ days: ["mon"], from: "09:00", to: "10:00" }] } }],
		["rules.windows.allow", { windows: { timezone: "UTC" } }],
		[
			"rules.windows.allow[0].from",
			{ windows: { timezone: "UTC", allow: [{ days: ["mon"], from: "9:00", to: "10:00" }] } },
		],
		[
			"rules.windows.allow[0].to",
			{ windows: { timezone: "UTC", allow: [{ days: ["mon"], from: "09:00", to: "24:01" }] } },
		],
		[
			"rules.windows.allow[0]",
			{ windows: { timezone: "UTC", allow: [{ days: ["mon"], from: "22:00", to: "06:00" }] } },
		],
		[
			"rules.windows.allow[0].days[0]",
			{ windows: { timezone: "UTC", allow: [{ days: ["monday"], from: "09:00", to: "10:00" }] } },
		],
		[
			"rules.freezes[0].from",
			{
				freezes: [{ from: "2026-02-30T00:00", until: "2026-03-01T00:00", timezone: "UTC", mode: "deny", reason: "x" }],
			},
		],
		[
			"rules.freezes[0].from",
			{
				freezes: [{ from: "2026-02-03T00:00Z", until: "2026-03-01T00:00", timezone: "UTC", mode: "deny", reason: "x" }],
			},
		],
		[
			"rules.freezes[0]",
			{
				freezes: [
					{ from: "2026-03-01T00:00", until: "2026-03-01T00:00:00", timezone: "UTC", mode: "deny", reason: "x" },
				],
			},
		],
		[
			"rules.freezes[0].mode",
			{
				freezes: [{ from: "2026-02-03T00:00", until: "2026-03-01T00:00", timezone: "UTC", mode: "stop", reason: "x" }],
			},
		],
		["rules.promotion.from", { promotion: { soak: "30m" } }],
		["rules.force.waives[0]", { force: { waives: ["lock"] } }],
		["rules.force.role", { force: { role: "viewer" } }],
		["rules.parameters.region.type", { parameters: { region: { type: "list" } } }],
		["rules.parameters.region.default", { parameters: { region: { type: "choice", options: ["eu"], default: "us" } } }],
		...[
			"PATH",
			"path",
			"LD_PRELOAD",
			"BASH_ENV",
			"GIT_SSH_COMMAND",
			"NODE_OPTIONS",
			"https_proxy",
			"ENV",
			"JOB_ID",
			"type",
			"GITHUB_ENV",
			"a-b",
			"1a",
		].map((name) => [`rules.parameters.${name}`, { parameters: { [name]: { type: "string" } } }] as const),
		["rules.queue.limit", { queue: { limit: 0 } }],
		["rules.timeouts.build", { timeouts: { build: "1m" } }],
	];
	test.each(BAD)("%s of %j", (path, rules) => {
		const reading = effectivePolicy({ slug: "mine", extends: null, rules }, none);
		expect(reading).toMatchObject({
			ok: false,
			message: expect.stringMatching(/^The policy mine is not valid: .+\.$/),
		});
		expect(reading.ok ? "" : reading.message).toContain(`: ${path} `);
	});

	test("every problem is told at once", () => {
		const parsed = parseRules({ a: 1, refs: { b: 2, tags: ["["] }, queue: { limit: "x" } });
		expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path).sort()).toEqual([
			"a",
			"queue.limit",
			"refs.b",
			"refs.tags[0]",
		]);
	});

	test("the example of the documentation is taken whole", () => {
		const rules = {
			refs: { branches: ["main", "release/**"], tags: ["v*.*.*"], shas: false },
			approvals: { required: 2, self: false, commitAuthors: true, expiresAfter: "4h", holdsQueue: true },
			ci: { mode: "required", checks: ["build", "test"] },
			windows: { timezone: "Europe/Rome", allow: [{ days: ["mon", "tue", "wed", "thu"], from: "09:00", to: "17:30" }] },
			freezes: [
				{
					from: "2026-12-20T00:00",
					until: "2027-01-07T09:00",
					timezone: "Europe/Rome",
					mode: "deny",
					reason: "Holidays",
				},
			],
			promotion: { from: "stage", soak: "30m" },
			rollback: { enabled: true, approvals: 0, ignoresWindows: true, locksAfter: true },
			force: { enabled: false, role: "operator", waives: ["ci", "windows", "freezes"], reviewWithin: "24h" },
			dryRun: { enabled: true, approvals: 0 },
			parameters: { migrate: { type: "boolean", default: false }, region: { type: "choice", options: ["eu", "us"] } },
			queue: { limit: 5 },
			timeouts: { queue: "2h", start: "5m", run: "1h" },
		};
		expect(policy(rules, null)).toMatchObject({ promotion: { soak: 30 * MINUTE }, timeouts: { start: 5 * MINUTE } });
	});

	test("baselines are rules like others", () => {
		for (const [name, rules] of Object.entries(BASELINES)) expect([name, parseRules(rules).ok]).toEqual([name, true]);
	});
});

describe("ci", () => {
	const named = { mode: "required", checks: ["build", "test"] };
	const CI: readonly (readonly [what: string, ci: object, found: Facts["ci"], code: string])[] = [
		["all green", {}, checks(check("a", "success"), check("b", "success")), "ci_green"],
		["none there", {}, checks(), "ci_missing"],
		["all left out", {}, checks(check("a", "left_out"), check("b", "left_out")), "ci_missing"],
		["some left out", {}, checks(check("a", "left_out"), check("b", "success")), "ci_green"],
		["left out and failed", {}, checks(check("a", "left_out"), check("b", "failure")), "ci_failed"],
		["all of the list left out", named, checks(check("build", "left_out"), check("test", "left_out")), "ci_missing"],
		[
			"one of the list both left out and green",
			named,
			checks(check("build", "left_out"), check("build", "success"), check("test", "left_out")),
			"ci_green",
		],
		["a project of runners, where there can be none", named, { known: true, checks: [], nowhere: true }, "ci_missing"],
		["one pending", {}, checks(check("a", "success"), check("b", "pending")), "ci_pending"],
		["one failed, one pending", {}, checks(check("a", "failure"), check("b", "pending")), "ci_failed"],
		[
			"those of the list green, another red",
			named,
			checks(check("build", "success"), check("test", "success"), check("lint", "failure")),
			"ci_green",
		],
		["one of the list not there", named, checks(check("build", "success")), "ci_missing"],
		[
			"two of one name, one red",
			named,
			checks(check("build", "success"), check("build", "failure"), check("test", "success")),
			"ci_failed",
		],
		["unreadable", {}, { known: false, why: "GitHub is silent." }, "ci_unreadable"],
		["off", { mode: "off" }, checks(), "not_applicable"],
		["off and unreadable", { mode: "off" }, { known: false, why: "GitHub is silent." }, "not_applicable"],
	];
	test("where there can be no checks, the refusal says how the policy lets a deploy through", () => {
		const [rule] = judge({ ci: {} }, { ci: { known: true, checks: [], nowhere: true } }).rules.filter(
			({ rule }) => rule === "ci",
		);
		expect(rule).toMatchObject({ reason: expect.stringContaining("A project of runners has no checks") });
		expect(JSON.stringify(rule)).toContain("Ask an admin to set ci: { mode: off } in the policy of this environment.");
	});

	test.each(CI)("%s", (_what, ci, found, code) => {
		const verdict = judge({ ci }, { ci: found });
		expect(ruleOf(verdict, "ci").code).toBe(code);
		expect(verdict.outcome).toBe(["ci_green", "not_applicable"].includes(code) ? "allowed" : "refused");
	});

	test("says which check is how", () => {
		const rule = ruleOf(judge({ ci: named }, { ci: checks(check("build", "failure")) }), "ci");
		expect(rule.reason).toContain("build (failed), test (not there)");
		expect(rule.children).toEqual([
			{ name: "build", holds: false, reason: "failed" },
			{ name: "test", holds: false, reason: "is not there" },
		]);
	});
});

describe("windows are wall-clock in their zone", () => {
	const rome = (from: string, to: string, days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]) => ({
		windows: { timezone: "Europe/Rome", allow: [{ days, from, to }] },
	});
	const at = (rules: unknown, iso: string) => ruleOf(judge(rules, { now: new Date(iso) }), "windows");

	const OPEN: readonly (readonly [what: string, rules: unknown, iso: string, open: boolean])[] = [
		["winter, first minute", rome("09:00", "17:30"), "2026-01-14T08:00:00Z", true],
		["winter, before", rome("09:00", "17:30"), "2026-01-14T07:59:59Z", false],
		["summer, first minute", rome("09:00", "17:30"), "2026-07-15T07:00:00Z", true],
		["its end is outside", rome("09:00", "17:30"), "2026-07-15T15:30:00Z", false],
		["up to midnight", rome("22:00", "24:00"), "2026-07-15T21:59:59Z", true],
		["the day is the zone's, not ours", rome("00:00", "01:00", ["thu"]), "2026-01-14T23:30:00Z", true],
		["spring: 02:30 is never", rome("02:00", "03:00"), "2026-03-29T01:00:00Z", false],
		["spring: the hour before", rome("01:00", "02:00"), "2026-03-29T00:59:59Z", true],
		["spring: nine is nine", rome("09:00", "10:00", ["sun"]), "2026-03-29T07:00:00Z", true],
		["autumn: 02:30 for the first time", rome("02:15", "02:45"), "2026-10-25T00:30:00Z", true],
		["autumn: 02:30 for the second time", rome("02:15", "02:45"), "2026-10-25T01:30:00Z", true],
		["autumn: between the two", rome("02:15", "02:45"), "2026-10-25T00:50:00Z", false],
	];
	test.each(OPEN)("%s", (_what, rules, iso, open) => {
		expect(at(rules, iso).outcome).toBe(open ? "holds" : "refused");
	});

	const NEXT: readonly (readonly [what: string, rules: unknown, iso: string, next: string])[] = [
		["today", rome("09:00", "17:30"), "2026-01-14T07:00:00Z", "Wed 14 Jan at 09:00"],
		["the same day a week later", rome("09:00", "10:00", ["wed"]), "2026-01-14T12:00:00Z", "Wed 21 Jan at 09:00"],
		[
			"spring: a window in the hour that is left out opens the day after",
			rome("02:00", "03:00"),
			"2026-03-29T00:30:00Z",
			"Mon 30 Mar at 02:00",
		],
		[
			"spring: one that begins in it opens behind it",
			rome("02:30", "04:00"),
			"2026-03-29T00:30:00Z",
			"Sun 29 Mar at 03:00",
		],
		["autumn: it opens a second time", rome("02:15", "02:45"), "2026-10-25T00:50:00Z", "Sun 25 Oct at 02:15"],
		["over the end of a year", rome("09:00", "10:00", ["fri"]), "2026-12-31T12:00:00Z", "Fri 1 Jan at 09:00"],
	];
	test.each(NEXT)("next: %s", (_what, rules, iso, next) => {
		expect(at(rules, iso).remedy).toContain(next);
	});
});

describe("freezes", () => {
	const freeze = (mode: string) => ({
		from: "2026-03-04T00:00",
		until: "2026-03-05T00:00",
		timezone: "Europe/Rome",
		mode,
		reason: "Campaign",
	});
	test.each([
		["2026-03-03T22:59:59Z", "allowed"],
		["2026-03-03T23:00:00Z", "refused"],
		["2026-03-04T22:59:59Z", "refused"],
		["2026-03-04T23:00:00Z", "allowed"],
	])("deny: from its begin up to its end, at %s it is %s", (iso, outcome) => {
		expect(judge({ freezes: [freeze("deny")] }, { now: new Date(iso) }).outcome).toBe(outcome);
	});

	test("approval: one approver more, also where none is asked; warn: says so; deny goes before all", () => {
		expect(judge({ freezes: [freeze("approval")] })).toMatchObject({ outcome: "allowed", approvals: 1 });
		expect(judge({ approvals: { required: 2 }, freezes: [freeze("approval"), freeze("approval")] }).approvals).toBe(3);
		const warned = judge({ freezes: [freeze("warn")] });
		expect([warned.approvals, ruleOf(warned, "freezes").code]).toEqual([0, "freeze_warning"]);
		expect(codes(judge({ freezes: [freeze("warn"), freeze("approval"), freeze("deny")] }))).toEqual(["frozen"]);
	});
});

describe("promotion", () => {
	const rules = { promotion: { from: "stage", soak: "30m" } };
	const ago = (minutes: number) => ({ succeededIn: { stage: new Date(NOW.getTime() - minutes * MINUTE) } });
	test("asks for this commit, there, this long ago", () => {
		expect(codes(judge(rules))).toEqual(["not_promoted"]);
		expect(codes(judge(rules, { succeededIn: { demo: new Date(0) } }))).toEqual(["not_promoted"]);
		expect(ruleOf(judge(rules, ago(29)), "promotion")).toMatchObject({ code: "soaking", remedy: "Ask again in 1m." });
		expect(codes(judge(rules, ago(30)))).toEqual([]);
		expect(codes(judge({ promotion: { from: "stage" } }, ago(0)))).toEqual([]);
	});
	test("does not hold up a dry-run, nor going back to what succeeded here", () => {
		expect(judge(rules, { type: "dry-run" }).outcome).toBe("allowed");
		expect(judge(rules, { type: "rollback", succeededHereAs: 4 }).outcome).toBe("allowed");
		expect(codes(judge(rules, { type: "rollback" }))).toEqual(["not_promoted"]);
	});
});

describe("rollback and dry-run", () => {
	const closed = {
		refs: { branches: [], shas: false },
		windows: { timezone: "UTC", allow: [{ days: ["sun"], from: "09:00", to: "10:00" }] },
		freezes: [{ from: "2026-03-01T00:00", until: "2026-04-01T00:00", timezone: "UTC", mode: "deny", reason: "x" }],
		approvals: { required: 2 },
	};
	const dead: Partial<Facts> = { ci: { known: false, why: "It is down." } };

	test("going back to what ran here asks for no window, freeze, ref, check or approval", () => {
		expect(judge(closed, { ...dead, type: "rollback", succeededHereAs: 3 })).toMatchObject({
			outcome: "allowed",
			approvals: 0,
		});
	});
	test("going to what never ran here is looked at like a deploy", () => {
		expect(codes(judge(closed, { ...dead, type: "rollback" }))).toEqual([
			"ref_not_allowed",
			"ci_unreadable",
			"window_closed",
			"frozen",
		]);
	});
	test("each key is kept", () => {
		const back = (rollback: object) => judge({ ...closed, rollback }, { type: "rollback", succeededHereAs: 3 });
		expect(codes(back({ ignoresWindows: false }))).toEqual(["window_closed", "frozen"]);
		expect(codes(back({ enabled: false }))).toEqual(["rollback_disabled"]);
		expect(back({ approvals: 1 }).approvals).toBe(1);
	});
	test("a dry-run needs the approvals that the policy names for it, and no window", () => {
		const dry = (dryRun: object) => judge({ ...closed, refs: {}, dryRun }, { type: "dry-run" });
		expect(dry({})).toMatchObject({ outcome: "allowed", approvals: 0 });
		expect(dry({ approvals: 1 }).approvals).toBe(1);
		expect(codes(dry({ enabled: false }))).toEqual(["dry_run_disabled"]);
	});
});

describe("force", () => {
	const closed = {
		ci: { mode: "required" },
		windows: { timezone: "UTC", allow: [{ days: ["sun"], from: "09:00", to: "10:00" }] },
		approvals: { required: 2 },
	};
	const forced = (force: object, roles: readonly string[], reason = "down", more: Partial<Facts> = {}) =>
		judge({ ...closed, force: { enabled: true, ...force } }, { ci: checks(), force: { reason, roles }, ...more });

	test("sets aside what it names, and no more", () => {
		const verdict = forced({}, ["operator"]);
		expect(verdict).toMatchObject({ outcome: "allowed", waived: ["ci", "windows"], approvals: 2 });
		expect(codes(forced({ waives: ["ci"] }, ["operator"]))).toEqual(["window_closed"]);
		expect(codes(forced({}, ["operator"], "down", { ref: tag("v1"), queueLength: 20 }))).toEqual([
			"ref_not_allowed",
			"queue_full",
		]);
	});
	test("approvals are set aside for the emergency role alone", () => {
		const waives = ["ci", "windows", "approvals"];
		expect(forced({ waives, role: "emergency" }, ["operator", "emergency"])).toMatchObject({
			approvals: 0,
			waived: ["ci", "windows", "approvals"],
		});
		expect(forced({ waives, role: "operator" }, ["operator"])).toMatchObject({
			outcome: "allowed",
			approvals: 2,
			waived: ["ci", "windows"],
		});
	});
	test.each([
		["force_disabled", { enabled: false }, ["operator"], "down"],
		["force_role_missing", { role: "emergency" }, ["operator", "admin"], "down"],
		["force_without_reason", {}, ["operator"], "  "],
	] as const)("%s", (code, force, roles, reason) => {
		expect(codes(forced(force, roles, reason))).toContain(code);
	});
	test("that nothing stands against changes nothing", () => {
		expect(judge({}, { force: { reason: "x", roles: ["operator"] } })).toMatchObject({
			outcome: "allowed",
			waived: [],
		});
	});
});

describe("parameters", () => {
	const rules = {
		parameters: {
			migrate: { type: "boolean", default: false },
			region: { type: "choice", options: ["eu", "us"], required: true },
			note: { type: "string" },
			size: { type: "number", default: 2 },
		},
	};
	test("what the pipeline gets: what was given, the defaults, and nothing else", () => {
		expect(judge(rules, { parameters: { region: "eu", note: "" } })).toMatchObject({
			outcome: "allowed",
			parameters: { migrate: "false", region: "eu", note: "", size: "2" },
		});
	});
	test.each([
		[{}, "region is needed: region=eu|us"],
		[{ region: "EU" }, "region is EU, and has to be one of eu, us"],
		[{ region: "eu", migrate: "yes" }, "migrate is yes, and has to be true or false"],
		[{ region: "eu", size: "1e9" }, "size is 1e9, and has to be a number"],
		[{ region: "eu", note: "a\nb" }, "note has to be one line"],
		[{ region: "eu", note: "x".repeat(1_001) }, "at most 1,000"],
		[{ regoin: "eu" }, "did you mean region?"],
		[{ region: "eu", constructor: "x" }, "constructor is not declared"],
		[JSON.parse('{"region":"eu","__proto__":"x"}'), "__proto__ is not declared"],
	])("%j is refused", (parameters: Record<string, string>, sentence) => {
		const verdict = judge(rules, { parameters });
		expect(codes(verdict)).toEqual(["bad_parameter"]);
		expect(ruleOf(verdict, "parameters").reason).toContain(sentence);
		expect(ruleOf(verdict, "parameters").remedy).toContain("region=eu|us");
	});
});

test("the queue counts those that wait, up to its limit", () => {
	expect(judge({ queue: { limit: 2 } }, { queueLength: 1 }).outcome).toBe("allowed");
	expect(codes(judge({ queue: { limit: 2 } }, { queueLength: 2 }))).toEqual(["queue_full"]);
});

test("a policy that bars authors from approving says so; who they are is asked when somebody approves", () => {
	const verdict = judge({ approvals: { required: 1, commitAuthors: false } });
	expect(verdict).toMatchObject({ outcome: "allowed", approvals: 1 });
	expect(ruleOf(verdict, "approvals").reason).toBe(
		"One approval by somebody other than the requester who wrote none of the commits.",
	);
});

test("every rule is in the verdict once; what refuses says why and what to do, what holds says why", () => {
	const rules = {
		refs: { branches: [] },
		windows: { timezone: "UTC", allow: [{ days: ["sun"], from: "09:00", to: "10:00" }] },
		promotion: { from: "demo" },
		force: { enabled: false },
		queue: { limit: 1 },
	};
	const verdict = judge(rules, {
		queueLength: 3,
		parameters: { x: "1" },
		ci: checks(),
		force: { reason: "x", roles: [] },
	});
	expect(new Set(verdict.rules.map(({ rule }) => rule)).size).toBe(11);
	expect(codes(verdict)).toHaveLength(7);
	for (const { outcome, reason, remedy } of verdict.rules) {
		expect(reason).toMatch(/^[A-Z"0-9].*\.$/);
		expect(remedy === null).toBe(outcome !== "refused");
	}
});
