import { createHash, randomUUID } from "node:crypto";

export interface FakeStep {
	readonly uuid: string;
	readonly name: string;
	state: FakeState;
	/** null: nothing was written (yet). */
	log: string | null;
}

/** As Bitbucket nests it: a stage while it goes on, a result at its end. */
export interface FakeState {
	readonly name: string;
	readonly type?: string;
	readonly stage?: { readonly name: string };
	readonly result?: {
		readonly name: string;
		readonly error?: { readonly key: string; readonly message: string };
	};
}

export interface FakeTarget {
	readonly type: string;
	readonly ref_type?: string;
	readonly ref_name?: string;
	readonly commit: { readonly type: "commit"; readonly hash: string };
	readonly selector: { readonly type: string; readonly pattern?: string };
}

export interface FakePipelineRun {
	readonly uuid: string;
	readonly build_number: number;
	readonly target: FakeTarget;
	readonly variables: readonly { readonly key: string; readonly value: string; readonly secured: boolean }[];
	readonly created_on: string;
	run_number: number;
	state: FakeState;
	steps: FakeStep[];
	stopAsked: boolean;
}

export interface FakeStatus {
	readonly sha: string;
	readonly key: string;
	readonly name: string;
	state: string;
	readonly url: string;
	readonly refname: string | null;
	updated_on: string;
}

export interface FakeHook {
	readonly uuid: string;
	url: string;
	active: boolean;
	events: string[];
	secret: string | null;
}

interface Commit {
	readonly parent: string | null;
	readonly message: string;
	readonly name: string;
	readonly email: string;
	/** The UUID of the account, where Bitbucket knows whose the address is. */
	readonly account?: string;
}

const AUTHOR = { name: "Ada", email: "a@b.test" };

/** Commit statuses are keyed by the name of the ref: all pipelines of one commit and branch share one. */
function keyOf(ref: string): string {
	return String(createHash("sha1").update(ref).digest().readInt32BE());
}

/** How a commit status says what a pipeline's state says. */
function statusState({ name, result }: FakeState): string {
	if (name !== "COMPLETED") return "INPROGRESS";
	return result?.name === "SUCCESSFUL" || result?.name === "STOPPED" ? result.name : "FAILED";
}

/** One repository: what git holds, what CI said, its custom pipelines and every pipeline that was ever started. */
export class FakeRepository {
	readonly uuid = `{${randomUUID()}}`;
	readonly branches = new Map<string, string>();
	/** `message`: of annotated ones. What a tag points at is peeled by Bitbucket itself; null: at no commit. */
	readonly tags = new Map<string, { readonly sha: string | null; readonly message: string | null }>();
	readonly statuses: FakeStatus[] = [];
	readonly pipelines: FakePipelineRun[] = [];
	/** Names below `custom` in bitbucket-pipelines.yml. */
	readonly custom = new Set<string>();
	/** bitbucket-pipelines.yml; null: there is none. */
	file: string | null = null;
	hooks: FakeHook[] = [];
	enabled = true;
	/** Whether the list of pipelines heeds what it is asked for. */
	filtersPipelines = true;
	readonly name: string;
	readonly #now: () => Date;
	readonly #history = new Map<string, Commit>();

	constructor(name: string, now: () => Date) {
		this.name = name;
		this.#now = now;
	}

	branch(name: string, sha: string): void {
		this.#know(sha);
		this.branches.set(name, sha);
	}

	tag(name: string, sha: string | null, message: string | null = null): void {
		if (sha !== null) this.#know(sha);
		this.tags.set(name, { sha, message });
	}

	/** A commit behind another one. */
	push(sha: string, parent: string | null, more: Omit<Commit, "parent"> = { message: sha, ...AUTHOR }): void {
		this.#history.set(sha, { parent, ...more });
	}

	commit(sha: string): Commit | null {
		return this.#history.get(sha) ?? null;
	}

