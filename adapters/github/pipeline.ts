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
import { canceller } from "./cancel.ts";
import { readChecks } from "./checks.ts";
import { type Call, connect, type GitHubOptions } from "./client.ts";
import { compareCommits } from "./compare.ts";
import { conditional } from "./conditional.ts";
import { listRefs } from "./list-refs.ts";
import { readLog } from "./log.ts";
import { resolveRef } from "./resolve-ref.ts";
import { findRun, runReader } from "./runs.ts";
import { readSteps } from "./steps.ts";
import { dispatcher } from "./trigger.ts";

/** Workflows of GitHub Actions, dispatched and followed over the REST API. */
export class GitHubPipeline implements PipelinePort {
	readonly triggerIsIdempotent = false;
	readonly #call: Call;
	readonly #clock: ProviderClock;
	readonly #baseUrl: string;
	/** For what is asked again and again. */
	readonly #fresh: Call;
	readonly trigger: (request: TriggerRequest) => Promise<PipelineReport | null>;
	readonly report: PipelinePort["report"];
	readonly cancel: PipelinePort["cancel"];

	constructor(options: GitHubOptions) {
		this.#call = connect(options);
		this.#clock = providerClock(() => (options.now?.() ?? new Date()).getTime());
		this.#baseUrl = options.baseUrl;
		this.trigger = dispatcher(this.#call);
		this.cancel = canceller(this.#call, options.now ?? (() => new Date()));
		this.#fresh = conditional(this.#call);
		this.report = runReader(this.#call, this.#fresh);
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

	async find(
		project: PipelineProject,
		jobId: string,
		since: Date,
		asked: Sought | null = null,
	): Promise<PipelineReport | null> {
		return findRun(this.#call, this.#clock, project, { jobId, since, asked });
	}

	async compare(project: PipelineProject, base: string, head: string): Promise<Comparison | null> {
		return compareCommits(this.#call, project, base, head);
	}

	async steps(project: PipelineProject, externalId: string): Promise<readonly PipelineStep[]> {
		return readSteps(this.#fresh, project, externalId);
	}

	async log(project: PipelineProject, externalId: string): Promise<readonly string[] | null> {
		return readLog(this.#call, this.#baseUrl, project, externalId);
	}
}
