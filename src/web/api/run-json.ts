import type { z } from "zod";
import type { Approval } from "../../core/decision.ts";
import { externalOf, type Run, startedAtOf } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { approvalsOfRuns } from "../../store/approvals.ts";
import type { RunAnswer } from "./answers.ts";

/** A run as clients see it (SPEC section 8). */
export function runJson(run: Run, approvals: readonly Approval[]): RunJson {
	const at = run.progress;
	return {
		id: run.id,
		number: run.number,
		project: run.project,
		environment: run.environment,
		type: run.type,
		state: at.state,
		ref: run.ref.name,
		refKind: run.ref.kind,
		sha: run.ref.sha,
		parameters: run.parameters,
		requestedBy: { id: run.requestedBy.id, name: run.requestedBy.name },
		/** What the requester said it is for. */
		note: run.note,
		force: run.force,
		approvalsRequired: run.approvalsRequired,
		approvals: approvals.map(({ person, decision, reason, at }) => ({
			person: { id: person.id, name: person.name },
			decision,
			reason,
			at: at.toISOString(),
		})),
		retryOf: run.retryOf,
		rollback: run.rollback,
		promotedFrom: run.promotedFrom,
		externalUrl: externalOf(run)?.externalUrl ?? null,
		createdAt: run.createdAt.toISOString(),
		startedAt: startedAtOf(run)?.toISOString() ?? null,
		finishedAt: "finishedAt" in at ? at.finishedAt.toISOString() : null,
		/** Why it ended as it did, or why it is being stopped. */
		reason: "reason" in at ? at.reason : "stop" in at ? at.stop.reason : null,
	};
}

export type RunJson = z.infer<typeof RunAnswer>;

export async function runsJson(deps: Deps, runs: readonly Run[]): Promise<RunJson[]> {
	const decided = runs.filter((run) => run.approvalsRequired > 0).map((run) => run.id);
	const approvals = decided.length === 0 ? new Map() : await approvalsOfRuns(deps.db, decided);
	return runs.map((run) => runJson(run, approvals.get(run.id) ?? []));
}

export async function oneRunJson(deps: Deps, run: Run): Promise<RunJson> {
	const [json] = await runsJson(deps, [run]);
	return json as RunJson;
}
