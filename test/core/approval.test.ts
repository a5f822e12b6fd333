import { expect, test } from "@jest/globals";
import { type ApprovalDecision, decideApproval } from "../../src/core/approval.ts";
import type { Approval } from "../../src/core/decision.ts";
import type { PersonRef, Run } from "../../src/core/run.ts";
import { ADA, aRun, at, BOB, EVE } from "./a-run.ts";

const run = aRun();
const given = (person: PersonRef, more: Partial<Approval> = {}): Approval => ({
	person,
	decision: "approved",
	fingerprint: run.fingerprint,
	reason: null,
	at: at(1),
	...more,
});
const queued: Run = { ...run, progress: { state: "queued", deadline: at(9) } };
const more = { ok: true, enough: false } as const;
const enough = { ok: true, enough: true } as const;
const no = (code: Extract<ApprovalDecision, { ok: false }>["code"]) => ({ ok: false, code }) as const;

type Asked = Partial<Parameters<typeof decideApproval>[0]>;
const CASES: readonly (readonly [what: string, asked: Asked, answer: ApprovalDecision])[] = [
	["the first of two", {}, more],
	["the second of two", { existing: [given(EVE)] }, enough],
	["the second, when the first was for something else", { existing: [given(EVE, { fingerprint: "other" })] }, more],
	["the second, when the first was a rejection", { existing: [given(EVE, { decision: "rejected" })] }, more],
	["twice by one person", { existing: [given(BOB)] }, no("already_decided")],
	["yes after no by one person", { existing: [given(BOB, { decision: "rejected" })] }, no("already_decided")],
	["a double click after the last one", { run: queued, existing: [given(BOB)] }, no("already_decided")],
	["too late", { run: queued }, no("not_waiting")],
	["of something that changed", { fingerprintNow: "other" }, no("fingerprint_changed")],
	["by the requester", { approver: ADA }, no("self_approval")],
	["by the requester under another name", { approver: { ...ADA, name: "A." } }, no("self_approval")],
	["by the requester where the policy lets them", { approver: ADA, policy: { self: true } }, more],
	["no, by the requester", { approver: ADA, decision: "rejected" }, more],
	["by an author whom the policy bars", { barredAuthor: true }, no("author_approval")],
	["no, by an author", { barredAuthor: true, decision: "rejected" }, more],
	["no, by somebody", { decision: "rejected", existing: [given(EVE)] }, more],
];

test.each(CASES)("%s", (_what, asked, answer) => {
	const standard = { run, approver: BOB, decision: "approved", existing: [], fingerprintNow: run.fingerprint } as const;
	expect(decideApproval({ ...standard, policy: { self: false }, barredAuthor: false, ...asked })).toEqual(answer);
});
