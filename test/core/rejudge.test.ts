import { describe, expect, test } from "@jest/globals";
import { type EffectivePolicy, effectivePolicy, evaluate } from "../../src/core/policy.ts";
import { type Precedent, rejudge } from "../../src/core/rejudge.ts";
import type { Facts } from "../../src/core/verdict.ts";

const SHA = "a".repeat(40);

function policy(rules: unknown): EffectivePolicy {
	const reading = effectivePolicy({ slug: "p", extends: "stage", rules }, () => null);
	if (!reading.ok) throw new Error(reading.message);
	return reading.policy;
}

function past(rules: unknown, facts: Partial<Facts> = {}, more: Partial<Precedent> = {}): Precedent {
	const all: Facts = {
		...{ now: new Date("2026-03-04T10:00:00Z"), type: "deploy", ref: { name: "main", kind: "branch", sha: SHA } },
		ci: { known: true, checks: [{ name: "build", state: "success", url: null }] },
		...{ parameters: {}, force: null, queueLength: 0, frozenByHand: [], succeededHereAs: null, succeededIn: {} },
		...facts,
	};
	const verdict = evaluate(policy(rules), all);
	return {
		...{ at: all.now, type: all.type, ref: all.ref, parameters: verdict.parameters, force: null, rules: verdict.rules },
		...{ succeededHereAs: all.succeededHereAs, succeededIn: all.succeededIn },
		...more,
	};
}

const judged = (rules: unknown, one: Precedent, before: unknown = {}) => rejudge(policy(rules), policy(before), one);

describe("a request of the past under other rules", () => {
	test("is judged at its own time, by its own ref and checks", () => {
		const windows = { timezone: "UTC", allow: [{ days: ["wed"], from: "09:00", to: "11:00" }] };
		expect(judged({ windows }, past({}))).toMatchObject({ told: true, verdict: { outcome: "allowed" } });
		const closed = { ...windows, allow: [{ days: ["wed"], from: "11:00", to: "12:00" }] };
		expect(judged({ windows: closed }, past({}))).toMatchObject({ told: true, verdict: { outcome: "refused" } });
		expect(judged({ refs: { branches: ["release/**"] } }, past({}))).toMatchObject({ verdict: { outcome: "refused" } });
		expect(judged({ ci: { checks: ["build"] } }, past({}))).toMatchObject({ verdict: { outcome: "allowed" } });
		expect(judged({ approvals: { required: 2 } }, past({}))).toMatchObject({ verdict: { approvals: 2 } });
	});

	test("whose checks were not looked at cannot be told, unless something else refuses it", () => {
		const unseen = past({ ci: { mode: "off" } });
		expect(judged({}, unseen)).toMatchObject({ told: false });
		expect(judged({ ci: { mode: "off" } }, unseen)).toMatchObject({ told: true, verdict: { outcome: "allowed" } });
		expect(judged({ refs: { branches: [] } }, unseen)).toMatchObject({ told: true, verdict: { outcome: "refused" } });
		expect(judged({ ci: { checks: ["lint"] } }, past({}))).toMatchObject({ told: false });
		const dead = past({}, { ci: { known: false, why: "it is down" } });
		expect(judged({}, dead)).toMatchObject({ told: false });
	});

	test("that had no check, or a red one, is refused for it again", () => {
		for (const checks of [[], [{ name: "build", state: "failure" as const, url: null }]]) {
			const red = past({}, { ci: { known: true, checks } });
			expect(judged({}, red)).toMatchObject({ told: true, verdict: { outcome: "refused" } });
			expect(judged({ ci: { mode: "off" } }, red)).toMatchObject({ told: true, verdict: { outcome: "allowed" } });
		}
	});

	test("gave no parameter that stood at its default", () => {
		const before = { parameters: { migrate: { type: "boolean", default: false } } };
		expect(judged({}, past(before), before)).toMatchObject({ verdict: { outcome: "allowed" } });
		expect(judged({}, past(before, { parameters: { migrate: "true" } }), before)).toMatchObject({
			verdict: { outcome: "refused" },
		});
	});

	test("that was forced is forced again, and one whose reason was not kept cannot be told", () => {
		const red = { known: true as const, checks: [{ name: "build", state: "failure" as const, url: null }] };
		const forced = past({}, { ci: red, force: { reason: "fire", roles: ["operator"] } });
		const kept = { ...forced, force: { reason: "fire", waived: ["ci"] } };
		expect(judged({}, kept)).toMatchObject({ told: true, verdict: { outcome: "allowed", waived: ["ci"] } });
		expect(judged({ force: { enabled: false } }, kept)).toMatchObject({ verdict: { outcome: "refused" } });
		expect(judged({}, forced)).toMatchObject({ told: false });
	});

	test("knows what had succeeded by then", () => {
		const promotion = { from: "demo", soak: "1h" };
		const hourAgo = new Date("2026-03-04T08:30:00Z");
		expect(judged({ promotion }, past({}, { succeededIn: { demo: hourAgo } }))).toMatchObject({
			verdict: { outcome: "allowed" },
		});
		expect(judged({ promotion }, past({}))).toMatchObject({ verdict: { outcome: "refused" } });
		const back = past({}, { type: "rollback", succeededHereAs: 3 });
		expect(judged({ refs: { branches: [] } }, back)).toMatchObject({ verdict: { outcome: "allowed" } });
	});
});
