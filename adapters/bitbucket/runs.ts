import type { PipelineProject, PipelineReport, Sought } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { ProviderClock } from "../http/provider-clock.ts";
import { severalCarryIt } from "../http/several-carry-it.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { readPages } from "./pages.ts";
import { jobIdOf, PipelineRun, pipelinePath, reportOf } from "./pipeline-run.ts";
import { repositoryPath } from "./repository.ts";
import { readStepStates } from "./steps.ts";

/** A hundred pipelines each. */
const PAGES = 5;
/** The pipeline that was sent this JOB_ID, among those created at `since` or later. null: not seen (yet). */
export async function findRun(
	call: Call,
	clock: ProviderClock,
	project: PipelineProject,
	{ jobId, since, asked }: { readonly jobId: string; readonly since: Date; readonly asked: Sought | null },
): Promise<PipelineReport | null> {
	const wanted = jobId.toLowerCase();
	// It is started at the very commit.
	const commits = [undefined, ...(asked === null ? [] : [asked.ref.sha])];
	const isOurs = ({ target, ...run }: PipelineRun) =>
		jobIdOf(run) === wanted &&
		[null, project.pipeline].includes(target?.selector?.pattern ?? null) &&
		(asked === null || commits.includes(target?.commit?.hash));
	const isOlder = ({ created_on }: PipelineRun) => Date.parse(created_on ?? "") < clock.at(since);
	const timed: Call = async (...parameters) => {
		const answer = await call(...parameters);
		clock.heard(answer.headers.get("date"));
		return answer;
	};
	const found = await readPages(
		timed,
		`${repositoryPath(project)}/pipelines`,
		{
			what: `the pipelines of ${project.repository}`,
			query: { sort: "-created_on" },
			refused: absentIsNull,
		},
		{
			item: PipelineRun,
			most: PAGES,
			// As far back as ours can be, to see whether there are others.
			enough: (runs) => runs.some(isOlder),
		},
	);
	const [run, ...others] = (found?.items ?? []).filter((one) => isOurs(one) && !isOlder(one));
	if (run === undefined) return null;
	if (others.length > 0) {
		const pages = [run, ...others]
			.map((one) => reportOf(project, one))
			.map(({ externalUrl, externalId }) => externalUrl ?? externalId);
		throw severalCarryIt("Bitbucket", jobId, pages);
	}
	return { ...reportOf(project, run), jobId };
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
