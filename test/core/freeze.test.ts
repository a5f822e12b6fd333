import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type AccessBinding, may, type Principal } from "../../src/core/access.ts";
import type { Command, Known } from "../../src/core/command.ts";
import { type FreezeScope, freezesAt, type HandFreeze, scopeText, takes } from "../../src/core/freeze.ts";
import { readScope } from "../../src/core/freeze-scope.ts";
import { readUntil, resolveUntil } from "../../src/core/freeze-until.ts";
import { matchesAny } from "../../src/core/glob.ts";
import { parseCommand } from "../../src/core/parse-command.ts";
import { effectivePolicy } from "../../src/core/policy.ts";
import { freezesRule } from "../../src/core/rules/freezes.ts";
import { releasesAgain } from "../../src/core/rules/releases-again.ts";
import { standingFreeze } from "../../src/core/rules/standing-freeze.ts";

const KNOWN: Known = {
	projects: [
		{
			slug: "web",
			name: "Web shop",
			environments: [
				{ slug: "stage", aliases: ["staging"] },
				{ slug: "production", aliases: ["Prod", "live"] },
			],
		},
		{ slug: "api", name: "api", environments: [{ slug: "production", aliases: ["prod"] }] },
	],
};
/** A Wednesday. */
const NOW = new Date("2026-03-04T10:00:00Z");

function freezeSaid(text: string): Extract<Command, { verb: "freeze" }> {
	const parsed = parseCommand(text, KNOWN);
	if (!parsed.ok || parsed.command.verb !== "freeze") throw new Error(JSON.stringify(parsed));
	return parsed.command;
}

describe("a freeze that is said", () => {
	test.each([
		["freeze web/production db work", "web/production", null, "db work"],
		["freeze web/live: db work", "web/production", null, "db work"],
		["freeze WEB/Prod for 2h db work", "web/production", "2026-03-04T12:00:00Z", "db work"],
		["freeze */prod db work for 2h", "*/production", "2026-03-04T12:00:00Z", "db work"],
		["freeze * until 18:00 db work", "*", "2026-03-04T18:00:00Z", "db work"],
		["freeze **/* until 9:30 db work", "*", "2026-03-05T09:30:00Z", "db work"],
		["freeze web/* until today 18:00: db work", "web/*", "2026-03-04T18:00:00Z", "db work"],
		["freeze web/* until tomorrow db work", "web/*", "2026-03-05T00:00:00Z", "db work"],
		["freeze web/* until friday 09:00 db work", "web/*", "2026-03-06T09:00:00Z", "db work"],
		["freeze web/* until wed 10:00 db work", "web/*", "2026-03-11T10:00:00Z", "db work"],
		["freeze web/* until WED 10:01 db work", "web/*", "2026-03-04T10:01:00Z", "db work"],
		["freeze web/* until 2026-12-24T09:00 db work", "web/*", "2026-12-24T09:00:00Z", "db work"],
		["freeze web/* until 2026-12-24T09:00:00+01:00 db work", "web/*", "2026-12-24T08:00:00Z", "db work"],
		["freeze web/* until 2026-12-24 9:00 db work", "web/*", "2026-12-24T09:00:00Z", "db work"],
		["freeze web/* until 2026-12-24 db work", "web/*", "2026-12-24T00:00:00Z", "db work"],
		["freeze web/* until 18:00 Europe/Rome db work", "web/*", "2026-03-04T17:00:00Z", "db work"],
		["freeze web/* until friday 09:00 utc db work", "web/*", "2026-03-06T09:00:00Z", "db work"],
		["freeze web/* db work until friday 09:00", "web/*", "2026-03-06T09:00:00Z", "db work"],
		["freeze web/* nobody knows until when", "web/*", null, "nobody knows until when"],
		['freeze web/* "db until 18:00"', "web/*", null, "db until 18:00"],
		['freeze web/* until 18:00 "09:00 is when it began"', "web/*", "2026-03-04T18:00:00Z", "09:00 is when it began"],
		['freeze web/* for 2h --reason "db work"', "web/*", "2026-03-04T12:00:00Z", "db work"],
		["freeze {web,api}/production db work", "{web,api}/production", null, "db work"],
	])("%s", (text, scope, until, reason) => {
		const said = freezeSaid(text);
		expect([scopeText(said.scope), said.reason]).toEqual([scope, reason]);
		const end = said.until === null ? null : resolveUntil(said.until, NOW, "UTC");
		expect(end).toEqual(until === null ? null : new Date(until));
	});

	test.each([
		["freeze", "scope_needed", "Which environments?"],
		["freeze web/production", "reason_needed", "everybody whom it stops will read it"],
		["freeze web/production for 2h", "reason_needed", "needs a reason"],
		["freeze web db work", "bad_scope", '"web" is no scope'],
		["freeze web/a/b db work", "bad_scope", "is no scope"],
		["freeze !web/* db work", "bad_scope", "is no scope"],
		["freeze web/(a|b) db work", "bad_scope", "is no scope"],
		["freeze [/* db work", "bad_scope", "is no scope"],
		["freeze web/producton db work", "unknown_scope", "web/producton takes no environment that there is."],
		["freeze webb/* db work", "unknown_scope", "takes no environment"],
		["freeze web/* until soon db work", "bad_time", '"soon" is no time that I can read: write 18:00, friday 09:00'],
		["freeze web/* until 25:00 db work", "bad_time", "is no time"],
		["freeze web/* until 2026-02-30 db work", "bad_time", "is no time"],
		["freeze web/* until today db work", "bad_time", "is no time"],
		["freeze web/* until", "bad_time", "is no time"],
		["freeze web/* for ever db work", "bad_duration", "is no duration"],
		["freeze web/* --until=18:00 db work", "unknown_flag", "--until"],
		[`freeze web/* ${"x".repeat(1_001)}`, "too_long", "1000 are the most"],
		["unfreeze web/(a|b)", "bad_scope", "is no scope"],
		["unfreeze web/* now", "left_over", '"now"'],
	])("%s is refused (%s)", (text, code, sentence) => {
		const parsed = parseCommand(text, KNOWN);
		expect(parsed).toMatchObject({ ok: false, code, message: expect.stringContaining(sentence) });
	});

	test("offers what may have been meant", () => {
		const offered = (text: string) => {
			const parsed = parseCommand(text, KNOWN);
			return parsed.ok ? [] : parsed.suggestions.map(({ command }) => command);
		};
		expect(offered("freeze web db work")).toContain("freeze web/* db work");
		expect(offered("freeze production for 2h db work")).toEqual(["freeze */production for 2h db work"]);
		expect(offered("freeze web/producton for 2h db work")[0]).toBe("freeze web/production for 2h db work");
	});

	test("is lifted by the same words, also when what it took is gone", () => {
		expect(parseCommand("unfreeze web/live", KNOWN)).toEqual({
			ok: true,
			command: { verb: "unfreeze", scope: { projects: "web", environments: "production" } },
		});
		expect(parseCommand("unfreeze gone/*", KNOWN)).toMatchObject({ ok: true });
		expect(parseCommand("unfreeze", KNOWN)).toEqual({ ok: true, command: { verb: "unfreeze", scope: null } });
	});
});

