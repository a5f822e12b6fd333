import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
	ACTIVE_STATES,
	isActive,
	isEnd,
	NEXT_STATES,
	RUN_STATES,
	type Run,
	type RunState,
} from "../../src/core/run.ts";
import { type RunEvent, step } from "../../src/core/step.ts";
import { aRun, at } from "./a-run.ts";

test("what may follow what", () => {
	expect(NEXT_STATES).toEqual({
		waiting_approval: ["queued", "rejected", "expired", "superseded", "cancelled"],
		queued: ["dispatching", "cancelled", "superseded", "expired"],
		dispatching: ["running", "failed", "cancelling"],
		running: ["succeeded", "failed", "timed_out", "cancelling"],
		cancelling: ["cancelled", "succeeded", "failed", "timed_out"],
		succeeded: [],
		failed: [],
		rejected: [],
		cancelled: [],
		expired: [],
		superseded: [],
		timed_out: [],
	});
	expect(RUN_STATES.filter(isActive)).toEqual([...ACTIVE_STATES]);
	expect(RUN_STATES.filter(isEnd)).toEqual([
		"succeeded",
		"failed",
		"rejected",
		"cancelled",
		"expired",
		"superseded",
		"timed_out",
	]);
});

const external = { externalId: "77", externalUrl: "https://ci.test/77" };
const reason = "So it is.";
const deadline = at(60);
const EVENTS: Record<string, RunEvent> = {
	approved: { type: "approved", queueDeadline: deadline },
	rejected: { type: "rejected", reason },
	superseded: { type: "superseded", reason },
	expired: { type: "expired", reason },
	cancel: { type: "cancel", reason, deadline },
	dispatched: { type: "dispatched", startDeadline: deadline },
	trigger_attempted: { type: "trigger_attempted" },
	trigger_not_sent: { type: "trigger_not_sent" },
	accepted: { type: "accepted", external, stopBy: at(60) },
	renamed: { type: "renamed", external: { ...external, externalId: "78" } },
	started: { type: "started", external, runDeadline: deadline },
	start_failed: { type: "start_failed", reason },
	stop_for_timeout: { type: "stop_for_timeout", reason: "It ran for too long.", deadline },
	succeeded: { type: "reported", outcome: "succeeded", reason },
	failed: { type: "reported", outcome: "failed", reason },
	stopped: { type: "reported", outcome: "cancelled", reason: "The provider says: cancelled." },
	never_called: { type: "never_called", reason },
	gave_up: { type: "gave_up", reason },
};

/** After all of these events, each of which has to fit. */
function after(...names: readonly string[]): Run {
	return names.reduce((run, name) => {
		const stepped = step(run, eventOf(name), at(names.length));
		if (!stepped.ok) throw new Error(`${name} does not fit ${stepped.state}`);
		return stepped.run;
	}, aRun());
}

function eventOf(name: string): RunEvent {
	const event = EVENTS[name];
	if (event === undefined) throw new Error(`there is no event ${name}`);
	return event;
}

const CALLED = ["approved", "dispatched", "trigger_attempted"];
const RUNNING = [...CALLED, "accepted", "started"];

describe("the way of a run", () => {
	const WAYS: readonly (readonly [events: readonly string[], state: RunState, why?: string])[] = [
		[["rejected"], "rejected"],
		[["expired"], "expired"],
		[["approved", "superseded"], "superseded"],
		[["approved", "cancel"], "cancelled"],
		[RUNNING, "running"],
		[[...RUNNING, "renamed"], "running"],
		[[...RUNNING, "succeeded"], "succeeded"],
		[[...CALLED, "trigger_not_sent", "trigger_attempted", "start_failed"], "failed"],
		[[...RUNNING, "cancel", "stopped"], "cancelled", reason],
		[[...RUNNING, "cancel", "succeeded"], "succeeded"],
		[[...RUNNING, "cancel", "gave_up"], "timed_out"],
		[[...RUNNING, "stop_for_timeout", "stopped"], "timed_out", "It ran for too long."],
		[["approved", "dispatched", "cancel", "never_called"], "cancelled"],
		[[...CALLED, "cancel", "accepted", "failed"], "failed"],
	];
	test.each(WAYS)("%j: %s", (events, state, why = reason) => {
		const run = after(...events);
		expect(run.progress.state).toBe(state);
		if (isEnd(state)) expect(run.progress).toMatchObject({ reason: why, finishedAt: at(events.length) });
		expect(run.version).toBe(1 + events.length);
	});
});

describe("at most one call of the provider", () => {
	test.each([
		["a second call", CALLED, "trigger_attempted"],
		["to take the call back once it was taken", [...CALLED, "accepted"], "trigger_not_sent"],
		["a second name", [...CALLED, "accepted"], "accepted"],
		["to say that it was never called when it was", [...CALLED, "cancel"], "never_called"],
		["a start without the lock", ["approved"], "started"],
		["a name before the call", ["approved", "dispatched"], "accepted"],
		["a start before the call", ["approved", "dispatched"], "started"],
		["a name of what was cancelled before the call", ["approved", "dispatched", "cancel"], "accepted"],
		["another name where there was none", CALLED, "renamed"],
		["another name of what is over", [...RUNNING, "succeeded"], "renamed"],
		["a report before the start", CALLED, "succeeded"],
		["to be cancelled without a cancel", RUNNING, "stopped"],
		["to end once more in the same way", ["expired"], "expired"],
	])("%s is refused", (_what, before, event) => {
		expect(step(after(...before), eventOf(event), at(9))).toMatchObject({ ok: false });
	});
});

test("whatever happens, a run moves along the table, one version a step, and never out of an end", () => {
	fc.assert(
		fc.property(fc.array(fc.constantFrom(...Object.keys(EVENTS)), { maxLength: 30 }), (names) => {
			let run = aRun();
			for (const name of names) {
				const before = JSON.stringify(run);
				const stepped = step(run, eventOf(name), at(1));
				expect(JSON.stringify(run)).toBe(before);
				if (isEnd(run.progress.state)) expect(stepped.ok).toBe(false);
				if (!stepped.ok) continue;
				const [from, to] = [run.progress.state, stepped.run.progress.state];
				if (from !== to) expect(NEXT_STATES[from]).toContain(to);
				expect(stepped.run).toEqual({ ...run, version: run.version + 1, progress: stepped.run.progress });
				run = stepped.run;
			}
		}),
		{ numRuns: 1_000 },
	);
});
