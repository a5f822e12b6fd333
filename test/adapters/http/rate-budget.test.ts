import { beforeEach, describe, expect, test } from "@jest/globals";
import { type RateBudget, rateBudget } from "../../../adapters/http/rate-budget.ts";
import { VendorError } from "../../../src/ports/vendor-error.ts";

let at: number;
let budget: RateBudget;
beforeEach(() => {
	at = 1_000_000;
	budget = rateBudget("GitHub", () => at);
});

const MINUTE = 60_000;
const says = (left: number, endsIn = 30 * MINUTE) => budget.heard({ limit: 5_000, left, endsIn });

/** Seconds that a call has to wait; null: it may go. */
function waits(canWait: boolean): number | null {
	try {
		budget.ask(canWait);
		return null;
	} catch (error) {
		if (!(error instanceof VendorError) || error.kind !== "rate_limited") throw error;
		expect(error.mayHaveHappened).toBe(false);
		return error.retryAfter;
	}
}

describe("a budget of calls", () => {
	test("lets everything go as long as nothing is known, or enough is left", () => {
		expect([waits(true), waits(false)]).toEqual([null, null]);
		says(1_001);
		for (let n = 0; n < 100; n++) expect(waits(true)).toBeNull();
		budget.heard(null);
		expect(waits(true)).toBeNull();
	});

	test("spreads what can wait over the rest of the period when little is left; what cannot goes at once", () => {
		says(1_000);
		expect(waits(true)).toBeNull();
		// 900 of them in 30 minutes.
		expect(waits(true)).toBe(2);
		expect(waits(false)).toBeNull();
		at += 2_000;
		expect(waits(true)).toBeNull();
		says(200);
		expect(waits(true)).toBe(18);
	});

	test("keeps the last calls for what cannot wait, until the period ends", () => {
		says(100, 10 * MINUTE);
		expect(waits(true)).toBe(600);
		expect(waits(false)).toBeNull();
		at += 10 * MINUTE;
		expect(waits(true)).toBeNull();
	});

	test("lets nothing go when it is used up, or while the provider wants us to wait, and then everything", () => {
		says(0, MINUTE);
		expect([waits(true), waits(false)]).toEqual([60, 60]);
		at += MINUTE;
		expect([waits(true), waits(false)]).toEqual([null, null]);
		budget.refused(30);
		budget.refused(5);
		expect(waits(false)).toBe(30);
		at += 30_000;
		expect(waits(false)).toBeNull();
	});

	test("spends no more than what can wait may have, whatever comes", () => {
		let left = 1_000;
		const endsAt = at + 30 * MINUTE;
		for (; at < endsAt; at += 500) {
			budget.heard({ limit: 5_000, left, endsIn: endsAt - at });
			if (waits(true) === null) left -= 1;
		}
		expect(left).toBeGreaterThanOrEqual(100);
		expect(left).toBeLessThan(200);
	});
});
