import { parseAllDocuments } from "yaml";
import { z } from "zod";
import type { Mode } from "./trigger.ts";

const Header = z.looseObject({
	spec: z.looseObject({ inputs: z.record(z.string(), z.unknown()).nullish().catch(null) }).nullish(),
});
const File = z.looseObject({ include: z.unknown().optional(), workflow: z.unknown().optional() });

const NAMES = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];
/** What GitLab looks into that is no job. */
const KEYWORDS = ["workflow", "include", "default", "variables", "stages", "image", "spec"];

/** What keeps a pipeline file from being started and found again by DRAVEN; each goes on a sentence about the file. */
export function fileProblems(source: string, mode: Mode): string[] {
	const documents = documentsOf(source);
	const file = File.safeParse(documents.at(-1));
	if (!file.success) return ["it is no pipeline file that can be read"];
	const problems: string[] = [];
	if (mode === "inputs") {
		const declared = Object.keys(Header.safeParse(documents[0]).data?.spec?.inputs ?? {});
		const missing = NAMES.filter((name) => !declared.includes(name));
		if (missing.length > 0) problems.push(`its spec does not declare the inputs ${missing.join(", ")}`);
		if (!says(file.data.workflow, /inputs\.JOB_ID\b/))
			problems.push("its workflow:name does not carry inputs.JOB_ID, by which a pipeline is found again");
	}
	// What is included is not read: a job may be there.
	if (file.data.include !== undefined) return problems;
	const jobs = Object.entries(file.data).filter(([name]) => !KEYWORDS.includes(name) && !name.startsWith("."));
	if (!jobs.some(([, job]) => says(job, /\bJOB_ID\b/)))
		problems.push("no job of it asks for the JOB_ID, so it has none that is meant for deploys");
	if (!jobs.some(([, job]) => says(job, /\$\{?SHA\b/)))
		problems.push("no job of it checks out $SHA, the commit that was approved");
	return problems;
}

function says(value: unknown, words: RegExp): boolean {
	return words.test(JSON.stringify(value ?? null));
}

/** The spec may stand before the rest, behind a line of dashes. */
function documentsOf(source: string): unknown[] {
	try {
		const parsed = parseAllDocuments(source, { logLevel: "error" });
		if (!Array.isArray(parsed) || parsed.some(({ errors }) => errors.length > 0)) return [];
		return parsed.map((document) => document.toJS({ maxAliasCount: 100 }));
	} catch {
		return [];
	}
}
