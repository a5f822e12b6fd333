import type { PipelineProject, PipelineReport, Sought } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { ProviderClock } from "../http/provider-clock.ts";
import { severalCarryIt } from "../http/several-carry-it.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { type Job, readJobs } from "./job.ts";
import type { JobIdReader } from "./job-id-reader.ts";
import { readPages } from "./pages.ts";
import { jobIdInName, Pipeline, reportOf, timeOf } from "./pipeline-answer.ts";
import { projectPath } from "./project-path.ts";

const PAGES = 5;
/** Our clock may be ahead of GitLab's: how far is known when it has answered. */
const ASKED_MS = 10 * 60_000;
/** Answers kept for the question whether they changed. */
const KEPT = 500;
const OVER = ["success", "failed", "canceled", "skipped"];

/** The pipeline that was started with the JOB_ID. null: not seen (yet). */
export async function findRun(
	{
		call,
		clock,
		jobIdOf,
		report,
	}: {
		readonly call: Call;
		readonly clock: ProviderClock;
		readonly jobIdOf: JobIdReader;
		readonly report: (project: PipelineProject, id: string) => Promise<PipelineReport | null>;
	},
	project: PipelineProject,
	{ jobId, since, asked }: { readonly jobId: string; readonly since: Date; readonly asked: Sought | null },
): Promise<PipelineReport | null> {
	const updated_after = new Date(since.getTime() - ASKED_MS).toISOString();
	const timed: Call = async (...parameters) => {
		const answer = await call(...parameters);
		clock.heard(answer.headers.get("date"));
		return answer;
	};
	const { items } = await readPages(
		timed,
		`${projectPath(project)}/pipelines`,
		{ what: `the pipelines of ${project.repository}`, query: { source: "api", updated_after } },
		{ schema: Pipeline, most: PAGES },
	);
	const from = clock.at(since);
	const fitting: Pipeline[] = [];
	for (const pipeline of items)
		if (!(timeOf(pipeline.created_at) < from) && isAtItsRef(pipeline, project, asked))
			if ((await jobIdOf(project, pipeline)) === jobId.toLowerCase()) fitting.push(pipeline);
	// A branch may have moved since it was looked at, so that ours need not be at its commit.
	const exact = fitting.filter(({ sha }) => sha === asked?.ref.sha);
	const [pipeline, ...others] = exact.length === 1 ? exact : fitting;
	if (pipeline === undefined) return null;
	if (others.length > 0)
		throw severalCarryIt(
			"GitLab",
			jobId,
			[pipeline, ...others].map(({ web_url, id }) => web_url ?? id),
		);
	const found = await report(project, pipeline.id);
	return found === null ? null : { ...found, jobId };
}

/** It is started where its ref is; a commit from the default branch. */
function isAtItsRef({ ref }: Pipeline, { defaultRef }: PipelineProject, asked: Sought | null): boolean {
	if (asked === null || ref === null) return true;
	const named = asked.ref.kind === "sha" ? defaultRef : asked.ref.name;
	return ref.replace(/^refs\/(heads|tags)\//, "") === named;
}

/** Reads pipelines one by one, and asks for what is known only whether it changed. */
export function runReader(
	call: Call,
): (project: PipelineProject, id: string, canWait?: boolean) => Promise<PipelineReport | null> {
	const known = new Map<string, { readonly etag: string; readonly data: unknown }>();

	async function read(project: PipelineProject, id: string, canWait: boolean): Promise<Pipeline | null> {
		const what = `the pipeline ${id} of ${project.repository}`;
		const key = `${project.repository.toLowerCase()}/${id}`;
		const kept = known.get(key);
		const answer = await call("GET", `${projectPath(project)}/pipelines/${id}`, {
			what,
			canWait,
			...(kept === undefined ? {} : { headers: { "if-none-match": kept.etag } }),
			refused: (refused) =>
				refused.status === 304 && kept !== undefined ? { ...refused, data: kept.data } : absentIsNull(refused),
		});
		if (answer.data === null) return null;
		const etag = answer.headers.get("etag");
		known.delete(key);
		if (etag !== null) known.set(key, { etag, data: answer.data });
		const [oldest] = known.keys();
		if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
		return readAnswer(Pipeline, answer, what);
	}

	return async (project, id, canWait = false) => {
		if (!/^\d{1,20}$/.test(id)) return null;
		const pipeline = await read(project, id, canWait);
		if (pipeline === null) return null;
		const jobs = OVER.includes(pipeline.status ?? "") ? await jobsOf(call, project, pipeline) : [];
		return reportOf(pipeline, jobs, jobIdInName(pipeline.name));
	};
}

/** A timeout is told by the jobs alone, so a pipeline that failed is not reported without them; of any other end they tell the rest. */
async function jobsOf(call: Call, project: PipelineProject, { id, status }: Pipeline): Promise<readonly Job[]> {
	try {
		return (await readJobs(call, project, id)) ?? [];
	} catch (error) {
		if (error instanceof VendorError && status !== "failed") return [];
		throw error;
	}
}
