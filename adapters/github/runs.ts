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
/** Answers kept for the question whether they changed, which costs nothing of the rate limit. */
const KEPT = 500;

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

/** Reads runs one by one, and asks for what is known only whether it changed. */
export function runReader(call: Call): PipelinePort["report"] {
	const known = new Map<string, { readonly etag: string; readonly data: unknown }>();

	async function read(project: PipelineProject, id: string, canWait: boolean): Promise<WorkflowRun | null> {
		const repository = repositoryOf(project);
		const what = `the run ${id} of ${project.repository}`;
		const key = `${project.repository.toLowerCase()}/${id}`;
		const kept = known.get(key);
		const answer = await call(
			"GET /repos/{owner}/{repo}/actions/runs/{id}",
			{ ...repository, id },
			{
				what,
				canWait,
				...(kept === undefined ? {} : { headers: { "if-none-match": kept.etag } }),
				refused: ({ status, headers }) => {
					if (status === 304 && kept !== undefined) return { status, headers, data: kept.data };
					return status === 404 ? { status, headers, data: null } : undefined;
				},
			},
		);
		if (answer.data === null) return null;
		const { etag } = answer.headers;
		known.delete(key);
		if (typeof etag === "string") known.set(key, { etag, data: answer.data });
		const [oldest] = known.keys();
		if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
		return readAnswer(WorkflowRun, answer, what);
	}

	return async (project, id, canWait = false) => {
		if (!/^\d{1,20}$/.test(id)) return null;
		const run = await read(project, id, canWait);
		if (run === null) return null;
		const report = reportOf(run);
		return { ...report, reason: report.reason ?? (await whyItEnded(call, project, report)) };
	};
}
