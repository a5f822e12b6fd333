import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { messageOf, type Refused } from "./errors.ts";

/** What GitHub says when it does not start a workflow, and what to do about it. */
const ADVICE: readonly (readonly [says: RegExp, advice: (file: string, ref: string) => string])[] = [
	[
		/workflow_dispatch.* trigger/i,
		(file, ref) =>
			`${file} has no workflow_dispatch trigger at ${ref}: put DRAVEN's workflow file there, or deploy a ref that has it.`,
	],
	[
		/unexpected inputs/i,
		(file, ref) =>
			`Declare in ${file} at ${ref} the inputs JOB_ID, ENV, REF, SHA, TYPE and each parameter of the environment.`,
	],
	[
		/required input/i,
		(file) => `${file} wants an input that DRAVEN does not send: make it optional, or declare it as a parameter.`,
	],
	[
		/list of allowed values/i,
		(file) => `The type or the options of an input in ${file} exclude this value: make it a string.`,
	],
	[/no ref found/i, (_, ref) => `The branch or tag ${ref} is not there any more: deploy a ref that is.`],
	[/disabled/i, (file) => `Enable ${file} at GitHub, under Actions.`],
	[/up to \d+ .*inputs|too many inputs/i, () => "This server takes fewer inputs: declare fewer parameters."],
];

/** A refused dispatch in a sentence that says what to do. undefined: it means what it means everywhere. */
export function refusedDispatch(answer: Refused, project: PipelineProject, ref: string): VendorError | undefined {
	const { repository, pipeline: file } = project;
	if (answer.status === 404)
		return new VendorError(
			"not_found",
			`GitHub has no workflow ${file} in ${repository}, or the credentials of this integration may not see it (404). The file has to be on the default branch too.`,
		);
	const said = messageOf(answer);
	const isDisabled = answer.status === 403 && /workflow.*disabled|disabled.*workflow/i.test(said);
	if (answer.status !== 422 && !isDisabled) return undefined;
	const advice = ADVICE.find(([says]) => says.test(said))?.[1] ?? (() => `Mend ${file} and deploy again.`);
	return new VendorError("rejected", `GitHub says: ${said.replace(/\.?$/, ".")} ${advice(file, ref)}`);
}
