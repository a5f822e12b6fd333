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
import { siteUrlOf } from "./api-url.ts";
import { readChecks } from "./checks.ts";
import { type Call, connect, type GitLabOptions } from "./client.ts";
import { compareCommits } from "./compare.ts";
import { type JobIdReader, jobIdReader } from "./job-id-reader.ts";
import { listRefs } from "./list-refs.ts";
import { readLog } from "./log.ts";
import { projectPath } from "./project-path.ts";
import { resolveRef } from "./resolve-ref.ts";
import { findRun, runReader } from "./runs.ts";
import { readSteps } from "./steps.ts";
import { type Mode, pipelineStarter } from "./trigger.ts";

/** Pipelines of GitLab CI, started and followed over the REST API. */
export class GitLabPipeline implements PipelinePort {
	readonly triggerIsIdempotent = false;
	readonly #call: Call;
	readonly #clock: ProviderClock;
	readonly #jobIdOf: JobIdReader;
	readonly #start: (request: TriggerRequest) => Promise<PipelineReport | null>;
	readonly #site: string;
	readonly report: (project: PipelineProject, externalId: string, canWait?: boolean) => Promise<PipelineReport | null>;

	constructor(options: GitLabOptions & { readonly mode: Mode }) {
		this.#call = connect(options);
		this.#clock = providerClock(() => (options.now?.() ?? new Date()).getTime());
		this.#jobIdOf = jobIdReader(this.#call);
		this.#start = pipelineStarter(this.#call, options.mode);
		this.#site = siteUrlOf(options.baseUrl);
		this.report = runReader(this.#call);
	}

	async resolveRef(project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
		return resolveRef(this.#call, project, ref);
	}

	async checks(project: PipelineProject, sha: string): Promise<readonly Check[]> {
		return readChecks(this.#call, this.#jobIdOf, project, sha);
	}

	async listRefs(project: PipelineProject, query: string): Promise<readonly ResolvedRef[]> {
		return listRefs(this.#call, project, query);
	}

	async trigger(request: TriggerRequest): Promise<PipelineReport | null> {
		return this.#start(request);
	}

	async find(
		project: PipelineProject,
		jobId: string,
		since: Date,
		asked: Sought | null = null,
	): Promise<PipelineReport | null> {
		return findRun({ call: this.#call, clock: this.#clock, jobIdOf: this.#jobIdOf, report: this.report }, project, {
			jobId,
			since,
			asked,
		});
	}

	async cancel(project: PipelineProject, externalId: string): Promise<void> {
		// GitLab answers 200 whatever comes of it, also to what is over.
		await this.#call("POST", `${projectPath(project)}/pipelines/${encodeURIComponent(externalId)}/cancel`, {
			what: `the cancel of the pipeline ${externalId} of ${project.repository}`,
		});
	}

	async compare(project: PipelineProject, base: string, head: string): Promise<Comparison | null> {
		return compareCommits(this.#call, this.#site, project, base, head);
	}

	async steps(project: PipelineProject, externalId: string): Promise<readonly PipelineStep[]> {
		return readSteps(this.#call, project, externalId);
	}

	async log(project: PipelineProject, externalId: string): Promise<readonly string[] | null> {
		return readLog(this.#call, project, externalId);
	}
}
