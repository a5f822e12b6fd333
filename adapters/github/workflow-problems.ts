import { parse } from "yaml";
import { z } from "zod";

const Workflow = z.looseObject({ "run-name": z.string().optional().catch(undefined), on: z.unknown().optional() });
const Dispatch = z.object({
	workflow_dispatch: z.object({ inputs: z.record(z.string(), z.unknown()).nullish() }).nullable(),
});

const INPUTS = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];

/** What keeps a workflow file from being started and found again by DRAVEN; each goes on a sentence about the file. */
export function workflowProblems(source: string): string[] {
	const workflow = Workflow.safeParse(yamlOf(source));
	if (!workflow.success) return ["it is no workflow that can be read"];
	const { on, "run-name": runName } = workflow.data;
	const problems: string[] = [];
	const listed = on === "workflow_dispatch" || (Array.isArray(on) && on.includes("workflow_dispatch"));
	const dispatch = Dispatch.safeParse(on);
	if (!listed && !dispatch.success) problems.push("it has no workflow_dispatch trigger");
	else {
		const declared = Object.keys(dispatch.data?.workflow_dispatch?.inputs ?? {});
		const missing = INPUTS.filter((name) => !declared.includes(name));
		if (missing.length > 0) problems.push(`it does not declare the inputs ${missing.join(", ")}`);
	}
	if (!/\$\{\{[^}]*inputs\.JOB_ID\b/.test(runName ?? ""))
		problems.push("its run-name does not carry inputs.JOB_ID, by which a run is found again");
	return problems;
}

function yamlOf(source: string): unknown {
	try {
		return parse(source, { maxAliasCount: 100, logLevel: "error" });
	} catch {
		return null;
	}
}
