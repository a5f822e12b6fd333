import type { FakeAnswer } from "../provider-server.ts";
import { pipelineJson } from "./answers.ts";
import type { RouteContext } from "./routes.ts";

interface Asked {
	readonly ref?: string;
	readonly variables?: readonly { readonly key: string; readonly value: unknown }[];
	readonly inputs?: Readonly<Record<string, unknown>>;
}

const refused = (...base: string[]): FakeAnswer => ({ status: 400, body: { message: { base } } });

/** POST /projects/:id/pipeline, with everything that GitLab refuses. */
export function startPipeline({ project, request }: RouteContext): FakeAnswer {
	if (project.accessLevel < 30) return { status: 403, body: { message: "403 Forbidden" } };
	const { ref = "", variables = [], inputs = {} } = request.body as Asked;
	const plain = ref.replace(/^refs\/(heads|tags)\//, "");
	const isTag = project.tags.has(plain) && !ref.startsWith("refs/heads/");
	const isBranch = project.branches.has(plain) && !ref.startsWith("refs/tags/");
	if (!isTag && !isBranch) return refused("Reference not found");
	if (isTag && isBranch) return refused("Ref is ambiguous");
	if (variables.length > 0 && project.variablesRole === "no_one_allowed")
		return refused("Insufficient permissions to set pipeline variables");
	const names = Object.keys(inputs);
	const declared = project.inputs;
	if (names.length > 0 && declared === null)
		return refused("Given inputs not defined in the `spec` section of the included configuration file");
	const unknown = names.filter((name) => declared?.includes(name) === false);
	if (unknown.length > 0) return refused(`unknown input arguments: ${unknown.join(", ")}`);
	const missing = (declared ?? []).filter((name) => !names.includes(name));
	if (missing.length > 0) return refused(`\`${missing[0]}\` input: required value has not been provided`);
	if (!project.makesJobs)
		return refused(
			"Pipeline will not run for the selected trigger. The rules configuration prevented any jobs from being added to the pipeline.",
		);
	const texts = (of: readonly (readonly [string, unknown])[]) => {
		const odd = of.find(([, value]) => typeof value !== "string");
		return odd === undefined ? Object.fromEntries(of.map(([key, value]) => [key, String(value)])) : null;
	};
	const given = texts(variables.map(({ key, value }) => [key, value] as const));
	const inputTexts = texts(Object.entries(inputs));
	if (given === null || inputTexts === null) return { status: 400, body: { error: "variables[0][value] is invalid" } };
	const started = project.start(ref, { variables: given, inputs: inputTexts });
	return { status: 201, body: pipelineJson(project, started) };
}
