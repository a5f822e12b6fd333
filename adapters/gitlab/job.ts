import { z } from "zod";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { absentIsNull, type Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { projectPath } from "./project-path.ts";

/** Whatever is missing or of another type is null. */
const text = z
	.string()
	.nullish()
	.catch(null)
	.transform((value) => value ?? null);

/** A job, or a bridge to another pipeline, as the API and the webhooks give it. */
export const Job = z.object({
	id: z.number(),
	name: text.transform((name) => name ?? "a job"),
	status: text,
	failure_reason: text,
	allow_failure: z.boolean().nullish().catch(null),
	created_at: text,
	web_url: text,
	downstream_pipeline: z.object({ web_url: text }).nullish().catch(null),
});
export type Job = z.infer<typeof Job>;

/** Two pages of each: more jobs than anybody reads. */
const PAGES = 2;

/** The jobs and bridges of a pipeline in the order in which they were made, which is that of their stages; null: GitLab does not know it. */
export async function readJobs(
	call: Call,
	project: PipelineProject,
	id: string,
	more: { readonly canWait?: boolean } = {},
): Promise<readonly Job[] | null> {
	if (!/^\d{1,20}$/.test(id)) return null;
	const of = async (kind: "jobs" | "bridges") => {
		const answers = await readPages(
			call,
			`${projectPath(project)}/pipelines/${id}/${kind}`,
			{ what: `the ${kind} of the pipeline ${id} of ${project.repository}`, refused: emptyWhenAbsent, ...more },
			{ schema: Job.nullable(), most: PAGES },
		);
		return answers.items;
	};
	const [jobs, bridges] = await Promise.all([of("jobs"), of("bridges")]);
	if (jobs.includes(null)) return null;
	return [...jobs, ...bridges].filter((job) => job !== null).sort((one, other) => one.id - other.id);
}

/** An unknown pipeline is a list of nothing but null. */
function emptyWhenAbsent(answer: Parameters<typeof absentIsNull>[0]) {
	const absent = absentIsNull(answer);
	return absent === undefined ? undefined : { ...absent, data: [null] };
}
