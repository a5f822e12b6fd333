import type { Run } from "../core/run.ts";
import type { Card } from "../ports/chat.ts";
import { card } from "./rich.ts";
import { runTitle } from "./run-card.ts";

/** What the requester is told at once. `approvers`: who can approve, in words. */
export function requestedCard(run: Run, approvers: string): Card {
	const waits = run.progress.state === "waiting_approval";
	const next = waits
		? `It waits for ${run.approvalsRequired === 1 ? "an approval" : `${run.approvalsRequired} approvals`} by somebody else: ${approvers}.`
		: run.progress.state === "queued"
			? "It is queued and starts when the environment is free."
			: `It is ${run.progress.state.replace("_", " ")}.`;
	return card(
		{ kind: "text", text: [{ bold: runTitle(run) }] },
		{ kind: "text", text: [next] },
		{ kind: "small", text: [`deploy show #${run.number} · deploy cancel #${run.number}`] },
	);
}
