import { z } from "zod";
import type { PipelineProject, PipelineStep } from "../../src/ports/pipeline.ts";
import { type Call, readAnswer } from "./client.ts";
import { repositoryOf } from "./repository.ts";
import { statusOf } from "./status.ts";

const text = z.string().nullish();
const Jobs = z.object({
	jobs: z.array(
		z.object({
			id: z.number(),
			name: z.string(),
			status: text,
			conclusion: text,
			html_url: text,
			steps: z
				.array(z.object({ name: z.string(), number: z.number().nullish(), status: text, conclusion: text }))
				.nullish(),
		}),
	),
});
export type Job = z.infer<typeof Jobs>["jobs"][number];

const MOST = 100;

/** The jobs of the last attempt; null: GitHub does not know the run. */
export async function readJobs(call: Call, project: PipelineProject, id: string): Promise<readonly Job[] | null> {
	if (!/^\d{1,20}$/.test(id)) return null;
	const what = `the jobs of the run ${id} of ${project.repository}`;
	const answer = await call(
		"GET /repos/{owner}/{repo}/actions/runs/{id}/jobs",
		{ ...repositoryOf(project), id, filter: "latest", per_page: MOST },
		{
			what,
			canWait: true,
			refused: ({ status, headers }) => (status === 404 ? { status, headers, data: null } : undefined),
		},
	);
	return answer.data === null ? null : readAnswer(Jobs, answer, what).jobs;
}

/** Each job, and behind it its steps. What was skipped did not run and is no news. */
export async function readSteps(call: Call, project: PipelineProject, id: string): Promise<readonly PipelineStep[]> {
	const jobs = (await readJobs(call, project, id)) ?? [];
	return jobs
		.filter(({ conclusion }) => conclusion !== "skipped")
		.flatMap((job) => {
			const url = job.html_url ?? null;
			const steps = (job.steps ?? []).filter(({ conclusion }) => conclusion !== "skipped");
			return [
				{ id: String(job.id), name: job.name, status: statusOfStep(job), url },
				...steps.map((step, index) => ({
					id: `${job.id}/${step.number ?? index + 1}`,
					name: `${job.name} › ${step.name}`,
					status: statusOfStep(step),
					url,
				})),
			];
		})
		.slice(0, MOST);
}

function statusOfStep({ status, conclusion }: Pick<Job, "status" | "conclusion">): PipelineStep["status"] {
	return statusOf(status ?? null, conclusion ?? null);
}
