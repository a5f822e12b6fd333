import type { Approval } from "./decision.ts";
import type { PersonRef, Run } from "./run.ts";

export type ApprovalDecision =
	/** `enough`: with this one it may go on. */
	| { readonly ok: true; readonly enough: boolean }
	| {
			readonly ok: false;
			readonly code: "not_waiting" | "already_decided" | "fingerprint_changed" | "self_approval" | "author_approval";
	  };

/**
 * Whether one person's decision counts (SPEC promise 2): the run waits, they have not decided yet, what would run is what was asked
 * for, and they are not the requester (unless the policy says `self: true`). The right itself is checked before.
 */
export function decideApproval(asked: {
	readonly run: Run;
	readonly approver: PersonRef;
	readonly decision: "approved" | "rejected";
	readonly existing: readonly Approval[];
	readonly fingerprintNow: string;
	readonly policy: { readonly self: boolean };
	/** They wrote a commit of it, and the policy lets no author approve. */
	readonly barredAuthor: boolean;
}): ApprovalDecision {
	const { run, approver, decision, existing, fingerprintNow, policy, barredAuthor } = asked;
	if (existing.some((one) => one.person.id === approver.id)) return { ok: false, code: "already_decided" };
	if (run.progress.state !== "waiting_approval") return { ok: false, code: "not_waiting" };
	if (fingerprintNow !== run.fingerprint) return { ok: false, code: "fingerprint_changed" };
	// Whoever asked may well say no to it; saying yes is what takes a second person.
	if (decision === "rejected") return { ok: true, enough: false };
	if (run.requestedBy.id === approver.id && !policy.self) return { ok: false, code: "self_approval" };
	if (barredAuthor) return { ok: false, code: "author_approval" };
	const given = existing.filter((one) => one.decision === "approved" && one.fingerprint === run.fingerprint);
	return { ok: true, enough: given.length + 1 >= run.approvalsRequired };
}
