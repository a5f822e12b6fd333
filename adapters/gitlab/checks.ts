import { z } from "zod";
import type { Check, CheckState } from "../../src/core/verdict.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Call } from "./client.ts";
import { readJobs } from "./job.ts";
import type { JobIdReader } from "./job-id-reader.ts";
import { readPages } from "./pages.ts";
import { Pipeline } from "./pipeline-answer.ts";
import { projectPath } from "./project-path.ts";

const text = z.string().nullish();
const Status = z.object({
	id: z.number(),
	ref: text,
	name: z.string(),
	status: text,
	target_url: text,
	allow_failure: z.boolean().nullish(),
	pipeline_id: z.number().nullish(),
});
type Status = z.infer<typeof Status>;

const PAGES = 20;
const STATES: Readonly<Record<string, CheckState>> = {
	...{ success: "success", skipped: "left_out", failed: "failure", canceled: "failure", canceling: "failure" },
	...{ created: "pending", pending: "pending", running: "pending", preparing: "pending", scheduled: "pending" },
	...{ waiting_for_resource: "pending", waiting_for_callback: "pending", manual: "pending" },
};

/**
 * The jobs of the commit's pipelines and what was reported from outside, our own pipelines left out: they say nothing of the commit. A
 * pipeline counts itself where its jobs do not tell all: its file has an error, or what it started elsewhere failed. Where something
 * ran more than once on a ref, the newest word of its name counts.
 */
export async function readChecks(
	call: Call,
	jobIdOf: JobIdReader,
	project: PipelineProject,
	sha: string,
): Promise<readonly Check[]> {
	const path = projectPath(project);
	const of = `${project.repository} at ${sha.slice(0, 8)}`;
	const [pipelines, statuses] = await Promise.all([
		every(
			readPages(
				call,
				`${path}/pipelines`,
				{ what: `the pipelines of ${of}`, query: { sha } },
				{ schema: Pipeline, most: PAGES },
			),
			of,
		),
		every(
			readPages(
				call,
				`${path}/repository/commits/${sha}/statuses`,
				{ what: `the statuses of ${of}` },
				{ schema: Status, most: PAGES },
			),
			of,
		),
	]);
	const own: Pipeline[] = [];
	for (const pipeline of pipelines) if ((await jobIdOf(project, pipeline)) !== null) own.push(pipeline);
	const ownJobs = await jobsOfOwn(call, project, own, statuses);
	const others = statuses.filter((status) => !ownJobs(status));
	const checks = newest(others).map((status) => ({
		name: status.name,
		state: stateOf(status),
		url: status.target_url ?? null,
	}));
	return [
		...checks,
		...untold(
			pipelines.filter((one) => !own.includes(one)),
			checks,
		),
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

function stateOf({ status, allow_failure }: Pick<Status, "status" | "allow_failure">): CheckState {
	// A manual job that may be left alone, and one that may fail, do not stand in the way.
	if (allow_failure === true && ["failed", "canceled", "manual"].includes(status ?? "")) return "left_out";
	return status != null && Object.hasOwn(STATES, status) ? (STATES[status] ?? "pending") : "pending";
}

function newest(statuses: readonly Status[]): readonly Status[] {
	const byName = new Map<string, Status>();
	for (const status of [...statuses].sort((one, other) => one.id - other.id))
		byName.set(JSON.stringify([status.ref, status.name]), status);
	return [...byName.values()];
}

/**
 * Whether a status is of a job of one of our own pipelines. GitLab hangs what is reported from outside on the newest pipeline of the
 * ref, which may be ours: that stays. Older servers do not say of which pipeline a status is, so the jobs are read.
 */
async function jobsOfOwn(
	call: Call,
	project: PipelineProject,
	own: readonly Pipeline[],
	statuses: readonly Status[],
): Promise<(status: Status) => boolean> {
	const ids = new Set<number>();
	if (statuses.some(({ pipeline_id }) => pipeline_id == null))
		for (const { id } of own) for (const job of (await readJobs(call, project, id)) ?? []) ids.add(job.id);
	const ownIds = new Set(own.map(({ id }) => id));
	return ({ id, pipeline_id, target_url }) => {
		const isJob = target_url == null || target_url.endsWith(`/-/jobs/${id}`) || target_url.endsWith(`/builds/${id}`);
		return isJob && (pipeline_id == null ? ids.has(id) : ownIds.has(String(pipeline_id)));
	};
}

/** Pipelines that are not green although no check tells why; the newest of each ref. */
function untold(pipelines: readonly Pipeline[], checks: readonly Check[]): readonly Check[] {
	const byRef = new Map<string | null, Pipeline>();
	for (const pipeline of pipelines) if (!byRef.has(pipeline.ref)) byRef.set(pipeline.ref, pipeline);
	const told = new Set(checks.map(({ state }) => state));
	return [...byRef.values()].flatMap((pipeline) => {
		const state = stateOf({ status: pipeline.status, allow_failure: null });
		if (state === "success" || state === "left_out" || told.has("failure") || told.has(state)) return [];
		return [{ name: `pipeline (${pipeline.source ?? "unknown"})`, state, url: pipeline.web_url }];
	});
}
