import { z } from "zod";
import type { Check, CheckState } from "../../src/core/verdict.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { type Repository, repositoryOf } from "./repository.ts";
import { jobIdOf, WorkflowRun, workflowFileOf } from "./workflow-run.ts";

const text = z.string().nullish();
const CheckRun = z.object({
	name: z.string(),
	status: text,
	conclusion: text,
	html_url: text,
	details_url: text,
	app: z.object({ slug: text }).nullish(),
	check_suite: z.object({ id: z.number().nullish() }).nullish(),
});
type CheckRun = z.infer<typeof CheckRun>;
const CheckRuns = z.object({ check_runs: z.array(CheckRun) });
const Statuses = z.object({
	statuses: z.array(z.object({ context: z.string(), state: z.string(), target_url: text })),
});
const Runs = z.object({ workflow_runs: z.array(WorkflowRun) });

const PAGES = 20;
/** As GitHub means it for CI: a job that a condition left out does not stand in the way. */
const LEFT_OUT: readonly unknown[] = ["neutral", "skipped"];
const STATUS_STATES: Readonly<Record<string, CheckState>> = { success: "success", pending: "pending" };

/** Check runs and commit statuses, the runs of the deploy workflow left out: they say nothing of the commit. */
export async function readChecks(call: Call, project: PipelineProject, sha: string): Promise<readonly Check[]> {
	const repository = repositoryOf(project);
	const of = `${project.repository} at ${sha.slice(0, 8)}`;
	const path = { ...repository, ref: sha };
	const [runs, statuses] = await Promise.all([
		every(
			readPages(
				call,
				"GET /repos/{owner}/{repo}/commits/{ref}/check-runs",
				{ ...path, filter: "latest" },
				{ what: `the check runs of ${of}` },
				{ schema: CheckRuns, items: (page) => page.check_runs, most: PAGES },
			),
			of,
		),
		every(
			readPages(
				call,
				"GET /repos/{owner}/{repo}/commits/{ref}/status",
				path,
				{ what: `the statuses of ${of}` },
				{ schema: Statuses, items: (page) => page.statuses, most: PAGES },
			),
			of,
		),
	]);
	const own = runs.some(isOfActions) ? await ownRuns(call, repository, project, sha) : [];
	const ofOthers = runs.filter((run) => !own.some((one) => belongsTo(run, one)));
	return [
		...ofOthers.map((run) => ({ name: run.name, state: stateOf(run), url: run.html_url ?? run.details_url ?? null })),
		...statuses.map(({ context, state, target_url }) => ({
			name: context,
			state: STATUS_STATES[state] ?? "failure",
			url: target_url ?? null,
		})),
	];
}

/** What was left unread could be red. */
async function every<T>(
	pages: Promise<{ readonly items: readonly T[]; readonly complete: boolean }>,
	of: string,
): Promise<readonly T[]> {
	const { items, complete } = await pages;
	if (!complete)
		throw new VendorError("rejected", `There are more checks of ${of} than can be read (${items.length}).`);
	return items;
}

function stateOf({ status, conclusion }: CheckRun): CheckState {
	if (status !== "completed" || conclusion === null || conclusion === undefined) return "pending";
	if (LEFT_OUT.includes(conclusion)) return "left_out";
	return conclusion === "success" ? "success" : "failure";
}

function isOfActions(run: CheckRun): boolean {
	return run.app?.slug === "github-actions";
}

/**
 * Dispatched deploys at this commit: of this workflow, and of those of other projects in the repository, which carry a JOB_ID too.
 * What the same file does on a push is CI like any other.
 */
async function ownRuns(
	call: Call,
	repository: Repository,
	project: PipelineProject,
	sha: string,
): Promise<readonly WorkflowRun[]> {
	const { items } = await readPages(
		call,
		"GET /repos/{owner}/{repo}/actions/runs",
		{ ...repository, head_sha: sha, event: "workflow_dispatch" },
		{ what: `the workflow runs of ${project.repository} at ${sha.slice(0, 8)}` },
		{ schema: Runs, items: (page) => page.workflow_runs, most: PAGES },
	);
	return items.filter((run) => workflowFileOf(run) === project.pipeline || jobIdOf(run) !== null);
}

function belongsTo(check: CheckRun, run: WorkflowRun): boolean {
	if (!isOfActions(check)) return false;
	const suite = check.check_suite?.id ?? null;
	if (suite !== null && run.check_suite_id !== null) return suite === run.check_suite_id;
	return [check.details_url, check.html_url].some((url) => url?.includes(`/actions/runs/${run.id}/`) ?? false);
}
