import { z } from "zod";
import type { PipelineReport, TriggerRequest } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Answer, Call } from "./client.ts";
import { dispatchRef } from "./dispatch-ref.ts";
import { messageOf, type Refused } from "./errors.ts";
import { refusedDispatch } from "./refused-dispatch.ts";
import { repositoryOf } from "./repository.ts";

const Started = z.object({
	workflow_run_id: z.union([z.number().int().positive(), z.bigint()]).transform(String),
	html_url: z.string().nullish(),
});

const MOST_INPUTS = 25;
const ROUTE = "POST /repos/{owner}/{repo}/actions/workflows/{file}/dispatches";

interface Sent {
	readonly answer: Answer;
	/** Where the workflow is read from. */
	readonly ref: string;
}

/**
 * Dispatches the workflow, once. It is sent otherwise only after GitHub surely refused it: without `return_run_details`, which
 * Enterprise Servers do not know, and from the default branch when the branch or tag that a rollback goes back to is gone since.
 */
export function dispatcher(call: Call): (request: TriggerRequest) => Promise<PipelineReport | null> {
	let givesDetails = true;

	async function send(request: TriggerRequest, ref: string): Promise<Sent> {
		const { project, variables } = request;
		const details = givesDetails;
		const refusesDetails = (answer: Refused) =>
			details && [400, 422].includes(answer.status) && messageOf(answer).includes("return_run_details");
		const isGone = (answer: Refused) =>
			answer.status === 422 &&
			variables.TYPE === "rollback" &&
			ref !== project.defaultRef &&
			/no ref found/i.test(messageOf(answer));
		const answer = await call(
			ROUTE,
			{
				...repositoryOf(project),
				file: project.pipeline,
				data: { ref, inputs: { ...variables }, ...(details ? { return_run_details: true } : {}) },
			},
			{
				what: `the workflow ${project.pipeline} in ${project.repository}`,
				refused: (refused) =>
					refusesDetails(refused) || isGone(refused)
						? { ...refused, data: refused.data }
						: refusedDispatch(refused, project, ref),
			},
		);
		if (answer.status < 400) return { answer, ref };
		if (!refusesDetails(answer)) return send(request, project.defaultRef);
		givesDetails = false;
		return send(request, ref);
	}

	return async (request) => {
		const { project, variables, ref } = request;
		const count = Object.keys(variables).length;
		if (count > MOST_INPUTS)
			throw new VendorError(
				"rejected",
				`GitHub takes ${MOST_INPUTS} inputs and these are ${count}: JOB_ID, ENV, REF, SHA, TYPE and the parameters. Declare fewer parameters.`,
			);
		const first = await dispatchRef(call, request);
		const sent = await send(request, first);
		const started = Started.safeParse(sent.answer.data);
		if (!started.success) return null;
		const { workflow_run_id: externalId, html_url } = started.data;
		return {
			externalId,
			attempt: 1,
			externalUrl: html_url ?? null,
			status: "queued",
			reason:
				sent.ref === first
					? null
					: `The ${ref.kind} ${ref.name} is gone at GitHub: the workflow is read from ${project.defaultRef}, and it goes back to the commit ${ref.sha.slice(0, 8)} all the same.`,
			jobId: variables.JOB_ID,
		};
	};
}
