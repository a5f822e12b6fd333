import { z } from "zod";
import type { PipelinePort, PipelineProject, PipelineReport, Sought } from "../../src/ports/pipeline.ts";
import type { ProviderClock } from "../http/provider-clock.ts";
import { severalCarryIt } from "../http/several-carry-it.ts";
import { type Call, readAnswer } from "./client.ts";
import { readPages } from "./pages.ts";
import { repositoryOf } from "./repository.ts";
import { whyItEnded } from "./why-it-ended.ts";
import { carries, isDispatched, reportOf, WorkflowRun, workflowFileOf } from "./workflow-run.ts";

const Runs = z.object({ workflow_runs: z.array(WorkflowRun) });

/** GitHub lists a thousand at most. */
const PAGES = 10;
/** Our clock may be ahead of GitHub's: how far is known when it has answered. */
const ASKED_MS = 10 * 60_000;

/** The dispatched run of the workflow whose run-name carries the JOB_ID. null: not seen (yet). */
export async function findRun(
	call: Call,
	clock: ProviderClock,
	project: PipelineProject,
	{ jobId, since, asked }: { readonly jobId: string; readonly since: Date; readonly asked: Sought | null },
): Promise<PipelineReport | null> {
	const created = `>=${new Date(since.getTime() - ASKED_MS).toISOString().replace(/\.\d+Z$/, "Z")}`;
	const timed: Call = async (...parameters) => {
		const answer = await call(...parameters);
		clock.heard(answer.headers["date"]);
		return answer;
	};
	const { items } = await readPages(
		timed,
		"GET /repos/{owner}/{repo}/actions/workflows/{file}/runs",
		{ ...repositoryOf(project), file: project.pipeline, event: "workflow_dispatch", created },
		{
			what: `the runs of ${project.pipeline} in ${project.repository}`,
			refused: ({ status, headers }) => (status === 404 ? { status, headers, data: { workflow_runs: [] } } : undefined),
		},
		{ schema: Runs, items: (page) => page.workflow_runs, most: PAGES },
	);
	// Asked for like this, and looked at all the same: a run that is taken for ours by mistake is followed to its end.
	const from = clock.at(since);
	const [run, ...others] = items
		.filter((one) => carries(one, jobId) && isDispatched(one) && isOf(one, project))
		.filter((one) => !(createdAt(one) < from) && isAtItsRef(one, project, asked));
	if (run === undefined) return null;
	if (others.length > 0)
		throw severalCarryIt(
			"GitHub",
			jobId,
			[run, ...others].map(({ html_url, id }) => html_url ?? id),
		);
	return { ...reportOf(run), jobId };
}

/** It is dispatched where its ref is; a commit, and what goes back to a ref that is gone, from the default branch. */
function isAtItsRef({ head_branch }: WorkflowRun, { defaultRef }: PipelineProject, asked: Sought | null): boolean {
	if (asked === null || head_branch === null) return true;
	const { ref, type } = asked;
	const refs = [
		...(ref.kind === "sha" ? [] : [ref.name]),
		...(ref.kind === "sha" || type === "rollback" ? [defaultRef] : []),
	];
	return refs.includes(head_branch.replace(/^refs\/(heads|tags)\//, ""));
}

function isOf(run: WorkflowRun, project: PipelineProject): boolean {
	const file = workflowFileOf(run);
	return file === null || file === project.pipeline;
}

/** NaN, which is neither before nor after anything: it does not say. */
function createdAt(run: WorkflowRun): number {
	return Date.parse(run.created_at ?? "");
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
