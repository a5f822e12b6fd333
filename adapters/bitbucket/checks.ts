import { z } from "zod";
import type { Check, CheckState } from "../../src/core/verdict.ts";
import type { PipelineProject, PipelineStatus } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { absentIsNull, type Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { jobIdOf, PipelineRun } from "./pipeline-run.ts";
import { pageOf, repositoryPath } from "./repository.ts";
import { statusOf } from "./status.ts";

const text = z.string().nullish().catch(null);
const Status = z.object({ key: text, name: text, state: text, url: text });

const STATUS_PAGES = 10;
const PIPELINE_PAGES = 3;
const STATES: Readonly<Record<string, CheckState>> = { SUCCESSFUL: "success", INPROGRESS: "pending" };

/**
 * What other CI says of a commit, and the repository's own pipelines of it. The latter are read from the pipelines themselves: their
 * commit statuses share one key for all runs of a commit and branch, so that a deploy covers up what the tests said.
 */
export async function readChecks(call: Call, project: PipelineProject, sha: string): Promise<readonly Check[]> {
	const of = `${project.repository} at ${sha.slice(0, 8)}`;
	const repository = repositoryPath(project);
	const [statuses, runs] = await Promise.all([
		readPages(
			call,
			`${repository}/commit/${encodeURIComponent(sha)}/statuses`,
			{ what: `the statuses of ${of}`, refused: absentIsNull },
			{ item: Status, most: STATUS_PAGES },
		),
		readPages(
			call,
			`${repository}/pipelines`,
			{
				what: `the pipelines of ${of}`,
				query: { "target.commit.hash": sha, sort: "-created_on" },
				refused: absentIsNull,
			},
			{ item: PipelineRun, most: PIPELINE_PAGES },
		),
	]);
	const ofCommit = (runs?.items ?? []).filter((run) => isOf(run, sha));
	// All of those that came are of other commits as well: the filter is not heeded there, and older ones are not seen.
	const isFiltered = ofCommit.length === (runs?.items.length ?? 0);
	if (statuses?.complete === false || (runs?.complete === false && isFiltered))
		throw new VendorError("rejected", `There are more checks of ${of} than can be read.`);
	const told = new Set(ofCommit.map(({ build_number }) => build_number));
	return [
		...ofPipelines(project, ofCommit),
		...(statuses?.items ?? []).filter(({ url }) => !told.has(buildNumberIn(url))).map(checkOf),
	];
}

function isOf({ target }: PipelineRun, sha: string): boolean {
	const hash = target?.commit?.hash ?? "";
	return hash.length >= 12 && sha.startsWith(hash);
}

/** Of Bitbucket's own pipelines, in both forms that were seen: `…/pipelines/results/4` and `…/addon/pipelines/home#!/results/4`. */
function buildNumberIn(url: string | null | undefined): number {
	const [, number] = /^https?:\/\/bitbucket\.org\/.*\bpipelines\b.*\bresults\/(\d+)/.exec(url ?? "") ?? [];
	return Number(number ?? Number.NaN);
}

function checkOf({ key, name, state, url }: z.infer<typeof Status>): Check {
	return { name: name || key || "unnamed", state: STATES[state ?? ""] ?? "failure", url: url ?? null };
}

/** The newest run of each kind of pipeline; deploys say nothing of the commit. */
function ofPipelines(project: PipelineProject, runs: readonly PipelineRun[]): Check[] {
	const newest = new Map<string, PipelineRun>();
	for (const run of runs) {
		if (isDeploy(project, run)) continue;
		const name = nameOf(run);
		if ((newest.get(name)?.build_number ?? 0) < run.build_number) newest.set(name, run);
	}
	return [...newest].map(([name, run]) => ({
		name,
		state: stateOf(statusOf(run.state)),
		url: pageOf(project, `/pipelines/results/${run.build_number}`),
	}));
}

/** Of this project, or of another one in the repository. */
function isDeploy(project: PipelineProject, run: PipelineRun): boolean {
	const { type, pattern } = run.target?.selector ?? {};
	return (type === "custom" && pattern === project.pipeline) || jobIdOf(run) !== null;
}

/** As bitbucket-pipelines.yml names it: `default`, `branches: release/**`, `custom: nightly`. */
function nameOf({ target }: PipelineRun): string {
	const { type, pattern } = target?.selector ?? {};
	const kind = type || "default";
	return pattern ? `${kind}: ${pattern}` : kind;
}

function stateOf(status: PipelineStatus | null): CheckState {
	switch (status) {
		case "succeeded":
			return "success";
		case "failed":
		case "cancelled":
		case "timed_out":
			return "failure";
		default:
			return "pending";
	}
}
