import type { RunState } from "../../src/core/run.ts";
import type { PipelineStatus } from "../../src/ports/pipeline.ts";
import type { JobKind } from "../../src/store/jobs.ts";
import { ACTIVE, lockAt, type Model, type ModelRun, moved, queued } from "./model.ts";

/** Who is first may start; who was before it and can no longer start has left the line. `next`: who was first when the job began. */
export function mayDispatch(model: Model, run: ModelRun, next: ModelRun | null, now: number): RunState[] {
	if (run.state !== "queued" || next === null) return [];
	if ((run.deadline ?? 0) <= now) return ["expired"];
	if (moved(model, run)) return ["superseded"];
	const lock = lockAt(model, run.env, now);
	if (lock !== null && lock.user !== run.user) return [];
	const approvals = [...run.decided].filter(([user, said]) => said === "approve" && user !== run.user).length;
	if (approvals < run.required) return [];
	const stays = queued(model, run.env).some(
		(one) =>
			(one.place ?? 0) < (run.place ?? 0) &&
			(lock === null || lock.user === one.user) &&
			(one.deadline ?? 0) > now &&
			!moved(model, one),
	);
	return stays ? [] : ["dispatching"];
}

/** Where a report may bring a run that is at work. */
export function followsFrom(status: PipelineStatus | null): RunState[] {
	switch (status) {
		case null:
			return [];
		case "queued":
			return [];
		case "running":
		case "waiting":
			return ["running"];
		case "cancelled":
			return ["cancelled", "timed_out"];
		default:
			return [status];
	}
}

/** Where a job of a run may bring it. */
export function mayChange(kind: JobKind, run: ModelRun, status: PipelineStatus | null, now: number): RunState[] {
	const isActive = ACTIVE.includes(run.state);
	const reported = isActive ? followsFrom(status) : [];
	switch (kind) {
		case "trigger":
			return isActive ? [...reported, "failed", ...(run.state === "cancelling" ? (["cancelled"] as const) : [])] : [];
		case "cancel":
			return run.state === "cancelling" ? [...reported, "cancelled"] : [];
		case "poll":
			return reported;
		case "deadline": {
			if (run.deadline === null || run.deadline > now) return [];
			if (run.state === "waiting_approval" || run.state === "queued") return ["expired"];
			if (run.state === "dispatching") return [...reported, "failed"];
			return run.state === "running" ? [...reported, "cancelling"] : [...reported, "timed_out"];
		}
		default:
			return [];
	}
}
