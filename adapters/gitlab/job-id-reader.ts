import { z } from "zod";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { type Call, readAnswer } from "./client.ts";
import { jobIdInName, type Pipeline } from "./pipeline-answer.ts";
import { projectPath } from "./project-path.ts";

const Variables = z.array(z.object({ key: z.string(), value: z.string().nullish() }));
const KEPT = 1_000;

export type JobIdReader = (project: PipelineProject, pipeline: Pipeline) => Promise<string | null>;

/** The JOB_ID that a pipeline was started with: its name carries it, or its variables do, which never change. null: it has none. */
export function jobIdReader(call: Call): JobIdReader {
	const known = new Map<string, string | null>();
	return async (project, pipeline) => {
		// Whoever may push can name a pipeline: only what was started by the API can be ours.
		if (pipeline.source !== null && pipeline.source !== "api") return null;
		const named = jobIdInName(pipeline.name);
		if (named !== null) return named;
		const key = `${project.repository.toLowerCase()}/${pipeline.id}`;
		const before = known.get(key);
		if (before !== undefined) return before;
		const what = `the variables of the pipeline ${pipeline.id} of ${project.repository}`;
		const answer = await call("GET", `${projectPath(project)}/pipelines/${pipeline.id}/variables`, {
			what,
			// Those of other people are not for us to see, so they are not ours.
			refused: (refused) => ([403, 404].includes(refused.status) ? { ...refused, data: [] } : undefined),
		});
		const jobId =
			readAnswer(Variables, answer, what)
				.find((one) => one.key === "JOB_ID")
				?.value?.toLowerCase() ?? null;
		known.set(key, jobId);
		const [oldest] = known.keys();
		if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
		return jobId;
	};
}
