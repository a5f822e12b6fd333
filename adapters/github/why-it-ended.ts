import { z } from "zod";
import type { PipelineProject, PipelineReport } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { type Call, readAnswer } from "./client.ts";
import { repositoryOf } from "./repository.ts";

const text = z.string().nullish();
const Jobs = z.object({
	jobs: z.array(
		z.object({
			id: z.number(),
			name: z.string(),
			conclusion: text,
			steps: z.array(z.object({ name: z.string(), conclusion: text })).nullish(),
		}),
	),
});
type Job = z.infer<typeof Jobs>["jobs"][number];
const Annotations = z.array(z.object({ message: text }));

/** How many cancelled jobs are asked for the reason: they all have the same. */
const ASKED = 2;
/** For all questions together: nobody waits long for a reason. */
const WITHIN_MS = 5_000;

/** One sentence more than the word "failed"; null: there is none, or GitHub does not tell it now. */
export async function whyItEnded(call: Call, project: PipelineProject, report: PipelineReport): Promise<string | null> {
	const { status } = report;
	if (status !== "failed" && status !== "cancelled" && status !== "timed_out") return null;
	const signal = AbortSignal.timeout(WITHIN_MS);
	try {
		const what = `the jobs of the run ${report.externalId} of ${project.repository}`;
		const answer = await call(
			"GET /repos/{owner}/{repo}/actions/runs/{id}/attempts/{attempt}/jobs",
			{ ...repositoryOf(project), id: report.externalId, attempt: report.attempt, per_page: 100 },
			{ what, signal },
		);
		const { jobs } = readAnswer(Jobs, answer, what);
		return status === "cancelled" ? await whyCancelled(call, project, jobs, signal) : failedStep(jobs);
	} catch (error) {
		// The run's end matters more than its reason.
		if (error instanceof VendorError) return null;
		throw error;
	}
}

function failedStep(jobs: readonly Job[]): string | null {
	const bad = ["failure", "timed_out"];
	const job = jobs.find(({ conclusion }) => bad.includes(conclusion ?? ""));
	if (job === undefined) return null;
	const step = job.steps?.find(({ conclusion }) => bad.includes(conclusion ?? ""));
	const verb = job.conclusion === "timed_out" ? "ran out of time" : "failed";
	return `The job "${shown(job.name)}" ${verb}${step === undefined ? "" : ` at the step "${shown(step.name)}"`}.`;
}

/** A newer run of the same concurrency group puts a waiting one out: that is nobody's cancel, and an annotation says so. */
async function whyCancelled(
	call: Call,
	project: PipelineProject,
	jobs: readonly Job[],
	signal: AbortSignal,
): Promise<string | null> {
	if (jobs.length === 0)
		return "It was cancelled at GitHub before any job began: by a newer run of the same concurrency group, or by a person.";
	const cancelled = jobs.filter(({ conclusion }) => conclusion === "cancelled").slice(0, ASKED);
	for (const { id } of cancelled) {
		const what = `the annotations of the job ${id} of ${project.repository}`;
		const route = "GET /repos/{owner}/{repo}/check-runs/{id}/annotations";
		const answer = await call(route, { ...repositoryOf(project), id }, { what, signal });
		const evicted = readAnswer(Annotations, answer, what).some(({ message }) =>
			/higher priority waiting request/i.test(message ?? ""),
		);
		if (evicted)
			return "Superseded by GitHub's concurrency: a newer run of the same concurrency group took its place, no person cancelled it.";
	}
	return null;
}

function shown(name: string): string {
	return name.replace(/\s+/g, " ").slice(0, 80);
}