describe("the end of a freeze", () => {
	const end = (text: string, now: string, zone = "Europe/Rome") => {
		const read = readUntil(text.split(" "));
		return read === null ? null : resolveUntil(read.until, new Date(now), zone);
	};

	test("is read by the wall clock of the zone, also where the clock is set that night", () => {
		expect(end("18:00", "2026-03-04T10:00:00Z")).toEqual(new Date("2026-03-04T17:00:00Z"));
		expect(end("09:00", "2026-03-28T10:00:00Z")).toEqual(new Date("2026-03-29T07:00:00Z"));
		expect(end("monday 09:00", "2026-10-23T10:00:00Z")).toEqual(new Date("2026-10-26T08:00:00Z"));
	});

	test("lies ahead, and within a year", () => {
		expect(end("today 09:00", "2026-03-04T10:00:00Z")).toBe("That time is over already.");
		expect(end("2025-12-24T09:00", "2026-03-04T10:00:00Z")).toBe("That time is over already.");
		expect(end("2062-12-24T09:00", "2026-03-04T10:00:00Z")).toBe("That is more than a year ahead.");
	});

	test("is never before now, whatever is said at whatever time", () => {
		const days = fc.constantFrom("", "mon ", "friday ", "sunday ", "tomorrow ");
		const hours = fc.integer({ min: 0, max: 23 });
		const minutes = fc.integer({ min: 0, max: 59 });
		const two = (n: number) => String(n).padStart(2, "0");
		fc.assert(
			fc.property(
				days,
				hours,
				minutes,
				fc.date({ min: new Date("2026-01-01"), max: new Date("2028-01-01"), noInvalidDate: true }),
				fc.constantFrom("Europe/Rome", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"),
				(day, hour, minute, now, zone) => {
					const read = readUntil(`${day}${two(hour)}:${two(minute)}`.split(" "));
					const at = read === null ? null : resolveUntil(read.until, now, zone);
					expect(at).toBeInstanceOf(Date);
					const ahead = (at instanceof Date ? at.getTime() : 0) - now.getTime();
					expect(ahead).toBeGreaterThan(0);
					expect(ahead).toBeLessThanOrEqual((day === "" ? 26 : 8 * 24) * 3_600_000);
				},
			),
		);
	});

	test("whatever is said of it, nothing is thrown", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				const parsed = parseCommand(`freeze web/* until ${text}`, KNOWN);
				expect(parsed.ok || parsed.message.length > 0).toBe(true);
			}),
		);
	});
});

