import type { Run, RunProgress } from "../../src/core/run.ts";

/** Minutes after the beginning of the tests' time. */
export const at = (minutes: number) => new Date(Date.UTC(2026, 2, 4, 10, minutes));

export const SHA = "0123456789".repeat(4);
export const ADA = { id: "p-ada", name: "Ada" };
export const BOB = { id: "p-bob", name: "Bob" };
export const EVE = { id: "p-eve", name: "Eve" };

/** A deploy that Ada asked for and that waits for two approvals. */
export function aRun(more: Partial<Run> = {}): Run {
	return {
		id: "11111111-1111-4111-8111-111111111111",
		number: 12,
		projectId: "p1",
		environmentId: "e1",
		project: "web",
		environment: "production",
		type: "deploy",
		ref: { name: "v1.4.2", kind: "tag", sha: SHA },
		parameters: {},
		requestedBy: ADA,
		note: null,
		force: null,
		fingerprint: "f".repeat(64),
		approvalsRequired: 2,
		retryOf: null,
		rollback: null,
		promotedFrom: null,
		createdAt: at(0),
		version: 1,
		progress: { state: "waiting_approval", deadline: at(600) },
		...more,
	};
}

const external = { externalId: "77", externalUrl: "https://ci.test/77" };
const ended = { startedAt: at(1), finishedAt: at(4), external, reason: "So it is." };

/** How a run stands in each of its states. */
export const PROGRESS: readonly RunProgress[] = [
	{ state: "waiting_approval", deadline: at(600) },
	{ state: "queued", deadline: at(120) },
	{ state: "dispatching", startedAt: at(1), deadline: at(10), triggerAttempted: true, external: null },
	{ state: "running", startedAt: at(1), deadline: at(60), external },
	{
		state: "cancelling",
		startedAt: at(1),
		deadline: at(60),
		external,
		triggerAttempted: true,
		stop: { why: "person", reason: "Cancelled by Bob." },
	},
	{ state: "succeeded", ...ended },
	{ state: "failed", ...ended },
	{ state: "rejected", ...ended },
	{ state: "cancelled", ...ended },
	{ state: "expired", ...ended },
	{ state: "superseded", ...ended },
	{ state: "timed_out", ...ended },
];
