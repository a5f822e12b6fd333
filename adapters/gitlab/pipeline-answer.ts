import { z } from "zod";
import type { PipelineReport } from "../../src/ports/pipeline.ts";
import { isTimeout, reasonOf, statusOf } from "./status.ts";

/** Whatever is missing or of another type is null: recorded payloads have all of it. */
const text = z
	.string()
	.nullish()
	.catch(null)
	.transform((value) => value ?? null);

/** A pipeline, as the API and the webhooks give it. */
export const Pipeline = z.object({
	id: z.union([z.number().int().positive(), z.bigint()]).transform(String),
	name: text,
	status: text,
	source: text,
	ref: text,
	sha: text,
	created_at: text,
	yaml_errors: text,
	web_url: text,
});
export type Pipeline = z.infer<typeof Pipeline>;

/** Of a job what decides how its pipeline ended. */
export interface EndedJob {
	readonly name: string;
	readonly status: string | null;
	readonly failure_reason: string | null;
	readonly allow_failure?: boolean | null | undefined;
	readonly created_at: string | null;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** GitLab makes all jobs with their pipeline: one that is younger than this was made by a retry. */
const MADE_TOGETHER_MS = 30_000;

/** `jobs`: the newest one of each name; empty when they are not known. */
export function reportOf(pipeline: Pipeline, jobs: readonly EndedJob[], jobId: string | null): PipelineReport {
	const { id, status, yaml_errors, web_url } = pipeline;
	const culprit =
		status === "failed" ? jobs.find((job) => job.status === "failed" && job.allow_failure !== true) : undefined;
	const timedOut = culprit !== undefined && isTimeout(culprit.failure_reason);
	return {
		externalId: id,
		attempt: attemptOf(pipeline, jobs),
		externalUrl: web_url !== null && /^https?:\/\//.test(web_url) ? web_url : null,
		status: timedOut ? "timed_out" : statusOf(status),
		reason: reasonOf(status) ?? (status === "failed" && yaml_errors !== null ? badFile(yaml_errors) : whyOf(culprit)),
		jobId,
	};
}

/**
 * GitLab keeps the pipeline when something of it is started again, and counts nothing: 2 means that a job was made after the others.
 * How often is not to be seen, because a list of jobs holds the newest of each name.
 */
function attemptOf(pipeline: Pipeline, jobs: readonly EndedJob[]): number {
	const made = timeOf(pipeline.created_at);
	return jobs.some((job) => timeOf(job.created_at) - made > MADE_TOGETHER_MS) ? 2 : 1;
}

/** "2026-01-02 10:00:00 UTC", "2026-01-02 11:00:00 +0100" or ISO; NaN: none of them. */
export function timeOf(text: string | null): number {
	const iso = (text ?? "")
		.replace(/^(\S+) (\S+) UTC$/, "$1T$2Z")
		.replace(/^(\S+) (\S+) ([+-]\d\d):?(\d\d)$/, "$1T$2$3:$4");
	return Date.parse(iso);
}

function whyOf(job: EndedJob | undefined): string | null {
	if (job === undefined) return null;
	const name = job.name.replace(/\s+/g, " ").slice(0, 80);
	if (isTimeout(job.failure_reason)) return `The job "${name}" ran out of time.`;
	const reason = job.failure_reason === null || job.failure_reason === "script_failure" ? "" : job.failure_reason;
	return `The job "${name}" failed${
		reason === ""
			? ""
			: ` (${reason
					.replace(/[^\w ]/g, "")
					.replaceAll("_", " ")
					.slice(0, 60)})`
	}.`;
}

function badFile(errors: string): string {
	return `GitLab could not make jobs of the pipeline file: ${errors.replace(/\s+/g, " ").slice(0, 200)}`;
}

/** The last UUID of the pipeline's name: a ref that comes before it may look like one too. */
export function jobIdInName(name: string | null): string | null {
	return name?.toLowerCase().match(UUID)?.at(-1) ?? null;
}
