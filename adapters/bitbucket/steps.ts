import { z } from "zod";
import type { PipelineProject, PipelineStep } from "../../src/ports/pipeline.ts";
import { absentIsNull, type Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { pipelinePath } from "./pipeline-run.ts";
import { repositoryPath } from "./repository.ts";
import { State, statusOf } from "./status.ts";

const Step = z.object({
	uuid: z.string(),
	name: z.string().nullish().catch(null),
	state: State,
});

interface StepState extends Omit<PipelineStep, "url"> {
	/** It was left out, or has not begun. */
	readonly hasRun: boolean;
}

/** The steps in the order in which they run; what was left out did not run and is no news. Empty: the pipeline is not known (yet). */
export async function readStepStates(
	call: Call,
	project: PipelineProject,
	uuid: string,
): Promise<readonly StepState[]> {
	const path = pipelinePath(repositoryPath(project), uuid);
	if (path === null) return [];
	const found = await readPages(
		call,
		`${path}/steps`,
		{ what: `the steps of the pipeline ${uuid} of ${project.repository}`, refused: absentIsNull, canWait: true },
		{ item: Step, most: 1 },
	);
	return (found?.items ?? [])
		.filter(({ state }) => state?.result?.name !== "NOT_RUN" && state?.name !== "NOT_RUN")
		.map(({ uuid: id, name, state }, index) => {
			const status = statusOf(state);
			return { id, name: name ?? `Step ${index + 1}`, status, hasRun: status !== "queued" && status !== "waiting" };
		});
}
