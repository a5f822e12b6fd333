import { shaOf } from "../sha-of.ts";

export interface FakeJob {
	readonly id: number;
	readonly name: string;
	readonly stage: string;
	status: string;
	allow_failure: boolean;
	failure_reason: string | null;
	readonly created_at: Date;
	/** What it wrote; null: nothing was kept. */
	trace: string | null;
	/** A newer job took its place. */
	retried: boolean;
	/** A bridge: the pipeline that it started. */
	readonly downstream: { readonly id: number; status: string } | null;
}

export interface FakeGitLabPipeline {
	readonly id: number;
	readonly iid: number;
	readonly ref: string;
	readonly tag: boolean;
	readonly sha: string;
	readonly source: string;
	readonly name: string | null;
	readonly variables: Readonly<Record<string, string>>;
	readonly inputs: Readonly<Record<string, string>>;
	readonly created_at: Date;
	updated_at: Date;
	finished_at: Date | null;
	status: string;
	yaml_errors: string | null;
	/** Jobs and bridges, retried ones too. */
	readonly jobs: FakeJob[];
	cancelRequested: boolean;
	/** By another person: the token may not read its variables. */
	readonly foreign: boolean;
}

/** A status that something outside of GitLab reported; GitLab hangs it on the newest pipeline of the ref. */
export interface FakeStatus {
	readonly id: number;
	readonly sha: string;
	readonly ref: string;
	readonly name: string;
	readonly status: string;
	readonly allow_failure: boolean;
	readonly target_url: string | null;
	readonly pipeline_id: number | null;
}

/** What a webhook sent, and how it was answered. */
export interface FakeEvent {
	readonly hook: number;
	readonly id: number;
	readonly trigger: string;
	response_status: string;
	readonly request_headers: Readonly<Record<string, string>>;
	readonly request_data: unknown;
}

export interface FakeHook {
	id: number;
	url: string;
	[setting: string]: unknown;
}

const OVER = ["success", "failed", "canceled", "skipped"];

/** One project: what git holds, its pipelines, and how it is set up. */
export class FakeProject {
	readonly branches = new Map<string, string>();
	/** `target` is the tag object of an annotated tag. */
	readonly tags = new Map<string, { readonly target: string; readonly commit: string | null }>();
	readonly commits = new Map<string, { parent: string | null; message: string; name: string; email: string }>();
	readonly pipelines: FakeGitLabPipeline[] = [];
	readonly statuses: FakeStatus[] = [];
	readonly hooks: FakeHook[] = [];
	/** The last one first. */
	readonly events: FakeEvent[] = [];
	/** How it is answered when it is sent again. */
	onResend: (event: FakeEvent) => string = () => "202";
	/** Before 17.3 there is nothing of it, before 17.4 nothing is sent again. */
	tells: "all" | "events" | "nothing" = "all";
	readonly files = new Map<string, string>();
	/** What it was called before: GitLab redirects questions, and refuses everything else. */
	readonly formerPaths: string[] = [];
	archived = false;
	/** Of the token: 30 developer, 40 maintainer. */
	accessLevel = 40;
	/** `ci_pipeline_variables_minimum_override_role`. */
	variablesRole = "developer";
	/** Inputs that the pipeline file declares in its `spec`; null: it has no spec. */
	inputs: readonly string[] | null = null;
	/** The file's `workflow:name`; null: it has none. */
	workflowName: ((values: Readonly<Record<string, string>>) => string) | null = null;
	/** Off: its rules make no job of what is asked. */
	makesJobs = true;
	/** Whether answers about statuses say of which pipeline they are; older servers do not. */
	statusesNamePipelines = true;
	readonly path: string;
	readonly id: number;
	readonly #now: () => Date;
	#next: number;

	constructor(path: string, id: number, now: () => Date) {
		this.path = path;
		this.id = id;
		this.#now = now;
		this.#next = id * 1_000_000;
	}

	push(sha: string, parent: string | null, more: { message: string; name: string; email: string }): void {
		this.commits.set(sha, { parent, ...more });
	}

	branch(name: string, sha: string): void {
		this.#known(sha);
		this.branches.set(name, sha);
	}

	tag(name: string, sha: string): void {
		this.#known(sha);
		this.tags.set(name, { target: sha, commit: sha });
	}

	annotatedTag(name: string, sha: string | null): void {
		if (sha !== null) this.#known(sha);
		this.tags.set(name, { target: shaOf(`${name}/${sha}`), commit: sha });
	}

