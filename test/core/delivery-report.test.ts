import { describe, expect, test } from "@jest/globals";
import { deliveryReport, type EndedRun, weeksUntil } from "../../src/core/delivery-report.ts";

/** Minutes after Monday 2026-03-02, 00:00 UTC. */
const at = (minutes: number) => new Date(Date.UTC(2026, 2, 2) + minutes * 60_000);

function ended(number: number, from: number, to: number, more: Partial<EndedRun> = {}): EndedRun {
	return {
		...{ number, project: "shop", environment: "production", type: "deploy", sha: `sha${number}`, state: "succeeded" },
		...{ retryOf: null, fromSha: null, approvedAt: null },
		...{ createdAt: at(from), startedAt: at(from), finishedAt: at(to) },
		...more,
	};
}

const WEEK = { since: at(0), until: at(7 * 1_440), by: "week" } as const;
const total = (...runs: EndedRun[]) => deliveryReport(runs, WEEK).total;

describe("what counts", () => {
	test("a deploy that succeeded is a deployment and a change; dry-runs, and what never came to an end of its own, are neither", () => {
		const found = total(
			ended(1, 0, 10),
			ended(2, 20, 30, { type: "dry-run" }),
			ended(3, 20, 30, { type: "dry-run", state: "failed" }),
			ended(4, 40, 50, { state: "cancelled" }),
			...(["rejected", "expired", "superseded"] as const).map((state, n) =>
				ended(5 + n, 60, 70, { state, startedAt: null }),
			),
		);
		expect(found).toMatchObject({ deployments: [1], changes: [1], failedChanges: [], rollbacks: [] });
		expect(found.recoveryTime).toEqual({ median: null, p90: null, runs: [], seconds: [] });
	});

	test("a deploy that failed, timed out or was rolled back is a failed change; the rollback is no deployment", () => {
		const found = total(
			ended(1, 0, 10),
			ended(2, 20, 30, { state: "failed" }),
			ended(3, 40, 50, { state: "timed_out" }),
			ended(4, 60, 70),
			ended(5, 80, 90, { type: "rollback", sha: "sha1", fromSha: "sha4" }),
		);
		expect(found).toMatchObject({
			deployments: [1, 4],
			changes: [1, 2, 3, 4],
			failedChanges: [2, 3, 4],
			rollbacks: [5],
		});
	});

	test("a change with its retries is one: failed, because a try of it failed; counted where its last try ended", () => {
		const found = total(
			ended(1, 0, 10, { state: "failed" }),
			ended(2, 20, 30, { retryOf: 1, state: "failed" }),
			ended(3, 40, 50, { retryOf: 2 }),
		);
		expect(found).toMatchObject({ deployments: [3], changes: [3], failedChanges: [3] });
		// From the first request until it was live.
		expect(found.leadTime).toEqual({ median: 3_000, p90: 3_000, runs: [3], seconds: [3_000] });
	});

	test("what succeeded was the end of its change: to ask for it again is another one", () => {
		const found = total(
			ended(1, 0, 10),
			ended(2, 200, 210, { retryOf: 1, state: "failed" }),
			ended(3, 300, 310, { retryOf: 2 }),
		);
		expect(found).toMatchObject({ deployments: [1, 3], changes: [1, 3], failedChanges: [3] });
		expect(found.leadTime).toMatchObject({ median: 600, p90: 6_600 });
	});

	test("a rollback takes back the last deploy of that commit there, and none elsewhere", () => {
		const found = total(
			ended(1, 0, 10, { sha: "a" }),
			ended(2, 20, 30, { sha: "b" }),
			ended(3, 40, 50, { sha: "b" }),
			ended(4, 40, 50, { sha: "b", environment: "stage" }),
			ended(5, 60, 70, { type: "rollback", sha: "a", fromSha: "b" }),
		);
		expect(found.failedChanges).toEqual([3]);
	});
});

