import { isNobodys } from "../core/access.ts";
import { decideApproval } from "../core/approval.ts";
import { SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { done, type Outcome, type Refusal, refusal, refused } from "../core/refusal.ts";
import { isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { sameHuman } from "../store/accounts.ts";
import { approvalsOf, insertApproval } from "../store/approvals.ts";
import { evidenceOf } from "../store/runs.ts";
import { approvalRefusal, endedRefusal } from "../words/refusal-words.ts";
import { askAgainCommand } from "../words/run-card.ts";
import { advanceRun, entryOf } from "./advance-run.ts";
import { approversOf } from "./approvers.ts";
import { type Place, placeById, policyOf } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { fingerprintOf } from "./fingerprint-of.ts";
import { notApprovedIn } from "./follow-run.ts";
import { frozenWaiting } from "./frozen-waiting.ts";
import { actorOf, type Caller } from "./identify.ts";
import { type Authors, readAuthors } from "./read-authors.ts";
import { hasMoved } from "./ref-moved.ts";
import { refuseOnTrail } from "./refuse-on-trail.ts";

/**
 * Approves or rejects. The caller must have been identified afresh. Everything is looked at again: the right, the ref, the policy;
 * an approval holds for this very fingerprint. Saying the same twice has one effect.
 */
export async function decideRun(
	deps: Deps,
	caller: Caller,
	run: Run,
	decision: "approved" | "rejected",
	reason: string | null,
): Promise<Outcome<Run>> {
	const place = await placeById(deps.db.manager, run.environmentId);
	const right = checkRight(caller, decision === "approved" ? "approve" : "reject", place);
	if (right !== null) return refuseOnTrail(deps, caller, run, "run.decision_refused", right);
	const current = await currentFingerprint(deps, run);
	if (!current.ok) return refuseOnTrail(deps, caller, run, "run.decision_refused", current.refusal);
	const frozen = decision === "approved" ? await frozenRefusal(deps, place, run) : null;
	if (frozen !== null) return refuseOnTrail(deps, caller, run, "run.decision_refused", frozen);
	const authors = await barredAuthors(deps, place, run, decision, current.value.approvals);
	if (!authors.ok) return refuseOnTrail(deps, caller, run, "run.decision_refused", authors.refusal);

	let answer: Outcome<Run> | null = null;
	const changed = await advanceRun(deps, run, async (fresh, tx) => {
		const existing = await approvalsOf(tx, fresh.id);
		const at = fresh.progress;
		// Its time is over, also when the work that says so has not come to it yet.
		if (at.state === "waiting_approval" && at.deadline <= deps.now()) {
			answer = refused(
				refusal(
					"expired",
					`#${fresh.number} waited too long and can no longer be decided.`,
					"Ask for it anew.",
					askAgain(fresh),
				),
			);
			return { events: [{ type: "expired", reason: notApprovedIn(fresh, deps.now()) }], actor: SYSTEM_ACTOR };
		}
		// As whoever they have been here before, by another account of theirs.
		const accounts = await sameHuman(tx, caller.person.id, fresh.createdAt);
		const before = existing.find((one) => accounts.has(one.person.id));
		const asRequester = accounts.has(fresh.requestedBy.id) ? fresh.requestedBy : caller.person;
		const decided = decideApproval({
			run: fresh,
			approver: before?.person ?? asRequester,
			decision,
			existing,
			fingerprintNow: current.value.fingerprint,
			policy: current.value.approvals,
			barredAuthor: [...accounts].some((id) => authors.value.has(id)),
		});
		const now = deps.now();
		const actor = actorOf(caller);
		if (!decided.ok) {
			if (decided.code === "already_decided" && before?.decision === decision) {
				answer = done(fresh);
				return null;
			}
			if (decided.code === "fingerprint_changed" && fresh.progress.state === "waiting_approval") {
				const why =
					current.value.moved ?? "The policy or the pipeline of this environment changed since it was asked for.";
				answer = refused(
					refusal(
						"superseded",
						`#${fresh.number} can no longer be decided: ${why}`,
						"Ask for it anew.",
						askAgain(fresh),
					),
				);
				return { events: [{ type: "superseded", reason: why }], actor };
			}
			const except = new Set([...accounts, fresh.requestedBy.id]);
			const helpers = await approversOf(tx, place, except, caller.via === "api");
			const no = isEnd(fresh.progress.state) ? endedRefusal(fresh) : approvalRefusal(decided.code, fresh, helpers);
			answer = refused(no);
			return { audit: [entryOf(fresh, "run.decision_refused", actor, now, { decision, code: no.code })] };
		}
		await insertApproval(tx, fresh.id, {
			person: caller.person,
			decision,
			fingerprint: fresh.fingerprint,
			reason,
			at: now,
		});
		// Which of what was gathered, one after the other, was before them.
		const { at: evidenceAt } = (await evidenceOf(tx, fresh.id)) ?? {};
		const shown = evidenceAt === undefined ? {} : { evidenceAt };
		if (decision === "rejected") {
			const why = `Rejected by ${caller.person.name}${reason === null ? "." : `: ${reason}`}`;
			return { events: [{ type: "rejected", reason: why }], actor, data: shown };
		}
		const approved = entryOf(fresh, "run.approved", actor, now, {
			fingerprint: fresh.fingerprint,
			reason,
			given: existing.length + 1,
			needed: fresh.approvalsRequired,
			...(isNobodys(caller.principal) ? { nobodys: true } : {}),
			...shown,
		});
		const queueDeadline = new Date(now.getTime() + current.value.queueTimeout);
		return {
			events: decided.enough ? [{ type: "approved", queueDeadline }] : [],
			actor,
			audit: [approved],
		};
	});
	return answer ?? (changed === null ? refused(endedRefusal(run)) : done(changed));
}

async function frozenRefusal(deps: Deps, place: Place, run: Run): Promise<Refusal | null> {
	const frozen = await frozenWaiting(deps, run, place);
	return frozen === null
		? null
		: refusal(
				frozen.code,
				`#${run.number} cannot be approved now. ${frozen.reason}`,
				`It still waits: approve it afterwards, or reject it. ${frozen.remedy ?? ""}`.trim(),
			);
}

/** Nobody, when it does not matter any more or the policy does not mind. */
async function barredAuthors(
	deps: Deps,
	place: Place,
	run: Run,
	decision: "approved" | "rejected",
	{ commitAuthors }: Current["approvals"],
): Promise<Outcome<Authors>> {
	if (commitAuthors || decision === "rejected" || run.progress.state !== "waiting_approval") return done(new Map());
	return readAuthors(deps, place, run.ref);
}

interface Current {
	readonly fingerprint: string;
	/** Says how the ref moved; null: it did not. */
	readonly moved: string | null;
	readonly approvals: { readonly self: boolean; readonly commitAuthors: boolean };
	readonly queueTimeout: number;
}

/** What the run's fingerprint would be if it were asked for now. */
async function currentFingerprint(deps: Deps, run: Run): Promise<Outcome<Current>> {
	const place = await placeById(deps.db.manager, run.environmentId);
	const policy = await policyOf(deps.db.manager, place.environment.policy);
	if (!policy.ok)
		return refused(
			refusal(
				"policy_unreadable",
				`#${run.number} cannot be approved: ${policy.message}`,
				"Ask an admin to mend the policy.",
			),
		);
	const moved = await hasMoved(deps, place, run);
	if (!moved.ok) return moved;
	const fingerprint = moved.value === null ? fingerprintOf(place, run, policy.version) : "moved";
	return done({
		fingerprint,
		moved: moved.value,
		approvals: policy.policy.approvals,
		queueTimeout: policy.policy.timeouts.queue,
	});
}

function askAgain(run: Run): Refusal["suggestions"] {
	return [{ label: "Ask again", command: askAgainCommand(run) }];
}
