import type { ResolvedRef, RunType } from "../core/run.ts";
import type { Check } from "../core/verdict.ts";

/** What an adapter has to know of a project to speak of it with the provider. */
export interface PipelineProject {
	/** GitHub owner/name; GitLab's path; Bitbucket workspace/slug; at a runner the git URL. */
	readonly repository: string;
	/** GitHub: the workflow file; Bitbucket: the custom pipeline; at a runner: the entrypoint. */
	readonly pipeline: string;
	readonly defaultRef: string;
}

/** SPEC section 4: the five standard variables and the declared parameters; none else. */
export type PipelineVariables = Readonly<Record<string, string>> & {
	readonly JOB_ID: string;
	readonly ENV: string;
	readonly REF: string;
	readonly SHA: string;
	readonly TYPE: string;
};

export interface TriggerRequest {
	readonly project: PipelineProject;
	readonly ref: ResolvedRef;
	readonly variables: PipelineVariables;
	/** Seconds that the work may take. */
	readonly timeoutSeconds: number;
	/** What a runner must carry to be given this work (runner only). */
	readonly labels: readonly string[];
}

/** What the run that is looked for was asked to do. */
export interface Sought {
	readonly ref: ResolvedRef;
	readonly type: RunType;
}

export type PipelineStatus =
	| "queued"
	| "running"
	/** The provider itself waits for somebody (its own approval). */
	| "waiting"
	| "succeeded"
	| "failed"
	| "cancelled"
	| "timed_out";

/** What a provider says of one of its runs: from a webhook, a poll, or the answer to the trigger. */
export interface PipelineReport {
	/** The provider's id; at GitHub the workflow run's id. */
	readonly externalId: string;
	/** From 1; a re-run at the provider raises it. */
	readonly attempt: number;
	readonly externalUrl: string | null;
	/** null: a value that we do not know; the state is kept and the run polled. */
	readonly status: PipelineStatus | null;
	/** One sentence for people: why it did not succeed, or what is special while it goes on; null when there is nothing to add. */
	readonly reason: string | null;
	/** The run's UUID, when the report carries it. */
	readonly jobId: string | null;
}

/** Who had a hand in a commit. */
export interface CommitPerson {
	readonly name: string;
	readonly email: string | null;
	/** The provider's own name of the account, when it knows one. */
	readonly login: string | null;
	/** It is a program's account. */
	readonly bot?: boolean;
}

/** One commit, as far as an approver cares. */
export interface Commit {
	readonly sha: string;
	/** First line of its message. */
	readonly title: string;
	readonly author: CommitPerson;
	/** Whom its message names as well; left out: nobody. */
	readonly coAuthors?: readonly CommitPerson[];
	/** Who made the commit of what the author wrote; left out, or null: the author, or the provider's own hand (a merge on its page). */
	readonly committer?: CommitPerson | null;
}

/** What lies between two commits. */
export interface Comparison {
	/** Commits that `head` has and `base` has not. */
	readonly ahead: number;
	/** Commits that `base` has and `head` has not: above 0 it goes back, wholly or in part. */
	readonly behind: number;
	/** True: there are more than were counted. */
	readonly more: boolean;
	/** Of those ahead, newest first, 100 at most. */
	readonly commits: readonly Commit[];
	/** The provider's page of it. */
	readonly url: string | null;
}

/** A job or step of a run at the provider. */
export interface PipelineStep {
	readonly id: string;
	readonly name: string;
	/** null: a value that we do not know. */
	readonly status: PipelineStatus | null;
	readonly url: string | null;
}

