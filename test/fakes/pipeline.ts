import { endOfLog } from "../../adapters/http/end-of-log.ts";
import type { ResolvedRef } from "../../src/core/run.ts";
import type { Check } from "../../src/core/verdict.ts";
import type {
	Commit,
	Comparison,
	PipelinePort,
	PipelineProject,
	PipelineReport,
	PipelineStatus,
	PipelineStep,
	TriggerRequest,
} from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** What shall go wrong with the next trigger. */
export type TriggerFault =
	/** It never arrives. */
	| "unreachable"
	/** It arrives, and the answer is lost. */
	| "answer_lost"
	/** It may have arrived and did not. */
	| "lost"
	| "rejected";

interface FakeRun {
	readonly externalId: string;
	readonly jobId: string;
	readonly request: TriggerRequest;
	status: PipelineStatus;
	reason: string | null;
	cancelRequested: boolean;
}

/** A provider in memory that keeps what it is told: refs, checks, and each pipeline that was ever started. */
export class FakePipeline implements PipelinePort {
	/** As our own queue of runner work: the same run may be offered twice. */
	triggerIsIdempotent = false;
	readonly refs = new Map<string, ResolvedRef>();
	/** SHAs that it does not have; it takes every other one for a commit. */
	readonly gone = new Set<string>();
	checksOf: (sha: string) => readonly Check[] = () => [{ name: "build", state: "success", url: null }];
	readonly runs: FakeRun[] = [];
	/** What lies between two commits; null: it does not know them. Unless a test says otherwise: by what was pushed. */
	comparisonOf: (base: string, head: string) => Comparison | null = (base, head) => this.#compare(base, head);
	readonly stepsOf = new Map<string, readonly PipelineStep[]>();
	readonly logOf = new Map<string, readonly string[]>();
	/** Whether a cancel is obeyed at once. */
	obeysCancel = true;
	faults: TriggerFault[] = [];
	/** Every call fails as long as it is set. */
	down: VendorError | null = null;
	/** Called when a trigger is on its way, before anything comes of it. */
	beforeTrigger: ((request: TriggerRequest) => Promise<void>) | null = null;
	/** Called inside the next trigger, before it is answered: a place to crash at. */
	onTrigger: ((request: TriggerRequest) => Promise<void>) | null = null;
	/** Oldest first; one line of commits is enough. */
	readonly #history: Commit[] = [];

	branch(name: string, sha: string): void {
		this.refs.set(`heads/${name}`, { name, kind: "branch", sha });
	}

	tag(name: string, sha: string): void {
		this.refs.set(`tags/${name}`, { name, kind: "tag", sha });
	}

	/** A commit on top of the last one. */
	push(commit: Commit): void {
		this.#history.push(commit);
	}

	/** How often a pipeline was started for a run. */
	startsOf(jobId: string): number {
		return this.runs.filter((run) => run.jobId === jobId).length;
	}

	runOf(jobId: string): FakeRun {
		const run = this.runs.find((one) => one.jobId === jobId);
		if (run === undefined) throw new Error(`no pipeline was started for ${jobId}`);
		return run;
	}

	/** Sets how a pipeline stands, as the provider's own doing. */
	set(jobId: string, status: PipelineStatus, reason: string | null = null): PipelineReport {
		const run = this.runOf(jobId);
		run.status = status;
		run.reason = reason;
		return reportOf(run);
	}

	async resolveRef(_project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
		this.#check();
		const sha = ref.toLowerCase();
		if (/^[0-9a-f]{40}$/.test(sha)) return this.gone.has(sha) ? null : { name: sha, kind: "sha", sha };
		return this.refs.get(`tags/${ref}`) ?? this.refs.get(`heads/${ref}`) ?? null;
	}

	async checks(_project: PipelineProject, sha: string): Promise<readonly Check[]> {
		this.#check();
		return this.checksOf(sha);
	}

	async listRefs(_project: PipelineProject, query: string): Promise<readonly ResolvedRef[]> {
		this.#check();
		const fitting = [...this.refs.values()].filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()));
		const branches = fitting.filter(({ name, kind }) => kind === "branch" && !this.refs.has(`tags/${name}`));
		const tags = fitting.filter(({ kind }) => kind === "tag");
		return [...branches.slice(0, 50), ...tags].slice(0, 100);
	}

	async trigger(request: TriggerRequest): Promise<PipelineReport | null> {
		this.#check();
		await this.beforeTrigger?.(request);
		const fault = this.faults.shift();
		if (fault === "unreachable") throw new VendorError("unavailable", "The provider could not be reached.");
		if (fault === "lost")
			throw new VendorError("unavailable", "The provider did not answer.", { mayHaveHappened: true });
		const offered = this.runs.find((one) => one.jobId === request.variables.JOB_ID);
		if (this.triggerIsIdempotent && offered !== undefined) return reportOf(offered);
		if (fault === "rejected") throw new VendorError("rejected", "The provider has no such pipeline.");
		const run: FakeRun = {
			externalId: String(1_000 + this.runs.length),
			jobId: request.variables.JOB_ID,
			request,
			status: "running",
			reason: null,
			cancelRequested: false,
		};
		this.runs.push(run);
		await this.onTrigger?.(request);
		if (fault === "answer_lost")
			throw new VendorError("unavailable", "The provider did not answer.", { mayHaveHappened: true });
		return reportOf(run);
	}

	async find(_project: PipelineProject, jobId: string): Promise<PipelineReport | null> {
		this.#check();
		const run = this.runs.find((one) => one.jobId === jobId);
		return run === undefined ? null : reportOf(run);
	}

	async report(_project: PipelineProject, externalId: string): Promise<PipelineReport | null> {
		this.#check();
		const run = this.runs.find((one) => one.externalId === externalId);
		return run === undefined ? null : reportOf(run);
	}

	async cancel(_project: PipelineProject, externalId: string): Promise<void> {
		this.#check();
		const run = this.runs.find((one) => one.externalId === externalId);
		if (run === undefined) return;
		run.cancelRequested = true;
		if (this.obeysCancel && (run.status === "running" || run.status === "queued")) run.status = "cancelled";
	}

	async compare(_project: PipelineProject, base: string, head: string): Promise<Comparison | null> {
		this.#check();
		return this.comparisonOf(base, head);
	}

	async steps(_project: PipelineProject, externalId: string): Promise<readonly PipelineStep[]> {
		this.#check();
		return this.stepsOf.get(externalId) ?? [];
	}

	async log(_project: PipelineProject, externalId: string): Promise<readonly string[] | null> {
		this.#check();
		const lines = this.logOf.get(externalId);
		return lines === undefined ? null : endOfLog(lines);
	}

	#compare(base: string, head: string): Comparison | null {
		const [from, to] = [base, head].map((sha) => this.#history.findIndex((commit) => commit.sha === sha));
		if (from === undefined || to === undefined || from < 0 || to < 0) return null;
		const commits = this.#history.slice(from + 1, to + 1).reverse();
		return { ahead: commits.length, behind: Math.max(from - to, 0), more: false, commits, url: null };
	}

	#check(): void {
		if (this.down !== null) throw this.down;
	}
}

function reportOf(run: FakeRun): PipelineReport {
	return {
		externalId: run.externalId,
		attempt: 1,
		externalUrl: `https://pipelines.test/runs/${run.externalId}`,
		status: run.status,
		reason: run.reason,
		jobId: run.jobId,
	};
}
