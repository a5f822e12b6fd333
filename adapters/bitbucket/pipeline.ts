import type { ResolvedRef } from "../../src/core/run.ts";
import type { Check } from "../../src/core/verdict.ts";
import type {
	Comparison,
	PipelinePort,
	PipelineProject,
	PipelineReport,
	PipelineStep,
	Sought,
	TriggerRequest,
} from "../../src/ports/pipeline.ts";
import { type ProviderClock, providerClock } from "../http/provider-clock.ts";
import { readChecks } from "./checks.ts";
import { type BitbucketOptions, type Call, connect } from "./client.ts";
import { compareCommits } from "./compare.ts";
import { listRefs } from "./list-refs.ts";
import { readLog } from "./log.ts";
import { pipelinePath } from "./pipeline-run.ts";
import { repositoryPath } from "./repository.ts";
import { resolveRef } from "./resolve-ref.ts";
import { findRun, readRun } from "./runs.ts";
import { readStepStates } from "./steps.ts";
import { trigger } from "./trigger.ts";

const PAGES_KEPT = 1_000;

/** Custom pipelines of Bitbucket Cloud, started and followed over the REST API. */
export class BitbucketPipeline implements PipelinePort {
	readonly triggerIsIdempotent = false;
	readonly #call: Call;
	readonly #clock: ProviderClock;
	readonly #baseUrl: string;
	/** Where each pipeline's page is: those of its steps lie below it. */
	readonly #pages = new Map<string, string>();

	constructor(options: BitbucketOptions) {
		this.#call = connect(options);
		this.#clock = providerClock(() => (options.now?.() ?? new Date()).getTime());
		this.#baseUrl = options.baseUrl;
	}

	async resolveRef(project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
		return resolveRef(this.#call, project, ref);
	}

	async checks(project: PipelineProject, sha: string): Promise<readonly Check[]> {
		return readChecks(this.#call, project, sha);
	}

	async listRefs(project: PipelineProject, query: string): Promise<readonly ResolvedRef[]> {
		return listRefs(this.#call, project, query);
	}

	async trigger(request: TriggerRequest): Promise<PipelineReport | null> {
		return this.#withPage(await trigger(this.#call, request));
	}

	async find(
		project: PipelineProject,
		jobId: string,
		since: Date,
		asked: Sought | null = null,
	): Promise<PipelineReport | null> {
		return this.#withPage(await findRun(this.#call, this.#clock, project, { jobId, since, asked }));
	}

	async report(project: PipelineProject, externalId: string, canWait = false): Promise<PipelineReport | null> {
		return this.#withPage(await readRun(this.#call, project, externalId, canWait));
	}

	async cancel(project: PipelineProject, externalId: string): Promise<void> {
		const path = pipelinePath(repositoryPath(project), externalId);
		if (path === null) return;
		await this.#call("POST", `${path}/stopPipeline`, {
			what: `the stop of the pipeline ${externalId} of ${project.repository}`,
			// It is over already, or not known: a report tells which.
			refused: (answer) => ([400, 404].includes(answer.status) ? { ...answer, data: null } : undefined),
		});
	}

	async compare(project: PipelineProject, base: string, head: string): Promise<Comparison | null> {
		return compareCommits(this.#call, project, base, head);
	}

	async steps(project: PipelineProject, externalId: string): Promise<readonly PipelineStep[]> {
		const steps = await readStepStates(this.#call, project, externalId);
		if (steps.length === 0) return [];
		const page = this.#pages.get(externalId) ?? (await this.report(project, externalId, true))?.externalUrl ?? null;
		return steps.map(({ id, name, status }) => ({
			...{ id, name, status },
			url: page === null ? null : `${page}/steps/${encodeURIComponent(id)}`,
		}));
	}

	async log(project: PipelineProject, externalId: string): Promise<readonly string[] | null> {
		return readLog(this.#call, this.#baseUrl, project, externalId);
	}

	#withPage(report: PipelineReport | null): PipelineReport | null {
		if (report?.externalUrl != null) {
			this.#pages.set(report.externalId, report.externalUrl);
			const [oldest] = this.#pages.keys();
			if (this.#pages.size > PAGES_KEPT && oldest !== undefined) this.#pages.delete(oldest);
		}
		return report;
	}
}