describe("how long it takes", () => {
	test("recovery is from the first failure until the next success there; one that is not over is not measured", () => {
		const found = total(
			ended(1, 0, 10, { state: "failed" }),
			ended(2, 20, 30, { state: "failed" }),
			ended(3, 40, 70),
			ended(4, 100, 110),
			ended(5, 120, 140, { type: "rollback", sha: "sha3", fromSha: "sha4" }),
			ended(6, 200, 210, { environment: "stage", state: "failed" }),
		);
		// #1 broke it at 10 and #3 mended it at 70; #4 went live broken at 110 and was taken back at 140.
		expect(found.recoveryTime).toEqual({ median: 1_800, p90: 3_600, runs: [1, 4], seconds: [3_600, 1_800] });
	});

	test("waits: for approval until the last one was given, in the queue from then on", () => {
		const found = total(
			ended(1, 0, 100, { approvedAt: at(30), startedAt: at(35) }),
			ended(2, 0, 100, { startedAt: at(1) }),
			ended(3, 0, 100, { approvedAt: null, startedAt: null, state: "rejected" }),
		);
		expect(found.approvalWait).toEqual({ median: 1_800, p90: 1_800, runs: [1], seconds: [1_800] });
		expect(found.queueWait).toEqual({ median: 60, p90: 300, runs: [1, 2], seconds: [300, 60] });
	});

	test("median and nine of ten, of one to eleven", () => {
		const runs = Array.from({ length: 11 }, (_, n) => ended(n + 1, 0, n + 1));
		expect(total(...runs).leadTime).toMatchObject({ median: 360, p90: 600 });
		expect(total(...runs.slice(0, 2)).leadTime).toMatchObject({ median: 60, p90: 120 });
	});
});

describe("groups", () => {
	const runs = [
		ended(1, 0, 10),
		ended(2, 6 * 1_440, 7 * 1_440 - 1),
		ended(3, 7 * 1_440, 7 * 1_440 + 10, { project: "blog", environment: "stage" }),
		ended(4, 20 * 1_440, 21 * 1_440, { type: "rollback", sha: "sha1", fromSha: "sha2" }),
	];

	test("by week, from Monday to Monday in UTC; what comes after the span says what was in it", () => {
		const { groups } = deliveryReport(runs, { since: at(0), until: at(14 * 1_440), by: "week" });
		expect(groups).toMatchObject([
			{ key: "2026-03-02", deployments: [1, 2], failedChanges: [2], rollbacks: [] },
			{ key: "2026-03-09", deployments: [3], failedChanges: [] },
		]);
	});

	test("a week in which nothing ended is one of them", () => {
		const { groups } = deliveryReport(runs, { since: at(0), until: at(21 * 1_440 + 1), by: "week" });
		expect(groups.map(({ key, deployments, rollbacks }) => [key, deployments.length, rollbacks.length])).toEqual([
			["2026-03-02", 2, 0],
			["2026-03-09", 1, 0],
			["2026-03-16", 0, 0],
			["2026-03-23", 0, 1],
		]);
	});

	test("by project and by environment", () => {
		const span = { since: at(0), until: at(30 * 1_440) };
		expect(
			deliveryReport(runs, { ...span, by: "project" }).groups.map(({ key, deployments }) => [key, deployments]),
		).toEqual([
			["blog", [3]],
			["shop", [1, 2]],
		]);
		expect(deliveryReport(runs, { ...span, by: "environment" }).groups.map(({ key }) => key)).toEqual([
			"blog/stage",
			"shop/production",
		]);
	});
});

test("so many weeks are whole ones and the one that runs", () => {
	expect(weeksUntil(at(3 * 1_440), 12)).toEqual(at(-11 * 7 * 1_440));
	// A span that ends with a week does not begin the next one.
	expect(weeksUntil(at(0), 1)).toEqual(at(-7 * 1_440));
	const { groups } = deliveryReport([ended(1, 0, 10)], {
		...{ since: weeksUntil(at(60), 12), until: at(60), by: "week" },
	});
	expect(groups.map(({ key }) => key)).toHaveLength(12);
});
