import { rolesIn } from "../core/access.ts";
import type { AuditEntry } from "../core/audit-entry.ts";
import type { Evidence } from "../core/evidence.ts";
import { type EffectivePolicy, evaluate } from "../core/policy.ts";
import { done, type Outcome, type Refusal, refusal, refused } from "../core/refusal.ts";
import type { ResolvedRef, Run, RunType } from "../core/run.ts";
import type { Facts, Verdict } from "../core/verdict.ts";
import type { Deps } from "../deps.ts";
import { holdChain, writeTrail } from "../store/change.ts";
import { runByDelivery } from "../store/runs.ts";
import { verdictRefusal } from "../words/refusal-words.ts";
import { findPlace, type Place, policyOf } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { ciShown, gatherEvidence } from "./gather-evidence.ts";
import { gatherFacts } from "./gather-facts.ts";
import { actorOf, type Caller } from "./identify.ts";
import { resolveAsked } from "./resolve-asked.ts";
import { writeRequest } from "./write-request.ts";

/** A request for a run, from whatever place it comes. */
export interface RunAsked {
	readonly caller: Caller;
	readonly place: Place;
	readonly type: RunType;
	/** What a person typed; null: the default of the type. */
	readonly ref: string | null;
	/** Rollback: the run to go back to. */
	readonly toRun: number | null;
	readonly parameters: Readonly<Record<string, string>>;
	readonly force: string | null;
	readonly note: string | null;
	readonly retryOf: number | null;
	/** A retry is of this commit alone; null: of whatever the ref names now. */
	readonly onlySha: string | null;
	/** What is live there is what is asked for; `ref` says nothing then. */
	readonly promoteFrom?: Place;
	/** It is only to be explained: no run follows. */
	readonly explain?: true;
	/** What makes two deliveries of this request the same; null: nothing does. */
	readonly deliveryKey: string | null;
}

/** What is known of a request before it is decided: also what `explain` shows. */
export interface Judged {
	readonly ref: ResolvedRef;
	readonly rollback: Run["rollback"];
	readonly promotedFrom: Run["promotedFrom"];
	readonly policy: EffectivePolicy;
	readonly policyVersion: string;
	readonly verdict: Verdict;
	readonly ci: Facts["ci"];
	/** What whoever decides is shown; null: nobody has to. */
	readonly evidence: Evidence | null;
}

/** Asks for a run. A refusal makes none, and is on the audit trail. */
export async function requestRun(deps: Deps, asked: RunAsked): Promise<Outcome<Run>> {
	if (asked.deliveryKey !== null) {
		const before = await runByDelivery(deps.db, asked.deliveryKey);
		if (before !== null) return done(before);
	}
	const right = checkRight(asked.caller, rightFor(asked.type), asked.place);
	const judged: Outcome<Judged> = right === null ? await judgeRequest(deps, asked) : refused(right);
	if (!judged.ok) return refuse(deps, asked, judged.refusal, null);
	const { verdict } = judged.value;
	if (verdict.outcome === "refused")
		return refuse(deps, asked, verdictRefusal(asked.place, asked.type, judged.value.ref, verdict), judged.value);
	const { ref, policy, ci } = judged.value;
	const evidence =
		verdict.approvals > 0 ? await gatherEvidence(deps, asked.place, ref, ciShown(policy.ci.mode, ci)) : null;
	return accept(deps, asked, { ...judged.value, evidence });
}

export function rightFor(type: RunType): "deploy" | "rollback" | "dry_run" {
	return type === "dry-run" ? "dry_run" : type;
}

/** Resolves the ref, gathers the facts and asks the policy. */
export async function judgeRequest(deps: Deps, asked: RunAsked): Promise<Outcome<Judged>> {
	const { place, caller } = asked;
	const policy = await policyOf(deps.db.manager, place.environment.policy);
	if (!policy.ok)
		return refused(
			refusal(
				"policy_unreadable",
				`Nothing is released to ${place.project.slug}/${place.environment.slug}: its policy cannot be evaluated. ${policy.message}`,
				"Ask an admin to mend the policy.",
			),
		);
	const target = await resolveAsked(deps, asked, policy.policy);
	if (!target.ok) return target;
	const { ref } = target.value;
	const roles = rolesIn(caller.bindings, caller.principal, {
		project: place.project.slug,
		environment: place.environment.slug,
	});
	const facts = await gatherFacts(deps, place, policy.policy, {
		type: asked.type,
		ref,
		parameters: asked.parameters,
		force: asked.force === null ? null : { reason: asked.force, roles: [...roles] },
	});
	const verdict = evaluate(policy.policy, facts);
	return done({
		...target.value,
		policy: policy.policy,
		policyVersion: policy.version,
		verdict,
		ci: facts.ci,
		evidence: null,
	});
}

async function refuse(
	deps: Deps,
	asked: RunAsked,
	no: Refusal,
	judged: Judged | null,
): Promise<{ ok: false; refusal: Refusal }> {
	const now = deps.now();
	const entry: AuditEntry = {
		atMs: now.getTime(),
		action: "run.refused",
		actor: actorOf(asked.caller),
		project: asked.place.project.slug,
		environment: asked.place.environment.slug,
		runId: null,
		run: null,
		data: {
			code: no.code,
			message: no.message,
			type: asked.type,
			ref: judged?.ref ?? asked.ref,
			parameters: asked.parameters,
			...(asked.promoteFrom === undefined ? {} : { promoteFrom: asked.promoteFrom.environment.slug }),
			...(judged === null ? {} : { rules: judged.verdict.rules }),
		},
	};
	await deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, asked.place.environment.id);
		await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [entry]);
	});
	return refused(no);
}

async function accept(deps: Deps, asked: RunAsked, judged: Judged): Promise<Outcome<Run>> {
	const result = await deps.db.transaction((tx) => writeRequest(deps, tx, asked, judged));
	if (result !== null) {
		deps.wake();
		return done(result);
	}
	// Nothing was written: the same request was faster, or the environment went or its queue filled up since the policy was asked.
	const before = asked.deliveryKey === null ? null : await runByDelivery(deps.db, asked.deliveryKey);
	if (before !== null) return done(before);
	const { project, environment } = asked.place;
	if ((await findPlace(deps.db.manager, project.slug, environment.slug)) === null)
		return refuse(
			deps,
			asked,
			refusal(
				"unknown_environment",
				`${project.slug}/${environment.slug} was removed from the configuration just now.`,
			),
			judged,
		);
	const limit = judged.policy.queue.limit;
	return refuse(
		deps,
		asked,
		refusal(
			"queue_full",
			`${project.slug}/${environment.slug} has ${limit} waiting runs, as many as its policy lets wait.`,
			"Wait until one has gone, or cancel one that is no longer wanted.",
		),
		judged,
	);
}
