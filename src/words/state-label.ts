import type { RunState } from "../core/run.ts";

/** A mark and a word for each state; the mark is never alone. */
const STATES: Record<RunState, { readonly mark: string; readonly word: string }> = {
	waiting_approval: { mark: "⏳", word: "Waiting for approval" },
	queued: { mark: "🕒", word: "Queued" },
	dispatching: { mark: "🚀", word: "Starting" },
	running: { mark: "🔄", word: "Running" },
	cancelling: { mark: "✋", word: "Cancelling" },
	succeeded: { mark: "✅", word: "Succeeded" },
	failed: { mark: "❌", word: "Failed" },
	rejected: { mark: "🚫", word: "Rejected" },
	cancelled: { mark: "⚪", word: "Cancelled" },
	expired: { mark: "⌛", word: "Expired" },
	superseded: { mark: "⏭️", word: "Superseded" },
	timed_out: { mark: "⏰", word: "Timed out" },
};

export function stateLabel(state: RunState): string {
	return `${STATES[state].mark} ${STATES[state].word}`;
}

/** Without its mark. */
export function stateWord(state: RunState): string {
	return STATES[state].word;
}

const PHRASES: Record<RunState, string> = {
	waiting_approval: "waits for approval",
	queued: "is queued",
	dispatching: "is being started",
	running: "is running",
	cancelling: "is being cancelled",
	succeeded: "has succeeded",
	failed: "has failed",
	rejected: "was rejected",
	cancelled: "was cancelled",
	expired: "has expired",
	superseded: "was superseded",
	timed_out: "has timed out",
};

/** How a run stands, as the rest of a sentence that begins with it. */
export function statePhrase(state: RunState): string {
	return PHRASES[state];
}
