import { z } from "zod";
import type { PipelineProject, PipelineReport } from "../../src/ports/pipeline.ts";
import { pageOf } from "./repository.ts";
import { reasonOf, State, statusOf } from "./status.ts";

const text = z.string().nullish().catch(null);

/** A pipeline as the API gives it. What it may leave out is null. */
export const PipelineRun = z.object({
	uuid: z.string().min(1),
	build_number: z.number().int().positive(),
	run_number: z.number().int().nullish().catch(null),
	state: State,
	created_on: text,
	variables: z
		.array(z.object({ key: z.string(), value: text }))
		.nullish()
		.catch(null),
	target: z
		.object({
			commit: z.object({ hash: z.string() }).nullish().catch(null),
			selector: z.object({ type: text, pattern: text }).nullish().catch(null),
		})
		.nullish()
		.catch(null),
});
export type PipelineRun = z.infer<typeof PipelineRun>;

export function reportOf(project: PipelineProject, run: PipelineRun): PipelineReport {
	return {
		externalId: run.uuid,
		attempt: Math.max(run.run_number ?? 1, 1),
		externalUrl: pageOf(project, `/pipelines/results/${run.build_number}`),
		status: statusOf(run.state),
		reason: reasonOf(run.state),
		jobId: jobIdOf(run),
	};
}

/** The JOB_ID that was sent along; null: it was not started by DRAVEN. */
export function jobIdOf({ variables }: Pick<PipelineRun, "variables">): string | null {
	const value = variables?.find(({ key }) => key === "JOB_ID")?.value?.toLowerCase() ?? "";
	return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value) ? value : null;
}

/** An address below the pipeline with this UUID, which stands in braces; null: it could lead anywhere else. */
export function pipelinePath(repository: string, uuid: string): string | null {
	return /^\{?[\w-]{1,64}\}?$/.test(uuid) ? `${repository}/pipelines/${encodeURIComponent(uuid)}` : null;
}
