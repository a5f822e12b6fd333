import { z } from "zod";
import type { PipelinePort, PipelineProject, PipelineReport } from "../../src/ports/pipeline.ts";
import { type Call, readAnswer } from "./client.ts";
import { readPages } from "./pages.ts";
import { repositoryOf } from "./repository.ts";
import { whyItEnded } from "./why-it-ended.ts";
import { carries, isDispatched, reportOf, WorkflowRun, workflowFileOf } from "./workflow-run.ts";

const Runs = z.object({ workflow_runs: z.array(WorkflowRun) });

/** GitHub lists a thousand at most. */
const PAGES = 10;
/** Our clock may be ahead of GitHub's. */
const SKEW_MS = 10 * 60_000;

/**
 * The dispatched run of the workflow whose run-name carries the JOB_ID. null: not seen (yet). Of several it is the oldest: the others
 * were dispatched by hand with what this one was.
 */
export async function findRun(
	call: Call,
	project: PipelineProject,
	jobId: string,
	since: Date,
): Promise<PipelineReport | null> {
	const from = since.getTime() - SKEW_MS;
	const created = `>=${new Date(from).toISOString().replace(/\.\d+Z$/, "Z")}`;
	const { items } = await readPages(
		call,
		"GET /repos/{owner}/{repo}/actions/workflows/{file}/runs",
		{ ...repositoryOf(project), file: project.pipeline, event: "workflow_dispatch", created },
		{
			what: `the runs of ${project.pipeline} in ${project.repository}`,
			refused: ({ status, headers }) => (status === 404 ? { status, headers, data: { workflow_runs: [] } } : undefined),
		},
		{ schema: Runs, items: (page) => page.workflow_runs, most: PAGES },
	);
	// Asked for like this, and looked at all the same: a run that is taken for ours by mistake is followed to its end.
	const ours = items
		.filter((run) => carries(run, jobId) && isDispatched(run) && isOf(run, project) && !(createdAt(run) < from))
		.sort((one, other) => createdAt(one) - createdAt(other) || (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
	const [run, ...others] = ours;
	if (run === undefined) return null;
	const report = { ...reportOf(run), jobId };
	const goesOn = report.status === "queued" || report.status === "running";
	return others.length > 0 && goesOn ? { ...report, reason: alsoThere(others) } : report;
}

function isOf(run: WorkflowRun, project: PipelineProject): boolean {
	const file = workflowFileOf(run);
	return file === null || file === project.pipeline;
}

/** NaN, which is neither before nor after anything: it does not say. */
function createdAt(run: WorkflowRun): number {
	return Date.parse(run.created_at ?? "");
}

function alsoThere(others: readonly WorkflowRun[]): string {
	const which = others.slice(0, 3).map(({ html_url, id }) => html_url ?? id);
	return `More than one run at GitHub carries the JOB_ID of this one, and the oldest is followed. Look whether the others should be at work: ${which.join(", ")}.`;
}

/** How a run stands; `fresh` asks for what is known only whether it changed. */
export function runReader(call: Call, fresh: Call): PipelinePort["report"] {
	return async (project, id, canWait = false) => {
		if (!/^\d{1,20}$/.test(id)) return null;
		const what = `the run ${id} of ${project.repository}`;
		const answer = await fresh(
			"GET /repos/{owner}/{repo}/actions/runs/{id}",
			{ ...repositoryOf(project), id },
			{
				what,
				canWait,
				refused: ({ status, headers }) => (status === 404 ? { status, headers, data: null } : undefined),
			},
		);
		if (answer.data === null) return null;
		const report = reportOf(readAnswer(WorkflowRun, answer, what));
		return { ...report, reason: report.reason ?? (await whyItEnded(call, project, report)) };
	};
}
