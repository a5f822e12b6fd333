import {
	type EndState,
	type External,
	externalOf,
	isEnd,
	NEXT_STATES,
	type Run,
	type RunProgress,
	type RunState,
	startedAtOf,
} from "./run.ts";

/** What can happen to a run. Deadlines are absolute; who may cause it is decided before. */
export type RunEvent =
	| { readonly type: "approved"; readonly queueDeadline: Date }
	| { readonly type: "rejected"; readonly reason: string }
	| { readonly type: "superseded"; readonly reason: string }
	| { readonly type: "expired"; readonly reason: string }
	| { readonly type: "cancel"; readonly reason: string; readonly deadline: Date }
	| { readonly type: "dispatched"; readonly startDeadline: Date }
	| { readonly type: "trigger_attempted" }
	/** The provider surely did not get the call: it may be made again. */
	| { readonly type: "trigger_not_sent" }
	/**
	 * The provider took it and has not begun. `stopBy`: what was to be cancelled before it had a name has to have stopped by then. What
	 * was not called has no pipeline: whatever carries its JOB_ID by then was started by somebody else.
	 */
	| { readonly type: "accepted"; readonly external: External; readonly stopBy: Date }
	/** The answer to its trigger names another one than the one that was taken for it. */
	| { readonly type: "renamed"; readonly external: External }
	| { readonly type: "started"; readonly external: External; readonly runDeadline: Date }
	| { readonly type: "start_failed"; readonly reason: string }
	| { readonly type: "stop_for_timeout"; readonly reason: string; readonly deadline: Date }
	| {
			readonly type: "reported";
			readonly outcome: "succeeded" | "failed" | "cancelled" | "timed_out";
			readonly reason: string;
	  }
	| { readonly type: "never_called"; readonly reason: string }
	| { readonly type: "gave_up"; readonly reason: string };

export type Step =
	| { readonly ok: true; readonly run: Run }
	/** The event does not fit the state: nothing changes, and the caller may record that it came. */
	| { readonly ok: false; readonly state: RunState; readonly event: RunEvent["type"] };

/** The one table of what follows from what: the new run, its version raised by one, or the word that nothing changes. */
export function step(run: Run, event: RunEvent, now: Date): Step {
	const from = run.progress.state;
	const progress = next(run, event, now);
	const stays = progress?.state === from && !isEnd(from);
	const lawful = progress !== null && (stays || NEXT_STATES[from].includes(progress.state));
	if (!lawful) return { ok: false, state: from, event: event.type };
	return { ok: true, run: { ...run, progress, version: run.version + 1 } };
}

function next(run: Run, event: RunEvent, now: Date): RunProgress | null {
	const at = run.progress;
	switch (event.type) {
		case "approved":
			return at.state === "waiting_approval" ? { state: "queued", deadline: event.queueDeadline } : null;
		case "rejected":
		case "superseded":
		case "expired":
			return end(run, event.type, event.reason, now);
		case "cancel":
			return cancel(run, event, now);
		case "dispatched":
			return at.state === "queued"
				? {
						state: "dispatching",
						startedAt: now,
						deadline: event.startDeadline,
						triggerAttempted: false,
						external: null,
					}
				: null;
		case "trigger_attempted":
			return at.state === "dispatching" && !at.triggerAttempted ? { ...at, triggerAttempted: true } : null;
		case "trigger_not_sent":
			// Also while cancelling: then it ends as never called, instead of being looked for in vain.
			return (at.state === "dispatching" || at.state === "cancelling") && at.triggerAttempted && at.external === null
				? { ...at, triggerAttempted: false }
				: null;
		case "accepted":
			// Also while cancelling: it was on its way when the cancel came; now it has a name and can be stopped.
			if (at.state === "cancelling" && at.triggerAttempted && at.external === null)
				return { ...at, external: event.external, deadline: event.stopBy };
			return at.state === "dispatching" && at.triggerAttempted && at.external === null
				? { ...at, external: event.external }
				: null;
		case "renamed":
			return "external" in at && at.external !== null && !("finishedAt" in at)
				? { ...at, external: event.external }
				: null;
		case "started":
			return at.state === "dispatching" && at.triggerAttempted
				? { state: "running", startedAt: at.startedAt, deadline: event.runDeadline, external: event.external }
				: null;
		case "start_failed":
			return at.state === "dispatching" || (at.state === "cancelling" && at.external === null)
				? end(run, "failed", event.reason, now)
				: null;
		case "never_called":
			return at.state === "cancelling" && !at.triggerAttempted ? end(run, "cancelled", event.reason, now) : null;
		case "stop_for_timeout":
			return at.state === "running"
				? {
						state: "cancelling",
						startedAt: at.startedAt,
						deadline: event.deadline,
						external: at.external,
						triggerAttempted: true,
						stop: { why: "timeout", reason: event.reason },
					}
				: null;
		case "reported":
			return reported(run, event, now);
		case "gave_up":
			return at.state === "cancelling" ? end(run, "timed_out", event.reason, now) : null;
		default:
			return event satisfies never;
	}
}

function cancel(run: Run, event: Extract<RunEvent, { type: "cancel" }>, now: Date): RunProgress | null {
	const at = run.progress;
	switch (at.state) {
		case "waiting_approval":
		case "queued":
			return end(run, "cancelled", event.reason, now);
		case "dispatching":
		case "running":
			return {
				state: "cancelling",
				startedAt: at.startedAt,
				deadline: event.deadline,
				external: externalOf(run),
				triggerAttempted: at.state === "running" || at.triggerAttempted,
				stop: { why: "person", reason: event.reason },
			};
		default:
			return null;
	}
}

function reported(run: Run, event: Extract<RunEvent, { type: "reported" }>, now: Date): RunProgress | null {
	const at = run.progress;
	if (at.state === "running") return end(run, event.outcome, event.reason, now);
	if (at.state !== "cancelling") return null;
	if (event.outcome !== "cancelled") return end(run, event.outcome, event.reason, now);
	// The provider's "cancelled" is our own doing: what people want to read is why we asked for it.
	return end(run, at.stop.why === "timeout" ? "timed_out" : "cancelled", at.stop.reason, now);
}

function end(run: Run, state: EndState, reason: string, now: Date): RunProgress {
	return { state, startedAt: startedAtOf(run), finishedAt: now, external: externalOf(run), reason };
}