	/** The commit that a tag, a branch or a SHA names, as GitLab reads a ref. */
	commit(ref: string): string | null {
		const named =
			this.tags.get(ref.replace(/^refs\/tags\//, ""))?.commit ?? this.branches.get(ref.replace(/^refs\/heads\//, ""));
		if (named !== undefined) return named;
		const found = [...this.commits.keys()].filter((sha) => ref.length >= 7 && sha.startsWith(ref));
		return found.length === 1 ? (found[0] ?? null) : null;
	}

	/** Newest first. */
	historyOf(sha: string): string[] {
		const parent = this.commits.get(sha)?.parent ?? null;
		return [sha, ...(parent === null ? [] : this.historyOf(parent))];
	}

	start(
		ref: string,
		more: {
			source?: string;
			variables?: Readonly<Record<string, string>>;
			inputs?: Readonly<Record<string, string>>;
			jobs?: readonly string[];
			foreign?: boolean;
			name?: string | null;
			sha?: string;
		} = {},
	): FakeGitLabPipeline {
		const { variables = {}, inputs = {}, foreign = false, jobs = ["deploy"] } = more;
		const plain = ref.replace(/^refs\/(heads|tags)\//, "");
		const now = this.#now();
		const pipeline: FakeGitLabPipeline = {
			id: this.nextId(),
			iid: this.pipelines.length + 1,
			ref: plain,
			tag: this.tags.has(plain) && !ref.startsWith("refs/heads/"),
			sha: more.sha ?? this.commit(ref) ?? "",
			source: more.source ?? "api",
			name: more.name !== undefined ? more.name : (this.workflowName?.({ ...variables, ...inputs }) ?? null),
			...{ variables, inputs, foreign },
			created_at: now,
			updated_at: now,
			finished_at: null,
			status: "created",
			yaml_errors: null,
			jobs: [],
			cancelRequested: false,
		};
		this.pipelines.push(pipeline);
		for (const name of jobs) this.job(pipeline, name);
		return pipeline;
	}

	job(
		pipeline: FakeGitLabPipeline,
		name: string,
		status = "created",
		more: Partial<Pick<FakeJob, "stage" | "allow_failure" | "failure_reason" | "trace" | "downstream">> = {},
	): FakeJob {
		const job: FakeJob = {
			...{ id: this.nextId(), name, status, stage: "deploy", allow_failure: false, failure_reason: null },
			...{ trace: null, downstream: null, retried: false, created_at: this.#now() },
			...more,
		};
		pipeline.jobs.push(job);
		return job;
	}

	/** How a pipeline stands, as its jobs' doing; those that are not over yet go with it. */
	set(pipeline: FakeGitLabPipeline, status: string, failureReason: string | null = null): void {
		pipeline.status = status;
		pipeline.updated_at = this.#now();
		if (OVER.includes(status)) pipeline.finished_at = this.#now();
		for (const job of pipeline.jobs) {
			if (job.retried || job.downstream !== null) continue;
			job.status = status;
			job.failure_reason = status === "failed" ? (failureReason ?? "script_failure") : null;
		}
	}

	/** What a person's "Retry" does: new jobs in the same pipeline. */
	retry(pipeline: FakeGitLabPipeline): void {
		const again = pipeline.jobs.filter((job) => !job.retried);
		for (const job of again) {
			job.retried = true;
			this.job(pipeline, job.name);
		}
		this.set(pipeline, "running");
	}

	/** Something outside reports a status, and GitLab hangs it on the newest pipeline of the ref. */
	status(sha: string, name: string, status: string, more: { allow_failure?: boolean; ref?: string } = {}): void {
		const ref = more.ref ?? "main";
		const newest = this.pipelines.findLast((one) => one.sha === sha && one.ref === ref);
		this.statuses.push({
			...{ id: this.nextId(), sha, ref, name, status, allow_failure: more.allow_failure ?? false },
			target_url: `https://ci.test/${encodeURIComponent(name)}`,
			pipeline_id: (newest ?? this.start(ref, { source: "external", sha, jobs: [] })).id,
		});
		for (const pipeline of this.pipelines.filter((one) => one.source === "external")) {
			const words = this.statuses.filter((one) => one.pipeline_id === pipeline.id).map((one) => one.status);
			const found = ["failed", "running", "pending"].find((word) => words.includes(word));
			pipeline.status = found ?? "success";
		}
	}

	runsOf(jobId: string): FakeGitLabPipeline[] {
		return this.pipelines.filter((one) => (one.variables["JOB_ID"] ?? one.inputs["JOB_ID"]) === jobId);
	}

	/** The pipeline that was started for a JOB_ID. */
	runOf(jobId: string): FakeGitLabPipeline {
		const [run, second] = this.runsOf(jobId);
		if (run === undefined) throw new Error(`nothing was started for ${jobId}`);
		if (second !== undefined) throw new Error(`${jobId} was started more than once`);
		return run;
	}

	/** An event that was answered so. */
	sent(hook: number, trigger: string, response_status: string, key?: string): FakeEvent {
		const id = this.nextId();
		const event = {
			...{ hook, id, trigger, response_status, request_data: { object_kind: "pipeline" } },
			request_headers: { "X-Gitlab-Token": "[REDACTED]", "Idempotency-Key": key ?? `key-${id}` },
		};
		this.events.unshift(event);
		return event;
	}

	nextId(): number {
		this.#next += 1;
		return this.#next;
	}

	#known(sha: string): void {
		if (!this.commits.has(sha)) this.push(sha, null, { message: sha, name: "Ada", email: "ada@acme.test" });
	}
}
