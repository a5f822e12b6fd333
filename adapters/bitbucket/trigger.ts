import type { PipelineProject, PipelineReport, TriggerRequest } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Answer, Call } from "./client.ts";
import { messageOf } from "./errors.ts";
import { PipelineRun, reportOf } from "./pipeline-run.ts";
import { repositoryPath } from "./repository.ts";

/** Starts the custom pipeline, once, at the very commit that was resolved. null: it was taken, and the answer does not say as what. */
export async function trigger(call: Call, request: TriggerRequest): Promise<PipelineReport | null> {
	const { project, ref, variables } = request;
	const answer = await call("POST", `${repositoryPath(project)}/pipelines`, {
		what: `the custom pipeline ${project.pipeline} of ${project.repository}`,
		body: {
			target: targetOf(request),
			// What is secured reads back empty, and JOB_ID is read back.
			variables: Object.entries(variables).map(([key, value]) => ({ key, value, secured: false })),
		},
		refused: (refused) => refusedTrigger(refused, project, ref.name),
	});
	const started = PipelineRun.safeParse(answer.data);
	return started.success ? { ...reportOf(project, started.data), jobId: variables.JOB_ID } : null;
}

function targetOf({ project, ref }: TriggerRequest) {
	const commit = { type: "commit", hash: ref.sha };
	const selector = { type: "custom", pattern: project.pipeline };
	return ref.kind === "sha"
		? { type: "pipeline_commit_target", commit, selector }
		: { type: "pipeline_ref_target", ref_type: ref.kind, ref_name: ref.name, commit, selector };
}

/** A refused start in a sentence that says what to do. undefined: it means what it means everywhere. */
function refusedTrigger(
	answer: Answer,
	{ repository, pipeline }: PipelineProject,
	ref: string,
): VendorError | undefined {
	const said = messageOf(answer);
	const quoted = said === "" ? "" : ` It says: ${said.replace(/\.?$/, ".")}`;
	if (answer.status === 404)
		return new VendorError(
			"not_found",
			`Bitbucket finds no ${ref} to run a pipeline of in ${repository} (404).${quoted} Is Pipelines enabled there, and may the token of this integration see it?`,
		);
	// "Requested selector is not found in bitbucket-pipelines.yml."
	if (answer.status !== 400 || !/selector/i.test(said)) return undefined;
	return new VendorError(
		"rejected",
		`There is no custom pipeline "${pipeline}" in bitbucket-pipelines.yml at ${ref}.${quoted} Put DRAVEN's there below pipelines: custom:, or deploy a ref that has it.`,
	);
}
