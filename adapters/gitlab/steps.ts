import type { PipelineProject, PipelineStep } from "../../src/ports/pipeline.ts";
import type { Call } from "./client.ts";
import { readJobs } from "./job.ts";
import { isTimeout, statusOf } from "./status.ts";

const MOST = 100;

/** Each job; a bridge leads to the pipeline that it started. What was skipped did not run and is no news. */
export async function readSteps(call: Call, project: PipelineProject, id: string): Promise<readonly PipelineStep[]> {
	const jobs = (await readJobs(call, project, id, { canWait: true })) ?? [];
	return jobs
		.filter(({ status }) => status !== "skipped")
		.map((job) => ({
			id: String(job.id),
			name: job.name,
			status: job.status === "failed" && isTimeout(job.failure_reason) ? "timed_out" : statusOf(job.status),
			url: job.downstream_pipeline?.web_url ?? job.web_url,
		}))
		.slice(0, MOST);
}