	/** The commits whose SHA begins so. */
	commitsLike(start: string): string[] {
		return [...this.#history.keys()].filter((sha) => sha.startsWith(start));
	}

	/** Newest first; empty: it is not known. */
	historyOf(sha: string): string[] {
		const commit = this.#history.get(sha);
		if (commit === undefined) return [];
		return [sha, ...(commit.parent === null ? [] : this.historyOf(commit.parent))];
	}

	/** What another CI says of a commit. */
	status(sha: string, name: string, state: string, more: Partial<FakeStatus> = {}): FakeStatus {
		const at = this.#now().toISOString();
		const status = {
			sha,
			key: name,
			name,
			state,
			url: `https://ci.test/${name}`,
			refname: null,
			updated_on: at,
			...more,
		};
		this.statuses.push(status);
		return status;
	}

	/** A pipeline begins, and with it the commit status of its ref, over what was there under the same key. */
	start(target: FakeTarget, variables: FakePipelineRun["variables"] = []): FakePipelineRun {
		const run: FakePipelineRun = {
			uuid: `{${randomUUID()}}`,
			build_number: this.pipelines.length + 1,
			...{ target, variables, created_on: this.#now().toISOString() },
			run_number: 1,
			state: { name: "PENDING", type: "pipeline_state_pending" },
			steps: [],
			stopAsked: false,
		};
		this.pipelines.push(run);
		run.steps.push(this.step("deploy"));
		this.#tell(run);
		return run;
	}

	/** What CI itself does on a push. */
	build(
		sha: string,
		state: FakeState,
		more: { branch?: string; selector?: FakeTarget["selector"] } = {},
	): FakePipelineRun {
		const { branch = "main", selector = { type: "default" } } = more;
		const commit = { type: "commit", hash: sha } as const;
		const run = this.start({ type: "pipeline_ref_target", ref_type: "branch", ref_name: branch, commit, selector });
		this.set(run, state);
		return run;
	}

	step(name: string, state: FakeState = { name: "PENDING" }, log: string | null = null): FakeStep {
		return { uuid: `{${randomUUID()}}`, name, state, log };
	}

	/** How a pipeline stands, as Bitbucket's own doing; its commit status goes with it. */
	set(run: FakePipelineRun, state: FakeState): void {
		run.state = state;
		this.#tell(run);
	}

	#tell(run: FakePipelineRun): void {
		const { commit, ref_name } = run.target;
		const key = keyOf(ref_name ?? commit.hash);
		const before = this.statuses.findIndex((one) => one.sha === commit.hash && one.key === key);
		if (before >= 0) this.statuses.splice(before, 1);
		this.status(
			commit.hash,
			`Pipeline #${run.build_number} for ${ref_name ?? commit.hash.slice(0, 7)}`,
			statusState(run.state),
			{
				...{ key, refname: ref_name ?? null, url: this.pageOf(run) },
			},
		);
	}

	pageOf(run: Pick<FakePipelineRun, "build_number">): string {
		return `https://bitbucket.org/${this.name}/pipelines/results/${run.build_number}`;
	}

	/** The pipeline that was started for a JOB_ID. */
	runOf(jobId: string): FakePipelineRun {
		const [run, second] = this.runsOf(jobId);
		if (run === undefined) throw new Error(`nothing was started for ${jobId}`);
		if (second !== undefined) throw new Error(`${jobId} was started more than once`);
		return run;
	}

	runsOf(jobId: string): FakePipelineRun[] {
		return this.pipelines.filter(({ variables }) =>
			variables.some(({ key, value }) => key === "JOB_ID" && value === jobId),
		);
	}

	/** What was sent along, by name. */
	sentWith(run: FakePipelineRun): Record<string, string> {
		return Object.fromEntries(run.variables.map(({ key, value }) => [key, value]));
	}

	now(): Date {
		return this.#now();
	}

	#know(sha: string): void {
		if (!this.#history.has(sha)) this.push(sha, null);
	}
}
