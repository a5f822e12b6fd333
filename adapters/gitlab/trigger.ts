import type { PipelineReport, TriggerRequest } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Answer, Call } from "./client.ts";
import { messageOf } from "./errors.ts";
import { Pipeline, reportOf } from "./pipeline-answer.ts";
import { projectPath } from "./project-path.ts";
import { refusedPipeline } from "./refused-pipeline.ts";
import { whyNoInputs } from "./why-no-inputs.ts";

/** How values reach the pipeline: as its variables, or as the inputs that its file declares. */
export type Mode = "variables" | "inputs";

/** Starts pipelines; of a server that is to be given inputs it is asked once whether it knows them. */
export function pipelineStarter(call: Call, mode: Mode): (request: TriggerRequest) => Promise<PipelineReport | null> {
	let knowsInputs = mode === "variables";
	return async (request) => {
		projectPath(request.project);
		const because = knowsInputs ? null : await whyNoInputs(call);
		if (because !== null) throw new VendorError("rejected", because);
		knowsInputs = true;
		return startPipeline(call, mode, request);
	};
}

/** Starts the pipeline, once. A name that is a tag and a branch GitLab refuses: then, and only then, it is named in full. */
async function startPipeline(call: Call, mode: Mode, request: TriggerRequest): Promise<PipelineReport | null> {
	const { project, variables, ref } = request;
	const name = ref.kind === "sha" ? project.defaultRef : ref.name;
	const given =
		mode === "inputs"
			? { inputs: { ...variables } }
			: { variables: Object.entries(variables).map(([key, value]) => ({ key, value })) };
	const start = (named: string): Promise<Answer> =>
		call("POST", `${projectPath(project)}/pipeline`, {
			what: `a pipeline of ${project.repository} at ${name}`,
			body: { ref: named, ...given },
			refused: (answer) => {
				if (named === name && answer.status === 400 && /ambiguous/i.test(messageOf(answer))) return answer;
				return refusedPipeline(answer, request, { mode, name });
			},
		});
	let answer = await start(name);
	if (answer.status === 400) answer = await start(`refs/${ref.kind === "branch" ? "heads" : "tags"}/${name}`);
	const started = Pipeline.safeParse(answer.data);
	return started.success ? reportOf(started.data, [], variables.JOB_ID) : null;
}
