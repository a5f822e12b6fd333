import type { PipelineStatus, TriggerRequest } from "./pipeline.ts";

/** How a piece of runner work stands. */
export interface RunnerWorkState {
	readonly status: PipelineStatus;
	/** One sentence for people when it did not succeed. */
	readonly reason: string | null;
}

/** Our own table of work for runners. The runner's half of it is src/ports/runner-protocol.ts. */
export interface RunnerQueue {
	/** Idempotent by `variables.JOB_ID`: a second offer changes nothing and answers how the first one stands. */
	offer(request: TriggerRequest): Promise<RunnerWorkState>;
	/** null: no such work was ever offered. */
	state(jobId: string): Promise<RunnerWorkState | null>;
	/** Work that no runner took ends as cancelled at once; a runner hears of it with its next heartbeat; ended work stays as it is. */
	requestCancel(jobId: string): Promise<void>;
}
