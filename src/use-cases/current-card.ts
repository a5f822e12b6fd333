import { isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Card } from "../ports/chat.ts";
import { approvalsOf } from "../store/approvals.ts";
import { personLock } from "../store/locks.ts";
import { activeRun, evidenceOf, queuedRuns, verdictOf } from "../store/runs.ts";
import { heldBy } from "../words/refusal-words.ts";
import { runCard } from "../words/run-card.ts";
import { verdictNotes } from "../words/verdict-notes.ts";

/** What a run's root card shows right now. */
export async function currentCard(deps: Deps, run: Run): Promise<Card> {
	const verdict = isEnd(run.progress.state) ? null : await verdictOf(deps.db, run.id);
	return runCard(run, {
		approvals: await approvalsOf(deps.db, run.id),
		evidence: run.progress.state === "waiting_approval" ? await evidenceOf(deps.db, run.id) : null,
		waitsFor: run.progress.state === "queued" ? await waitsFor(deps, run) : null,
		notes: verdict === null ? [] : verdictNotes(verdict),
	});
}

/** In words, what a queued run waits for; null: nothing, it is next. */
async function waitsFor(deps: Deps, run: Run): Promise<string | null> {
	const active = await activeRun(deps.db, run.environmentId);
	if (active !== null) return `waits for #${active.number}, which is at work there`;
	const lock = await personLock(deps.db, run.environmentId, deps.now());
	if (lock !== null && lock.person.id !== run.requestedBy.id)
		return `waits, the environment is locked by ${heldBy(lock)}`;
	const before = (await queuedRuns(deps.db, run.environmentId)).findIndex((one) => one.id === run.id);
	return before > 0 ? `${before} before it` : null;
}
