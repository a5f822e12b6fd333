import type { TriggerRequest } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Answer } from "./client.ts";
import { messageOf } from "./errors.ts";

interface Told {
	readonly repository: string;
	/** The branch or tag whose pipeline file was read. */
	readonly name: string;
	readonly mode: "variables" | "inputs";
}

const READY = "manifests/pipelines/gitlab/.gitlab-ci";

/** What GitLab says when it does not start a pipeline, and what to do about it. */
const ADVICE: readonly (readonly [says: RegExp, advice: (told: Told) => string])[] = [
	[
		/set pipeline variables/i,
		({ repository }) =>
			`${repository} lets nobody of the token's role set pipeline variables (ci_pipeline_variables_minimum_override_role). Either allow it at GitLab (Settings > CI/CD > Variables > Minimum role to use pipeline variables), or write mode: inputs in draven.yaml and use ${READY}-inputs.yml.`,
	],
	[
		/not defined in the .?spec|unknown input|unknown inputs/i,
		({ name }) =>
			`Declare in the spec of the pipeline file at ${name} the inputs JOB_ID, ENV, REF, SHA, TYPE and each parameter of the environment (${READY}-inputs.yml), or write mode: variables in draven.yaml.`,
	],
	[
		/required value has not been provided/i,
		({ name, mode }) =>
			mode === "variables"
				? `The pipeline file at ${name} wants inputs: write mode: inputs in draven.yaml.`
				: `The pipeline file at ${name} wants an input that DRAVEN does not send: give it a default, or declare it as a parameter.`,
	],
	[
		/provided value is not|value must be|not in the list of allowed/i,
		({ name }) =>
			`The type or the options of an input at ${name} exclude what DRAVEN sends, which is text: leave them out.`,
	],
	[
		/no stages|no jobs|will not run|filtered out|rules/i,
		({ name }) =>
			`The rules of the pipeline file at ${name} make no job when it is started by the API with a JOB_ID: the ready file is ${READY}.yml.`,
	],
	[
		/reference not found|commit not found/i,
		({ name }) => `The branch or tag ${name} is not there any more: deploy a ref that is.`,
	],
	[
		/missing ci config|config file/i,
		({ name }) => `There is no pipeline file at ${name}: the ready one is ${READY}.yml.`,
	],
	[
		/sufficient permission|insufficient permissions|protected/i,
		({ name }) => `${name} is protected: give the token a role that may run pipelines there (Maintainer).`,
	],
];

/** A refused start in a sentence that says what to do. undefined: it means what it means everywhere. */
export function refusedPipeline(
	answer: Answer,
	{ project }: TriggerRequest,
	{ mode, name }: { readonly mode: Told["mode"]; readonly name: string },
): VendorError | undefined {
	if (answer.status !== 400 && answer.status !== 422) return undefined;
	const said = messageOf(answer);
	const told = { repository: project.repository, name, mode };
	const advice =
		ADVICE.find(([says]) => says.test(said))?.[1](told) ?? `Mend the pipeline file at ${name} and deploy again.`;
	return new VendorError(
		"rejected",
		`GitLab says: ${said === "" ? "no reason." : said.replace(/\.?$/, ".")} ${advice}`,
	);
}
