import { shaOf } from "../sha-of.ts";

export interface FakeJob {
	readonly id: number;
	readonly name: string;
	conclusion: string | null;
	readonly steps: { readonly name: string; readonly status?: string; readonly conclusion: string | null }[];
	readonly annotations: string[];
	/** Where its log lies. */
	log?: string;
}

export interface FakeRun {
	readonly id: number;
	readonly file: string;
	readonly event: string;
	readonly head_sha: string;
	readonly head_branch: string;
	readonly inputs: Readonly<Record<string, string>>;
	readonly check_suite_id: number;
	readonly created_at: string;
	title: string;
	run_attempt: number;
	status: string;
	conclusion: string | null;
	jobs: FakeJob[];
	cancelRequested: boolean;
}

export interface FakeCheck {
	readonly id: number;
	readonly name: string;
	readonly sha: string;
	status: string;
	conclusion: string | null;
	readonly app: string;
	readonly suite: number | null;
	/** The job's page; of runs of Actions. */
	readonly detailsUrl: string | null;
}

export interface FakeHook {
	readonly id: number;
	active: boolean;
	events: string[];
	config: { url?: string; secret?: string; content_type?: string };
	/** How its last delivery was answered. */
	last_response?: { code: number | null };
}

export interface FakeWorkflow {
	readonly file: string;
	/** Off: there is no workflow_dispatch in it. */
	dispatch: boolean;
	enabled: boolean;
	inputs: string[];
	/** Inputs that have no default. */
	required: string[];
	/** The run-name; null: the workflow's name. */
	runName: ((inputs: Readonly<Record<string, string>>) => string) | null;
	content: string;
}

interface GitObject {
	readonly type: "commit" | "tag" | "tree";
	readonly sha: string;
}

export interface FakeDelivery {
	readonly hook: number | null;
	readonly id: number;
	readonly guid: string;
	readonly delivered_at: string;
	readonly event: string;
	readonly action: string | null;
	status: string;
	status_code: number;
}

/** One repository: what git holds, what CI said, its workflows and every run that was ever started. */
export class FakeRepository {
	readonly refs = new Map<string, GitObject>();
	readonly tagObjects = new Map<string, GitObject>();
	readonly commits = new Set<string>();
	readonly checks: FakeCheck[] = [];
	readonly statuses: { readonly sha: string; readonly context: string; state: string }[] = [];
	readonly workflows = new Map<string, FakeWorkflow>();
	readonly runs: FakeRun[] = [];
	/** null: the credentials may not see them. */
	hooks: FakeHook[] | null = null;
	/** What its webhooks sent, the last one first; of the App when `hook` is null. */
	readonly deliveries: FakeDelivery[] = [];
	/** What is sent again goes out here; default: it is taken, and goes nowhere. */
	onAttempt: (delivery: FakeDelivery) => Promise<number> = async () => 202;
	/** They may be seen and not changed. */
	mayWriteHooks = true;
	archived = false;
	/** A cancelled run ends at once. */
	obeysCancel = false;
	mayPush = true;
	/** What it was called before: GitHub redirects. */
	readonly formerNames: string[] = [];
	readonly id: number;
	#next: number;
	readonly #history = new Map<
		string,
		{ parent: string | null; message: string; name: string; email: string; login?: string }
	>();

	readonly name: string;
	readonly #now: () => Date;

	constructor(name: string, id: number, now: () => Date) {
		this.name = name;
		this.id = id;
		this.#now = now;
		this.#next = id * 1_000_000;
	}

