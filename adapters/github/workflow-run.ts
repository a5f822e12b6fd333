import { z } from "zod";
import type { PipelineReport } from "../../src/ports/pipeline.ts";
import { reasonOf, statusOf } from "./status.ts";

/** Whatever is missing or of another type is null: recorded payloads have all of it. */
const text = z
	.string()
	.nullish()
	.catch(null)
	.transform((value) => value ?? null);
const count = z
	.number()
	.int()
	.nullish()
	.catch(null)
	.transform((value) => value ?? null);

/** A run of a workflow, as the API and the webhooks give it. */
export const WorkflowRun = z.object({
	id: z.union([z.number().int().positive(), z.bigint()]).transform(String),
	name: text,
	display_title: text,
	path: text,
	event: text,
	head_branch: text,
	head_sha: text,
	status: text,
	conclusion: text,
	run_attempt: count,
	check_suite_id: count,
	created_at: text,
	html_url: text,
});
export type WorkflowRun = z.infer<typeof WorkflowRun>;

/** As a word of its own: not a part of a longer name. */
const UUID = /(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])/g;

export function reportOf(run: WorkflowRun): PipelineReport {
	return {
		externalId: run.id,
		attempt: Math.max(run.run_attempt ?? 1, 1),
		externalUrl: run.html_url !== null && /^https?:\/\//.test(run.html_url) ? run.html_url : null,
		status: statusOf(run.status, run.conclusion),
		reason: reasonOf(run.status, run.conclusion),
		jobId: jobIdOf(run),
	};
}

/** The last UUID of the run-name: a ref that comes before it may look like one too. */
export function jobIdOf(run: WorkflowRun): string | null {
	for (const title of [run.display_title, run.name]) {
		const last = title?.toLowerCase().match(UUID)?.at(-1);
		if (last !== undefined) return last;
	}
	return null;
}

/** Whether the run-name carries this JOB_ID. */
export function carries(run: WorkflowRun, jobId: string): boolean {
	const wanted = jobId.toLowerCase();
	return [run.display_title, run.name].some((title) => title?.toLowerCase().match(UUID)?.includes(wanted) ?? false);
}

/** Whether somebody dispatched it: a pull request's run may be called like anything. What the answer leaves out does not speak against it. */
export function isDispatched(run: WorkflowRun): boolean {
	return run.event === null || run.event === "workflow_dispatch";
}

/** The workflow's file without its folder; the path may end in the ref that it was read at. */
export function workflowFileOf(run: WorkflowRun): string | null {
	const [path = ""] = (run.path ?? "").split("@");
	return /[^/]+\.ya?ml$/i.exec(path)?.[0] ?? null;
}
