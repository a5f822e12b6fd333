import { isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Card } from "../ports/chat.ts";
import { approvalsOf } from "../store/approvals.ts";
import { ANSWER_LOST, lastNote, notedOf, saysWaiting } from "../store/noted.ts";
import { evidenceOf, verdictOf } from "../store/runs.ts";
import { runCard } from "../words/run-card.ts";
import { verdictNotes } from "../words/verdict-notes.ts";
import { frozenWaiting } from "./frozen-waiting.ts";
import { waitsFor } from "./waits-for.ts";

/** What a run's root card shows right now. */
export async function currentCard(deps: Deps, run: Run): Promise<Card> {
	const at = run.progress;
	const verdict = isEnd(at.state) ? null : await verdictOf(deps.db, run.id);
	const unknown = "triggerAttempted" in at && at.triggerAttempted && at.external === null;
	const lost = unknown ? await notedOf(deps.db, run.id, ANSWER_LOST) : null;
	const last = at.state === "running" ? await lastNote(deps.db, run.id) : null;
	const waits = last !== null && saysWaiting(last.said) ? [`⏸️ ${last.note}`] : [];
	const freeze = await frozenWaiting(deps, run);
	const frozen = freeze === null ? [] : [`❄️ It cannot be approved now. ${freeze.reason}`];
	return runCard(run, {
		approvals: await approvalsOf(deps.db, run.id),
		evidence: run.progress.state === "waiting_approval" ? await evidenceOf(deps.db, run.id) : null,
		waitsFor: run.progress.state === "queued" ? await waitsFor(deps, run) : null,
		notes: [
			...frozen,
			...(verdict === null ? [] : verdictNotes(verdict)),
			...(lost === null ? [] : [`⚠️ ${lost}`]),
			...waits,
		],
	});
}
