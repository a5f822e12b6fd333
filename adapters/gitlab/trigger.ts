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
		const unsafe = whyUnsafe(mode, request.variables);
		if (unsafe !== null) throw new VendorError("rejected", unsafe);
		const because = knowsInputs ? null : await whyNoInputs(call);
		if (because !== null) throw new VendorError("rejected", because);
		knowsInputs = true;
		return startPipeline(call, mode, request);
	};
}

/** What GitLab looks into a variable's value for, and puts another variable's in its place: a secret of the project's own, it may be. */
const EXPANDED = /\$(?:\w|\{)|%\w+%/;
/** What ends a line of YAML, into whose text GitLab puts the value of an input. */
const ENDS_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** null: the pipeline gets each value as it is, and nothing else. */
function whyUnsafe(mode: Mode, variables: TriggerRequest["variables"]): string | null {
	for (const [name, value] of Object.entries(variables)) {
		if (mode === "inputs" && ENDS_A_LINE.test(value))
			return `${name} has to be a single line to be an input of GitLab's.`;
		if (mode === "variables" && EXPANDED.test(value))
			return `${name} has a $ or % with a name in it, in whose place GitLab would put the variable of that name: write it otherwise, or let the integration pass inputs (mode: inputs).`;
	}
	return null;
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