/** A provider of pipelines. Every method has a time-out of its own and throws VendorError alone. */
export interface PipelinePort {
	/** True: trigger may be called again for the same JOB_ID and has one effect (our own runner queue). */
	readonly triggerIsIdempotent: boolean;
	/** Which commit a branch, tag or SHA names now; annotated tags are peeled. A name that is a tag and a branch is the tag. null: there is none. */
	resolveRef(project: PipelineProject, ref: string): Promise<ResolvedRef | null>;
	/** The checks of a commit, our own pipelines left out. Empty: there is none. */
	checks(project: PipelineProject, sha: string): Promise<readonly Check[]>;
	/** Branches and tags whose names contain `query`, for pickers; 100 at most. */
	listRefs(project: PipelineProject, query: string): Promise<readonly ResolvedRef[]>;
	/**
	 * Starts the pipeline. Called once at most for a run. null: it was taken, and the provider gave no id (find it by JOB_ID).
	 * A VendorError with mayHaveHappened says whether a pipeline could be at work.
	 */
	trigger(request: TriggerRequest): Promise<PipelineReport | null>;
	/**
	 * Looks for the run with this JOB_ID that was started at `since` or later for `asked`. Whoever may start pipelines can start one with
	 * a JOB_ID that is not theirs: what began before, or says that it is of something else, is not taken. null: not seen, or not seen
	 * yet. `rejected`, with their links: there are several, and nothing tells which is ours.
	 */
	find(project: PipelineProject, jobId: string, since: Date, asked?: Sought): Promise<PipelineReport | null>;
	/**
	 * How a run stands now. null: the provider does not know it (any more, or yet). `canWait`: it is asked again anyway, so it is not
	 * sent (VendorError `rate_limited`, with a time) while little is left of the provider's rate limit; steps can always wait.
	 */
	report(project: PipelineProject, externalId: string, canWait?: boolean): Promise<PipelineReport | null>;
	/** Asks the provider to stop it. A request: only a report says that it stopped. */
	cancel(project: PipelineProject, externalId: string): Promise<void>;
	/** null: the provider does not know one of the two (any more). */
	compare(project: PipelineProject, base: string, head: string): Promise<Comparison | null>;
	/** In the order in which they run; empty when there are none yet. 100 at most. */
	steps(project: PipelineProject, externalId: string): Promise<readonly PipelineStep[]>;
	/**
	 * The log of a run that is over, lines oldest first, 10,000 lines and 2 MB at most, the end of it when it is longer; null: the
	 * provider keeps none for us.
	 */
	log(project: PipelineProject, externalId: string): Promise<readonly string[] | null>;
}

/** What a webhook turned out to be. It is stored as JSON. */
export type WebhookContent =
	| {
			readonly kind: "report";
			readonly report: PipelineReport;
			/** As projects name theirs; upper and lower case are the same. */
			readonly repository: string;
			/** As `PipelineProject.pipeline`; null: it does not say which pipeline it is of. */
			readonly pipeline: string | null;
	  }
	/** Something happened to a run, and the delivery does not tell surely what: the provider is asked how the run stands. */
	| {
			readonly kind: "nudge";
			/** As projects name theirs; upper and lower case are the same. */
			readonly repository: string;
			/** The run's id at the provider, or what the address of its page ends in. */
			readonly run: string;
	  }
	/** Why nothing follows from it, for the log. */
	| { readonly kind: "ignored"; readonly because: string };

export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The receiving half of a provider. Pure but for cryptography: verify first, read after. */
export interface WebhookPort {
	/** Checks the signature over the raw bytes, in constant time; one that says its time, also against `now`. False without a secret. */
	verify(secret: string, rawBody: Buffer, headers: WebhookHeaders, now: Date): Promise<boolean> | boolean;
	/** What makes two deliveries the same one; from headers and body. */
	deliveryKey(rawBody: Buffer, headers: WebhookHeaders): string;
	/** Decides quickly, from headers alone, that a delivery is of no interest (ping, other events); null: of interest. */
	ignoredBecause(headers: WebhookHeaders): string | null;
	/** One converter; never throws on odd payloads, says why it ignores them. */
	read(rawBody: Buffer, headers: WebhookHeaders): WebhookContent;
}
