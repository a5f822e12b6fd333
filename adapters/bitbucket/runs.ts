import type { PipelineProject, PipelineReport } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { readPages } from "./pages.ts";
import { jobIdOf, PipelineRun, pipelinePath, reportOf } from "./pipeline-run.ts";
import { repositoryPath } from "./repository.ts";
import { readStepStates } from "./steps.ts";

/** A hundred pipelines each. */
const PAGES = 5;
/** Our clock may be ahead of Bitbucket's. */
const SKEW_MS = 10 * 60_000;

/** The pipeline that was sent this JOB_ID, among those created at `since` or later. null: not seen (yet). */
export async function findRun(
	call: Call,
	project: PipelineProject,
	jobId: string,
	since: Date,
): Promise<PipelineReport | null> {
	const wanted = jobId.toLowerCase();
	const earliest = since.getTime() - SKEW_MS;
	const isOurs = (run: PipelineRun) =>
		jobIdOf(run) === wanted && [null, project.pipeline].includes(run.target?.selector?.pattern ?? null);
	const isOlder = ({ created_on }: PipelineRun) => Date.parse(created_on ?? "") < earliest;
	const found = await readPages(
		call,
		`${repositoryPath(project)}/pipelines`,
		{
			what: `the pipelines of ${project.repository}`,
			query: { sort: "-created_on" },
			refused: absentIsNull,
		},
		{
			item: PipelineRun,
			most: PAGES,
			enough: (runs) => runs.some((run) => isOurs(run) || isOlder(run)),
		},
	);
	// Newest first; should a person have sent the same JOB_ID again, ours is the older one.
	const run = found?.items.findLast((one) => isOurs(one) && !isOlder(one));
	return run === undefined ? null : { ...reportOf(project, run), jobId };
}

/** How a pipeline stands now, and when it failed, at which step. */
export async function readRun(
	call: Call,
	project: PipelineProject,
	uuid: string,
	canWait: boolean,
): Promise<PipelineReport | null> {
	const path = pipelinePath(repositoryPath(project), uuid);
	if (path === null) return null;
	const what = `the pipeline ${uuid} of ${project.repository}`;
	const answer = await call("GET", path, { what, refused: absentIsNull, canWait });
	if (answer.data === null) return null;
	const report = reportOf(project, readAnswer(PipelineRun, answer, what));
	if (report.status !== "failed" || report.reason !== null) return report;
	return { ...report, reason: await failedStep(call, project, uuid) };
}

async function failedStep(call: Call, project: PipelineProject, uuid: string): Promise<string | null> {
	try {
		const steps = await readStepStates(call, project, uuid);
		const step = steps.find(({ status }) => status === "failed" || status === "timed_out");
		if (step === undefined) return null;
		return `The step "${step.name.replace(/\s+/g, " ").slice(0, 80)}" ${step.status === "failed" ? "failed" : "ran out of time"}.`;
	} catch (error) {
		// The end matters more than its reason.
		if (error instanceof VendorError) return null;
		throw error;
	}
}
