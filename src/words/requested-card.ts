import type { PersonLock } from "../core/person-lock.ts";
import type { Run } from "../core/run.ts";
import type { Card, Rich } from "../ports/chat.ts";
import { heldBy } from "./refusal-words.ts";
import { card } from "./rich.ts";
import { runTitle } from "./run-card.ts";
import { statePhrase } from "./state-label.ts";

/** What stands between a run and its start. */
export interface Ahead {
	/** Who can approve it. */
	readonly approvers: Rich;
	/** What it is queued behind, from that word on; null: nothing. */
	readonly waitsFor: string | null;
	/** A lock of somebody else's; null: there is none. */
	readonly lock: PersonLock | null;
	/** It was there already when it was asked for. */
	readonly isOfEarlier: boolean;
}

/** What the requester is told at once. */
export function requestedCard(run: Run, ahead: Ahead): Card {
	return card(
		{ kind: "text", text: [{ bold: runTitle(run) }] },
		...(ahead.isOfEarlier ? [{ kind: "text" as const, text: [earlierWords(run)] }] : []),
		{ kind: "text", text: nextWords(run, ahead) },
		{ kind: "small", text: [nextCommands(run).join(" · ")] },
	);
}

function earlierWords({ number, retryOf, requestedBy }: Run): string {
	return `No new run was made: #${retryOf} is retried by #${number} already, which ${requestedBy.name} asked for and which is not over yet. Once it is, #${retryOf} can be retried again.`;
}

function nextCommands({ number, progress }: Run): string[] {
	const nudge = progress.state === "waiting_approval" ? [`deploy nudge #${number}`] : [];
	return [`deploy show #${number}`, ...nudge, `deploy cancel #${number}`];
}

function nextWords(run: Run, { approvers, waitsFor, lock }: Ahead): Rich {
	const { project, environment } = run;
	const held =
		lock === null
			? ""
			: ` 🔒 ${project}/${environment} is locked by ${heldBy(lock)}: it does not start before that ends.`;
	switch (run.progress.state) {
		case "waiting_approval": {
			const many = run.approvalsRequired === 1 ? "an approval" : `${run.approvalsRequired} approvals`;
			return [`It waits for ${many} by somebody else: `, ...approvers, `.${held}`];
		}
		case "queued":
			if (lock !== null) return [`It is queued.${held}`];
			return [
				waitsFor === null ? "It is queued and starts when the environment is free." : `It is queued ${waitsFor}.`,
			];
		default:
			return [`It ${statePhrase(run.progress.state)}.`];
	}
}
