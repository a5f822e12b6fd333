/** The life of a run (SPEC section 3). Pure: no IO, no clock. */

export type RunType = "deploy" | "rollback" | "dry-run";

export type ActiveState = "dispatching" | "running" | "cancelling";
export type EndState = "succeeded" | "failed" | "rejected" | "cancelled" | "expired" | "superseded" | "timed_out";
export type RunState = "waiting_approval" | "queued" | ActiveState | EndState;

/** Which states may follow which. An end has no next state: terminal states never change. */
export const NEXT_STATES: Record<RunState, readonly RunState[]> = {
	waiting_approval: ["queued", "rejected", "expired", "superseded", "cancelled"],
	queued: ["dispatching", "cancelled", "superseded", "expired"],
	dispatching: ["running", "failed", "cancelling"],
	running: ["succeeded", "failed", "timed_out", "cancelling"],
	cancelling: ["cancelled", "succeeded", "failed", "timed_out"],
	succeeded: [],
	failed: [],
	rejected: [],
	cancelled: [],
	expired: [],
	superseded: [],
	timed_out: [],
};

export const RUN_STATES = Object.keys(NEXT_STATES) as RunState[];

/** The states that hold the environment's lock: at most one run an environment is in one of them. */
export const ACTIVE_STATES: readonly ActiveState[] = ["dispatching", "running", "cancelling"];

export function isEnd(state: RunState): state is EndState {
	return NEXT_STATES[state].length === 0;
}

export function isActive(state: RunState): state is ActiveState {
	return (ACTIVE_STATES as readonly RunState[]).includes(state);
}

export type RefKind = "branch" | "tag" | "sha";

/** A ref as asked for and the commit that it named at that moment. */
export interface ResolvedRef {
	/** Branch or tag name without `refs/…/`; for kind `sha` the full SHA. */
	readonly name: string;
	readonly kind: RefKind;
	/** 40 lower-case hex digits (64 in a SHA-256 repository). */
	readonly sha: string;
}

export interface PersonRef {
	readonly id: string;
	readonly name: string;
}

/** What was asked for. It never changes once the run exists. */
export interface RunRequest {
	readonly id: string;
	/** What people call it: `#142`. */
	readonly number: number;
	readonly projectId: string;
	readonly environmentId: string;
	readonly project: string;
	readonly environment: string;
	readonly type: RunType;
	readonly ref: ResolvedRef;
	readonly parameters: Readonly<Record<string, string>>;
	readonly requestedBy: PersonRef;
	/** What the requester said it is for (`--reason`). */
	readonly note: string | null;
	/** What was waived by force and why; null when nothing was forced. */
	readonly force: { readonly reason: string; readonly waived: readonly string[] } | null;
	readonly fingerprint: string;
	readonly approvalsRequired: number;
	readonly retryOf: number | null;
	/** For a rollback: the run that is gone back to, and the SHA that is taken away. */
	readonly rollback: { readonly toRun: number | null; readonly fromSha: string | null } | null;
	/** The run of another environment whose commit this one releases; null: it is no promotion. */
	readonly promotedFrom: { readonly run: number; readonly environment: string } | null;
	readonly createdAt: Date;
}

interface Waiting {
	readonly state: "waiting_approval" | "queued";
	/** When it expires if nothing happens. */
	readonly deadline: Date;
}

interface Dispatching {
	readonly state: "dispatching";
	readonly startedAt: Date;
	/** The pipeline has to be seen at work by then. */
	readonly deadline: Date;
	/** Set before the provider is called: from then on it is never called again (SPEC promise 3). */
	readonly triggerAttempted: boolean;
	/** Known once the provider took it, before it is at work there. */
	readonly external: External | null;
}

/** A run that the provider knows. */
export interface External {
	readonly externalId: string;
	readonly externalUrl: string | null;
}

interface Running {
	readonly state: "running";
	readonly startedAt: Date;
	readonly deadline: Date;
	readonly external: External;
}

interface Cancelling {
	readonly state: "cancelling";
	readonly startedAt: Date;
	readonly deadline: Date;
	readonly external: External | null;
	readonly triggerAttempted: boolean;
	/** Why it is being stopped: a person asked, or its time was over. */
	readonly stop: { readonly why: "person" | "timeout"; readonly reason: string };
}

interface Ended {
	readonly state: EndState;
	/** Null when it ended before the pipeline was called. */
	readonly startedAt: Date | null;
	readonly finishedAt: Date;
	readonly external: External | null;
	/** One sentence for people. */
	readonly reason: string;
}

export type RunProgress = Waiting | Dispatching | Running | Cancelling | Ended;

export interface Run extends RunRequest {
	/** Raised by one with each change; a writer with an old version changes nothing. */
	readonly version: number;
	readonly progress: RunProgress;
}

/** The run at the provider, once it is known. */
export function externalOf(run: Run): External | null {
	return "external" in run.progress ? run.progress.external : null;
}

export function startedAtOf(run: Run): Date | null {
	return "startedAt" in run.progress ? run.progress.startedAt : null;
}
