import { parse } from "yaml";
import { z } from "zod";

const File = z.looseObject({
	pipelines: z.looseObject({ custom: z.record(z.string(), z.unknown()).nullish().catch(null) }).nullish(),
});
const Declared = z.array(z.unknown());
const Variables = z.object({ variables: z.array(z.object({ name: z.string() })) });

const NAMES = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];

/** What keeps the custom pipeline of a bitbucket-pipelines.yml from being started by DRAVEN; each goes on a sentence about the file. */
export function fileProblems(source: string, pipeline: string): string[] {
	const file = File.safeParse(yamlOf(source));
	if (!file.success) return ["it is no file of Pipelines that can be read"];
	const custom = file.data.pipelines?.custom ?? {};
	if (!Object.hasOwn(custom, pipeline)) {
		const names = Object.keys(custom).slice(0, 5);
		return [
			`it has no custom pipeline "${pipeline}"${names.length === 0 ? " and no other" : ` (it has ${names.join(", ")})`}`,
		];
	}
	const steps = Declared.safeParse(custom[pipeline]).data;
	if (steps === undefined || steps.length === 0) return [`its custom pipeline "${pipeline}" has no steps`];
	const declared = steps.flatMap((step) => Variables.safeParse(step).data?.variables ?? []).map(({ name }) => name);
	const missing = NAMES.filter((name) => !declared.includes(name));
	return missing.length === 0 ? [] : [`its custom pipeline "${pipeline}" does not declare ${missing.join(", ")}`];
}

function yamlOf(source: string): unknown {
	try {
		return parse(source, { maxAliasCount: 100, logLevel: "error" });
	} catch {
		return null;
	}
}
