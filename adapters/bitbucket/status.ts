import { z } from "zod";
import type { PipelineStatus } from "../../src/ports/pipeline.ts";

const named = z
	.object({
		name: z.string(),
		error: z.object({ message: z.string().nullish() }).nullish().catch(null),
		terminator: z.object({ display_name: z.string().nullish() }).nullish().catch(null),
	})
	.nullish()
	.catch(null);

/** How a pipeline or a step stands: a stage while it goes on, a result at its end. Whatever is of another shape is null. */
export const State = z.object({ name: z.string(), stage: named, result: named }).nullish().catch(null);
export type State = z.infer<typeof State>;

const BEFORE_THE_END: Readonly<Record<string, PipelineStatus>> = {
	PENDING: "queued",
	READY: "queued",
	IN_PROGRESS: "running",
	BUILDING: "running",
	RUNNING: "running",
	PAUSED: "waiting",
	HALTED: "waiting",
};

const RESULTS: Readonly<Record<string, PipelineStatus>> = {
	SUCCESSFUL: "succeeded",
	FAILED: "failed",
	ERROR: "failed",
	STOPPED: "cancelled",
	EXPIRED: "timed_out",
};

/** Over only when it is completed and has a result. null: a value that we do not know. */
export function statusOf(state: State): PipelineStatus | null {
	if (state == null) return null;
	if (state.name === "COMPLETED") return lookUp(RESULTS, state.result?.name);
	// The stage says more than the name: in progress may be paused.
	return lookUp(BEFORE_THE_END, state.stage?.name ?? state.name);
}

function lookUp(table: Readonly<Record<string, PipelineStatus>>, key: string | undefined): PipelineStatus | null {
	return key !== undefined && Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}

/** What a state says by itself; null: nothing beyond its name. */
export function reasonOf(state: State): string | null {
	switch (state?.name === "COMPLETED" ? state.result?.name : (state?.stage?.name ?? state?.name)) {
		case "PAUSED":
			return "It waits at Bitbucket for somebody to start its next step.";
		case "HALTED":
			return "It is halted at Bitbucket: somebody has to look at it and resume it there.";
		case "ERROR": {
			const said = state?.result?.error?.message ?? "";
			return `Bitbucket could not run it${said === "" ? "." : `: ${said.replace(/\s+/g, " ").slice(0, 300).replace(/\.?$/, ".")}`}`;
		}
		case "EXPIRED":
			return "It ran longer than Bitbucket allows.";
		case "STOPPED": {
			const by = state?.result?.terminator?.display_name ?? "";
			return by === "" ? null : `Stopped at Bitbucket by ${by.replace(/\s+/g, " ").slice(0, 80)}.`;
		}
		default:
			return null;
	}
}
