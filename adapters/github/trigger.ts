import { z } from "zod";
import type { PipelineReport, TriggerRequest } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Call } from "./client.ts";
import { messageOf } from "./errors.ts";
import { refusedDispatch } from "./refused-dispatch.ts";
import { repositoryOf } from "./repository.ts";

const Started = z.object({
	workflow_run_id: z.union([z.number().int().positive(), z.bigint()]).transform(String),
	html_url: z.string().nullish(),
});

const MOST_INPUTS = 25;
const ROUTE = "POST /repos/{owner}/{repo}/actions/workflows/{file}/dispatches";

/** Dispatches the workflow, once. Enterprise Servers do not know `return_run_details` and refuse it: then, and only then, it is sent without. */
export function dispatcher(call: Call): (request: TriggerRequest) => Promise<PipelineReport | null> {
	let givesDetails = true;

	async function dispatch(request: TriggerRequest, details: boolean) {
		const { project, variables } = request;
		const ref = dispatchRef(request);
		return call(
			ROUTE,
			{
				...repositoryOf(project),
				file: project.pipeline,
				data: { ref, inputs: { ...variables }, ...(details ? { return_run_details: true } : {}) },
			},
			{
				what: `the workflow ${project.pipeline} in ${project.repository}`,
				refused: (answer) => {
					const refusesDetails = [400, 422].includes(answer.status) && messageOf(answer).includes("return_run_details");
					if (details && refusesDetails) return { ...answer, data: null };
					return refusedDispatch(answer, project, ref);
				},
			},
		);
	}

	return async (request) => {
		const count = Object.keys(request.variables).length;
		if (count > MOST_INPUTS)
			throw new VendorError(
				"rejected",
				`GitHub takes ${MOST_INPUTS} inputs and these are ${count}: JOB_ID, ENV, REF, SHA, TYPE and the parameters. Declare fewer parameters.`,
			);
		let answer = await dispatch(request, givesDetails);
		if (answer.status >= 400) {
			givesDetails = false;
			answer = await dispatch(request, false);
		}
		const started = Started.safeParse(answer.data);
		if (!started.success) return null;
		const { workflow_run_id: externalId, html_url } = started.data;
		return {
			externalId,
			attempt: 1,
			externalUrl: html_url ?? null,
			status: "queued",
			reason: null,
			jobId: request.variables.JOB_ID,
		};
	};
}

/** Which branch or tag the workflow is read from; GitHub takes no SHA. What is deployed is the input SHA. */
function dispatchRef({ ref, project }: TriggerRequest): string {
	return ref.kind === "sha" ? project.defaultRef : ref.name;
}
