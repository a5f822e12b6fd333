import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { isNobodys } from "../core/access.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { holdChainForRequest, insertRun } from "../store/change.ts";
import { openRetryOf } from "../store/runs.ts";
import { entryOf, followUps } from "./advance-run.ts";
import { chatJobs } from "./chat-jobs.ts";
import { fingerprintOf } from "./fingerprint-of.ts";
import { actorOf } from "./identify.ts";
import type { Judged, RunAsked } from "./request-run.ts";

/** The hot path: two statements (a retry has one more). Null: as of insertRun, nothing was written. */
export async function writeRequest(
	deps: Deps,
	tx: EntityManager,
	asked: RunAsked,
	judged: Judged,
): Promise<Run | null> {
	const { place } = asked;
	const { held, number } = await holdChainForRequest(tx, place.environment.id);
	// Clicked twice, or by two people: the retry that is not over yet is the one that both mean.
	const open = asked.retryOf === null ? null : await openRetryOf(tx, place.environment.id, asked.retryOf);
	if (open !== null) return open;
	const now = deps.now();
	const run = newRun(asked, judged, number, now);
	const entry = entryOf(run, "run.requested", actorOf(asked.caller), now, {
		type: run.type,
		ref: run.ref,
		parameters: run.parameters,
		fingerprint: run.fingerprint,
		approvalsRequired: run.approvalsRequired,
		state: run.progress.state,
		note: run.note,
		force: run.force,
		retryOf: run.retryOf,
		rollback: run.rollback,
		...(run.promotedFrom === null ? {} : { promotedFrom: run.promotedFrom }),
		...(isNobodys(asked.caller.principal) ? { nobodys: true } : {}),
	});
	const jobs = [...followUps(deps, null, run, now), ...chatJobs(run, place.environment.channels, [entry])];
	const inserted = await insertRun(
		{ tx, auditKey: deps.auditKey, held, now },
		{
			run,
			verdict: judged.verdict,
			evidence: judged.evidence,
			deliveryKey: asked.deliveryKey,
			holdsPlace: judged.policy.approvals.holdsQueue,
			queueLimit: judged.policy.queue.limit,
		},
		[entry],
		jobs,
	);
	return inserted ? run : null;
}

function newRun(asked: RunAsked, judged: Judged, number: number, now: Date): Run {
	const { place } = asked;
	const { policy, verdict, ref } = judged;
	const force =
		asked.force !== null && verdict.waived.length > 0 ? { reason: asked.force, waived: verdict.waived } : null;
	const inMs = (ms: number) => new Date(now.getTime() + ms);
	return {
		id: randomUUID(),
		number,
		projectId: place.project.id,
		environmentId: place.environment.id,
		project: place.project.slug,
		environment: place.environment.slug,
		type: asked.type,
		ref,
		parameters: verdict.parameters,
		requestedBy: asked.caller.person,
		note: asked.note,
		force,
		fingerprint: fingerprintOf(
			place,
			{ type: asked.type, ref, parameters: verdict.parameters, force },
			judged.policyVersion,
		),
		approvalsRequired: verdict.approvals,
		retryOf: asked.retryOf,
		rollback: judged.rollback,
		promotedFrom: judged.promotedFrom,
		createdAt: now,
		version: 1,
		progress:
			verdict.approvals > 0
				? { state: "waiting_approval", deadline: inMs(policy.approvals.expiresAfter) }
				: { state: "queued", deadline: inMs(policy.timeouts.queue) },
	};
}