	/** A delivery that was answered so; 0: not at all. */
	sent(hook: number | null, event: string, action: string | null, status_code: number, guid = ""): FakeDelivery {
		const id = this.nextId();
		const delivery: FakeDelivery = {
			...{ hook, id, event, action, status_code, guid: guid || `guid-${id}` },
			...{ delivered_at: this.#now().toISOString(), status: status_code === 0 ? "timed out" : String(status_code) },
		};
		this.deliveries.unshift(delivery);
		return delivery;
	}

	branch(name: string, sha: string): void {
		this.commits.add(sha);
		this.refs.set(`heads/${name}`, { type: "commit", sha });
	}

	tag(name: string, sha: string): void {
		this.commits.add(sha);
		this.refs.set(`tags/${name}`, { type: "commit", sha });
	}

	/** A tag object, or tags of tags for a greater depth. */
	annotatedTag(name: string, sha: string, depth = 1, type: GitObject["type"] = "commit"): void {
		if (type === "commit") this.commits.add(sha);
		let at: GitObject = { type, sha };
		for (let level = 0; level < depth; level++) {
			const object = { type: "tag" as const, sha: shaOf(`${name}/${level}/${at.sha}`) };
			this.tagObjects.set(object.sha, at);
			at = object;
		}
		this.refs.set(`tags/${name}`, at);
	}

	/** A commit behind another one. */
	push(
		sha: string,
		parent: string | null,
		more: { message: string; name: string; email: string; login?: string } = {
			message: sha,
			name: "Ada",
			email: "a@b.test",
		},
	): void {
		this.commits.add(sha);
		this.#history.set(sha, { parent, ...more });
	}

	/** Newest first; null: it is not known. */
	historyOf(sha: string): string[] | null {
		if (!this.commits.has(sha)) return null;
		const parent = this.#history.get(sha)?.parent ?? null;
		return [sha, ...(parent === null ? [] : (this.historyOf(parent) ?? []))];
	}

	commitJson(sha: string) {
		const { message, name, email, login } = this.#history.get(sha) ?? { message: sha, name: "Ada", email: "a@b.test" };
		return { sha, commit: { message, author: { name, email } }, author: login === undefined ? null : { login } };
	}

	/** The commit that a branch, a tag or a SHA names, as `/commits/{ref}` reads it. "ambiguous": more than one. */
	commit(ref: string): string | "ambiguous" | null {
		const full = /^refs\/((?:heads|tags)\/.+)$/.exec(ref)?.[1];
		for (const path of full === undefined ? [`tags/${ref}`, `heads/${ref}`, ref] : [full]) {
			let at = this.refs.get(path);
			while (at?.type === "tag") at = this.tagObjects.get(at.sha);
			if (at?.type === "commit") return at.sha;
		}
		const found = [...this.commits].filter((sha) => sha.startsWith(ref));
		if (found.length > 1) return "ambiguous";
		return found[0] ?? null;
	}

	check(
		sha: string,
		name: string,
		conclusion: string | null,
		more: { status?: string; app?: string; suite?: number | null; detailsUrl?: string } = {},
	): FakeCheck {
		const check: FakeCheck = {
			id: this.nextId(),
			name,
			sha,
			status: more.status ?? (conclusion === null ? "in_progress" : "completed"),
			conclusion,
			app: more.app ?? "github-actions",
			suite: more.suite === undefined ? this.nextId() : more.suite,
			detailsUrl: more.detailsUrl ?? null,
		};
		this.checks.push(check);
		return check;
	}

	/** A workflow that follows the contract; `more` says where it does not. */
	workflow(file: string, more: Partial<Omit<FakeWorkflow, "file">> = {}): FakeWorkflow {
		const workflow: FakeWorkflow = {
			file,
			dispatch: true,
			enabled: true,
			inputs: ["JOB_ID", "ENV", "REF", "SHA", "TYPE"],
			required: [],
			runName: (inputs) => `${inputs["TYPE"]} ${inputs["REF"]} to ${inputs["ENV"]} (${inputs["JOB_ID"]})`,
			content: "",
			...more,
		};
		this.workflows.set(file, workflow);
		return workflow;
	}

	/** A run of a workflow, and the check run that Actions makes of its job at the head commit. */
	start(
		file: string,
		from: { event?: string; sha: string; branch: string; title: string; inputs?: Record<string, string> },
	): FakeRun {
		const suite = this.nextId();
		const run: FakeRun = {
			id: this.nextId(),
			file,
			event: from.event ?? "workflow_dispatch",
			head_sha: from.sha,
			head_branch: from.branch,
			inputs: from.inputs ?? {},
			check_suite_id: suite,
			created_at: this.#now()
				.toISOString()
				.replace(/\.\d+Z$/, "Z"),
			title: from.title,
			run_attempt: 1,
			status: "queued",
			conclusion: null,
			jobs: [],
			cancelRequested: false,
		};
		this.runs.push(run);
		const job = file.replace(/\.ya?ml$/, "");
		const id = this.nextId();
		run.jobs.push({ id, name: job, conclusion: null, steps: [], annotations: [] });
		const detailsUrl = `https://github.test/${this.name}/actions/runs/${run.id}/job/${id}`;
		this.check(from.sha, job, null, { status: "queued", suite, detailsUrl });
		return run;
	}

	/** How a run stands, as Actions' own doing; its check run goes with it. */
	set(run: FakeRun, status: string, conclusion: string | null = null): void {
		run.status = status;
		run.conclusion = conclusion;
		for (const job of run.jobs) job.conclusion = conclusion;
		for (const check of this.checks)
			if (check.suite === run.check_suite_id) {
				check.status = status;
				check.conclusion = conclusion;
			}
	}

	/** The run that was dispatched for a JOB_ID. */
	runOf(jobId: string): FakeRun {
		const [run, second] = this.runsOf(jobId);
		if (run === undefined) throw new Error(`nothing was dispatched for ${jobId}`);
		if (second !== undefined) throw new Error(`${jobId} was dispatched more than once`);
		return run;
	}

	runsOf(jobId: string): FakeRun[] {
		return this.runs.filter((run) => run.inputs["JOB_ID"] === jobId);
	}

	nextId(): number {
		this.#next += 1;
		return this.#next;
	}
}