describe("the scope of a freeze", () => {
	test("is read back as it is shown, and holds for what comes later", () => {
		const reading = readScope("*/production", KNOWN);
		if (!reading.ok) throw new Error(reading.message);
		expect(readScope(scopeText(reading.scope), KNOWN)).toEqual(reading);
		expect(takes(reading.scope, { project: "new", environment: "production" })).toBe(true);
		expect(takes(reading.scope, { project: "new", environment: "stage" })).toBe(false);
	});

	test("of any text is refused or taken, and never slow", () => {
		fc.assert(
			fc.property(fc.string({ maxLength: 300 }), (text) => {
				const reading = readScope(text, KNOWN);
				expect(reading.ok ? scopeText(reading.scope) : reading.message).not.toBe("");
			}),
		);
		const begun = performance.now();
		readScope(`${"*a".repeat(90)}/*`, KNOWN);
		readScope(`{${"a,".repeat(90)}a}*{a,b}*/*`, KNOWN);
		expect(performance.now() - begun).toBeLessThan(500);
	});

	test("is an admin's alone whose own scope covers all that it takes", () => {
		const admin = (projects: string[], environments: string[]): AccessBinding => ({
			...{ role: "admin", subjects: [{ slackUser: "U1" }], projects, environments },
		});
		const who: Principal = {
			...{ person: { id: "1", name: "Ada" }, identities: [{ platform: "slack", externalId: "U1" }], emails: [] },
			...{ outsider: false, groups: { known: true, ids: new Set<string>() } },
		};
		const mayFreeze = (binding: AccessBinding, scope: FreezeScope) =>
			may("freeze", [binding], who, { project: scope.projects, environment: scope.environments }).ok;
		const scope = (projects: string, environments: string) => ({ projects, environments });
		expect(mayFreeze(admin(["*"], ["*"]), scope("*", "*"))).toBe(true);
		expect(mayFreeze(admin(["web"], ["*"]), scope("web", "prod*"))).toBe(true);
		expect(mayFreeze(admin(["web-*"], ["*"]), scope("web-eu-*", "*"))).toBe(true);
		expect(mayFreeze(admin(["web"], ["*"]), scope("*", "production"))).toBe(false);
		expect(mayFreeze(admin(["web-?"], ["*"]), scope("web-*", "production"))).toBe(false);
		expect(mayFreeze(admin(["*a*"], ["*"]), scope("{a,b}", "production"))).toBe(false);
		expect(mayFreeze(admin(["*"], ["stage"]), scope("web", "{stage,production}"))).toBe(false);
		expect(mayFreeze({ ...admin(["*"], ["*"]), role: "operator" }, scope("web", "stage"))).toBe(false);
	});

	test("that is covered takes nothing that the covering scope does not", () => {
		const letters = fc.constantFrom("a", "b", "-", "*", "?", "{a,b}", "[ab]");
		const globs = fc.array(letters, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
		const names = fc.array(fc.constantFrom("a", "b", "-"), { minLength: 1, maxLength: 5 }).map((all) => all.join(""));
		const who = (wide: string): [AccessBinding[], Principal] => [
			[{ role: "admin", subjects: [{ email: "a@b.c" }], projects: [wide], environments: ["*"] }],
			{
				...{ person: { id: "1", name: "Ada" }, identities: [], emails: ["a@b.c"], outsider: false },
				groups: { known: true, ids: new Set() },
			},
		];
		fc.assert(
			fc.property(globs, globs, names, (wide, narrow, name) => {
				const covered = may("freeze", ...who(wide), { project: narrow, environment: "stage" }).ok;
				if (covered && matchesAny([narrow], name)) expect(matchesAny([wide], name)).toBe(true);
			}),
			{ numRuns: 2_000 },
		);
	});
});

describe("what a policy says during a freeze by hand", () => {
	const policy = (rules: unknown) => {
		const read = effectivePolicy({ slug: "mine", extends: "stage", rules }, () => null);
		if (!read.ok) throw new Error(read.message);
		return read.policy;
	};
	const hand = (more: Partial<HandFreeze> = {}): HandFreeze => ({
		...{ projects: "*", environments: "production", person: { id: "1", name: "Ada" }, reason: "Migration." },
		...{ until: new Date("2026-03-04T17:00:00Z"), createdAt: NOW },
		...more,
	});
	const rule = (
		rules: unknown,
		frozenByHand: readonly HandFreeze[],
		type: "deploy" | "rollback" | "dry-run" = "deploy",
	) => freezesRule(policy(rules), { now: NOW, type, succeededHereAs: type === "rollback" ? 3 : null, frozenByHand });
	const ROME = { windows: { timezone: "Europe/Rome", allow: [{ days: ["mon"], from: "09:00", to: "17:00" }] } };

	test("names who froze what, why, until when in the zone of the policy, and who can help", () => {
		expect(rule(ROME, [hand()]).verdict).toMatchObject({
			outcome: "refused",
			code: "frozen_by_hand",
			reason: "Ada stopped releases to */production until 2026-03-04 18:00 (Europe/Rome): Migration.",
			remedy: expect.stringMatching(
				/^Wait for its end, or ask Ada or another admin to lift it: deploy unfreeze \*\/production\./,
			),
		});
		expect(rule({}, [hand({ until: null, projects: "*", environments: "*" })]).verdict).toMatchObject({
			reason: "Ada stopped all releases until the freeze is lifted: Migration.",
			remedy: "Ask Ada or another admin to lift it: deploy unfreeze *.",
		});
	});

	test("dry-runs go, and rollbacks where the policy lets them", () => {
		expect(rule({}, [hand()], "dry-run").verdict.outcome).toBe("not_applicable");
		expect(rule({}, [hand()], "rollback").verdict.outcome).toBe("not_applicable");
		expect(rule({ rollback: { ignoresWindows: false } }, [hand()], "rollback").verdict.outcome).toBe("refused");
	});

	test("a freeze of the policy stands beside it, and the last to end is the one to wait for", () => {
		const byRule = {
			from: "2026-03-01T00:00",
			until: "2026-03-07T09:00",
			timezone: "UTC",
			mode: "deny",
			reason: "Fair",
		};
		const { reason } = rule({ freezes: [byRule] }, [hand()]).verdict;
		expect(reason).toContain("Ada stopped releases");
		expect(reason).toContain("Releases stop until 2026-03-07 09:00 (UTC): Fair.");
		expect(standingFreeze(policy({ freezes: [byRule] }), [hand()], NOW)?.until).toEqual(
			new Date("2026-03-07T09:00:00Z"),
		);
		expect(standingFreeze(policy({ freezes: [byRule] }), [hand({ until: null })], NOW)?.until).toBeNull();
		expect(standingFreeze(policy({}), [], NOW)).toBeNull();
	});

	test("whoever waits hears from when on releases may go again, with every freeze and window regarded", () => {
		const again = (rules: unknown, byHand: readonly HandFreeze[] = []) =>
			releasesAgain(policy(rules), byHand, NOW)?.toISOString() ?? null;
		const until = (text: string) => hand({ until: new Date(text) });
		const fair = { from: "2026-03-08T00:00", until: "2026-03-10T09:00", timezone: "UTC", mode: "deny", reason: "Fair" };
		expect(again({})).toBe(NOW.toISOString());
		expect(again({}, [until("2026-03-04T12:00:00Z"), until("2026-03-04T13:00:00Z")])).toBe("2026-03-04T13:00:00.000Z");
		expect(again({}, [hand({ until: null })])).toBeNull();
		// The windows are on Mondays from 9 on: here this one, after a freeze by hand the next, and with the fair the one after it.
		expect(again(ROME)).toBe("2026-03-09T08:00:00.000Z");
		expect(again(ROME, [until("2026-03-09T20:00:00Z")])).toBe("2026-03-16T08:00:00.000Z");
		expect(again({ ...ROME, freezes: [fair] })).toBe("2026-03-16T08:00:00.000Z");
		expect(again({ ...ROME, freezes: [{ ...fair, mode: "warn" }] })).toBe("2026-03-09T08:00:00.000Z");
		expect(again({ ...ROME, freezes: [fair] }, [hand({ until: null })])).toBeNull();
		// One that begins in the middle of another holds too.
		expect(again({ freezes: [fair] }, [until("2026-03-09T00:00:00Z")])).toBe("2026-03-10T09:00:00.000Z");
		expect(rule(ROME, [hand()]).verdict.remedy).toContain(
			"After it there is no window yet: releases may go again on Mon 9 Mar at 09:00 (Europe/Rome).",
		);
	});

	test("holds up to its end, and where its scope says", () => {
		const place = { project: "web", environment: "production" };
		expect(freezesAt([hand()], place, NOW)).toHaveLength(1);
		expect(freezesAt([hand()], { ...place, environment: "stage" }, NOW)).toEqual([]);
		expect(freezesAt([hand({ until: NOW })], place, NOW)).toEqual([]);
	});
});
