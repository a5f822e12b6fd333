import type { PipelineStatus } from "../../src/ports/pipeline.ts";

/** Of pipelines and of jobs. `skipped` means that nothing was carried out: never a success of a deploy. */
const STATUSES: Readonly<Record<string, PipelineStatus>> = {
	created: "queued",
	waiting_for_resource: "queued",
	preparing: "queued",
	pending: "queued",
	waiting_for_callback: "queued",
	running: "running",
	canceling: "running",
	manual: "waiting",
	scheduled: "waiting",
	blocked: "waiting",
	success: "succeeded",
	failed: "failed",
	skipped: "failed",
	canceled: "cancelled",
};

const REASONS: Readonly<Record<string, string>> = {
	manual: "It waits at GitLab for somebody to start a manual job.",
	scheduled: "It waits at GitLab for a delayed job.",
	blocked: "It waits for an approval at GitLab.",
	skipped: "GitLab skipped every job of the pipeline, so nothing was carried out.",
};

/** `failure_reason` of a job that ran out of its time. */
const TIMEOUTS: readonly unknown[] = [
	"job_execution_timeout",
	"job_execution_server_timeout",
	"stuck_or_timeout_failure",
];

/** null: a value that we do not know. */
export function statusOf(status: string | null): PipelineStatus | null {
	return status !== null && Object.hasOwn(STATUSES, status) ? (STATUSES[status] ?? null) : null;
}

/** What a status says by itself; null: nothing beyond its name. */
export function reasonOf(status: string | null): string | null {
	return status !== null && Object.hasOwn(REASONS, status) ? (REASONS[status] ?? null) : null;
}

export function isTimeout(failureReason: string | null): boolean {
	return TIMEOUTS.includes(failureReason);
}
