import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { endOfLog } from "../http/end-of-log.ts";
import { fetchLogFrom } from "../http/fetch-log.ts";
import { lastBytes } from "../http/last-bytes.ts";
import type { Call } from "./client.ts";
import { repositoryOf } from "./repository.ts";
import { readJobs } from "./steps.ts";

/** Each one is two calls. */
const JOBS = 20;

/** Job after job. The log of one lies at another host, whose address GitHub gives for a minute. */
export async function readLog(
	call: Call,
	baseUrl: string,
	project: PipelineProject,
	id: string,
): Promise<readonly string[] | null> {
	const jobs = await readJobs(call, project, id);
	if (jobs === null) return null;
	const lines: string[] = [];
	let found = false;
	for (const job of jobs.filter(({ conclusion }) => conclusion !== "skipped").slice(-JOBS)) {
		const text = await jobLog(call, baseUrl, project, job.id);
		if (text === null) continue;
		found = true;
		// Each line begins with its time, to the tenth of a microsecond.
		const plain = text.split(/\r?\n/).map((line) => line.replace(/^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z /, ""));
		if (plain.at(-1) === "") plain.pop();
		lines.push(`── ${job.name}`, ...plain);
	}
	return found ? endOfLog(lines) : null;
}

async function jobLog(call: Call, baseUrl: string, project: PipelineProject, id: number): Promise<string | null> {
	const what = `the log of the job ${id} of ${project.repository}`;
	const answer = await call(
		"GET /repos/{owner}/{repo}/actions/jobs/{id}/logs",
		{ ...repositoryOf(project), id },
		{
			what,
			redirected: true,
			// Removed, or not written yet.
			refused: ({ status, headers }) =>
				status === 404 || status === 410 ? { status, headers, data: null } : undefined,
		},
	);
	const { location } = answer.headers;
	if (typeof location !== "string") return typeof answer.data === "string" ? answer.data : null;
	return fetchLogFrom(location, { provider: "GitHub", baseUrl, what }, {}, lastBytes);
}
