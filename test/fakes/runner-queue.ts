import type { TriggerRequest } from "../../src/ports/pipeline.ts";
import type { RunnerQueue, RunnerWorkState } from "../../src/ports/runner-queue.ts";

/** The queue of runner work in memory. */
export class FakeRunnerQueue implements RunnerQueue {
	readonly works = new Map<string, RunnerWorkState>();
	readonly offers: TriggerRequest[] = [];
	readonly cancelled = new Set<string>();

	async offer(request: TriggerRequest): Promise<RunnerWorkState> {
		this.offers.push(request);
		const state = this.works.get(request.variables.JOB_ID) ?? { status: "queued", reason: null };
		this.works.set(request.variables.JOB_ID, state);
		return state;
	}

	async state(jobId: string): Promise<RunnerWorkState | null> {
		return this.works.get(jobId) ?? null;
	}

	async requestCancel(jobId: string): Promise<void> {
		const known = this.works.get(jobId);
		if (known !== undefined) this.cancelled.add(jobId);
		if (known?.status === "queued") this.works.set(jobId, { status: "cancelled", reason: "Nobody had taken it." });
	}
}
