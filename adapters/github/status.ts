import type { PipelineStatus } from "../../src/ports/pipeline.ts";

const BEFORE_THE_END: Readonly<Record<string, PipelineStatus>> = {
	requested: "queued",
	queued: "queued",
	pending: "queued",
	in_progress: "running",
	waiting: "waiting",
};

/** `skipped` and `neutral` mean that nothing was carried out: never a success of a deploy. */
const CONCLUSIONS: Readonly<Record<string, PipelineStatus>> = {
	success: "succeeded",
	failure: "failed",
	startup_failure: "failed",
	stale: "failed",
	skipped: "failed",
	neutral: "failed",
	cancelled: "cancelled",
	timed_out: "timed_out",
	action_required: "waiting",
};

const REASONS: Readonly<Record<string, string>> = {
	startup_failure: "GitHub could not start the workflow: its file has an error.",
	stale: "GitHub gave it up: it was not finished for two weeks.",
	skipped: "GitHub skipped every job of the workflow, so nothing was carried out.",
	neutral: "The workflow ended as neutral, so nothing is known to be carried out.",
	timed_out: "It ran longer than its workflow allows.",
	action_required: "Somebody has to let it go on at GitHub.",
};

/** Over only when it is completed and has a conclusion. null: a value that we do not know. */
export function statusOf(status: string | null, conclusion: string | null): PipelineStatus | null {
	const table = status === "completed" ? CONCLUSIONS : BEFORE_THE_END;
	const key = status === "completed" ? conclusion : status;
	return key !== null && Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}

/** What a conclusion says by itself; null: nothing beyond its name. */
export function reasonOf(status: string | null, conclusion: string | null): string | null {
	if (status === "waiting") return "It waits for an approval at GitHub.";
	return status === "completed" && conclusion !== null && Object.hasOwn(REASONS, conclusion)
		? (REASONS[conclusion] ?? null)
		: null;
}
