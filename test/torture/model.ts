import type { RunState, RunType } from "../../src/core/run.ts";

/** The run and lock machine as SPEC sections 3 and 6 tell it, in plain data: nothing of the product is used but the names of states. */

export type Env = "stage" | "production";

export interface ModelRun {
	readonly number: number;
	readonly user: string;
	readonly env: Env;
	readonly type: RunType;
	readonly tag: string;
	readonly sha: string;
	readonly retryOf: number | null;
	readonly required: number;
	readonly decided: Map<string, "approve" | "reject">;
	state: RunState;
	deadline: number | null;
	/** Its place in the queue; null: it never got one. */
	place: number | null;
}

export interface ModelLock {
	readonly user: string;
	readonly until: number | null;
}

export interface Model {
	readonly runs: ModelRun[];
	readonly locks: Map<Env, ModelLock>;
	readonly tags: Map<string, string>;
	places: number;
}

export const LIMIT = 3;
export const OPERATORS: readonly string[] = ["U_OPS", "U_ANN", "U_TWO"];
export const APPROVERS: readonly string[] = ["U_OPS", "U_ANN", "U_BOB"];
export const ADMIN = "U_ADA";
export const USERS = [...new Set([...OPERATORS, ...APPROVERS, ADMIN])];

export const ENDS: readonly RunState[] = [
	"succeeded",
	"failed",
	"rejected",
	"cancelled",
	"expired",
	"superseded",
	"timed_out",
];
export const ACTIVE: readonly RunState[] = ["dispatching", "running", "cancelling"];

export const over = (run: ModelRun) => ENDS.includes(run.state);
export const moved = (model: Model, run: ModelRun) => run.type !== "rollback" && model.tags.get(run.tag) !== run.sha;
export const lockAt = (model: Model, env: Env, now: number) => {
	const lock = model.locks.get(env);
	return lock === undefined || (lock.until !== null && lock.until <= now) ? null : lock;
};
export const queued = (model: Model, env: Env) =>
	model.runs
		.filter((run) => run.env === env && run.state === "queued")
		.sort((one, other) => (one.place ?? 0) - (other.place ?? 0));

/** Who goes next; null: nobody may. */
export function nextInLine(model: Model, env: Env, now: number): ModelRun | null {
	if (model.runs.some((run) => run.env === env && ACTIVE.includes(run.state))) return null;
	const lock = lockAt(model, env, now);
	return queued(model, env).find((run) => lock === null || lock.user === run.user) ?? null;
}

/** What a person is answered (null: it is done), and the state that their run has then. */
export interface Expected {
	readonly code: string | null;
	readonly state?: RunState;
}

export function expectDecision(
	model: Model,
	run: ModelRun,
	user: string,
	verb: "approve" | "reject",
	now: number,
): Expected {
	if (!APPROVERS.includes(user)) return { code: "no_right" };
	if (run.state === "waiting_approval" && (run.deadline ?? 0) <= now) return { code: "expired", state: "expired" };
	const said = run.decided.get(user);
	if (said === verb) return { code: null };
	if (run.state !== "waiting_approval")
		return { code: said !== undefined && !over(run) ? "already_decided" : "not_possible_now" };
	if (said !== undefined) return { code: "already_decided" };
	if (moved(model, run)) return { code: "superseded", state: "superseded" };
	if (verb === "reject") return { code: null, state: "rejected" };
	if (run.user === user) return { code: "self_approval" };
	const given = [...run.decided.values()].filter((decision) => decision === "approve").length + 1;
	return given >= run.required ? { code: null, state: "queued" } : { code: null };
}

export function expectCancel(run: ModelRun, user: string): Expected {
	const own = run.user === user && OPERATORS.includes(user);
	if (!own && user !== ADMIN) return { code: "no_right" };
	if (run.state === "cancelling" || run.state === "cancelled") return { code: null };
	if (over(run)) return { code: "not_possible_now" };
	return { code: null, state: ACTIVE.includes(run.state) ? "cancelling" : "cancelled" };
}

export function expectLock(model: Model, env: Env, user: string, steal: boolean, now: number): Expected {
	const lock = lockAt(model, env, now);
	if (steal && user !== ADMIN) return { code: "no_right" };
	if ((!steal || lock === null) && !OPERATORS.includes(user)) return { code: "no_right" };
	return { code: lock !== null && lock.user !== user && !steal ? "locked" : null };
}

export function expectUnlock(model: Model, env: Env, user: string, now: number): Expected {
	if (!OPERATORS.includes(user) && user !== ADMIN) return { code: "no_right" };
	const lock = lockAt(model, env, now);
	return { code: lock !== null && lock.user !== user && user !== ADMIN ? "locked" : null };
}
