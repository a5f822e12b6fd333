import type { Command } from "../core/command.ts";
import type { Outcome, Refusal } from "../core/refusal.ts";
import type { Answer } from "../ports/front.ts";
import { personLock } from "../store/locks.ts";
import { evidenceBlocks } from "../words/evidence-words.ts";
import { lockExplained, rightExplained } from "../words/explain-words.ts";
import { holderWords } from "../words/holder-words.ts";
import { card } from "../words/rich.ts";
import { refName } from "../words/run-card.ts";
import { verdictCard } from "../words/verdict-words.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { isAnswer, placeOf } from "./answer-request.ts";
import { approversOf } from "./approvers.ts";
import { checkRight } from "./check-right.ts";
import { ciShown, gatherEvidence } from "./gather-evidence.ts";
import { type Authors, readAuthors } from "./read-authors.ts";
import { judgeRequest } from "./request-run.ts";

/** Every rule, the right of whoever asks, and what else stands in the way; nothing is asked for. */
export async function answerExplain(
	context: CommandContext,
	command: Extract<Command, { verb: "explain" }>,
): Promise<Answer> {
	const { deps, caller } = context;
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	const judged = await judgeRequest(deps, {
		caller,
		deliveryKey: null,
		explain: true,
		place,
		type: "deploy",
		ref: command.ref,
		toRun: null,
		parameters: command.parameters,
		force: null,
		note: null,
		retryOf: null,
		onlySha: null,
	});
	if (!judged.ok) return no(judged.refusal);
	const { ref, verdict, ci, policy } = judged.value;
	const evidence = await gatherEvidence(deps, place, ref, ciShown(policy.ci.mode, ci));
	const title = `${place.project.slug}@${refName({ ref })} → ${place.environment.slug}`;
	const right: Refusal | null = checkRight(caller, "deploy", place);
	const self = policy.approvals.self ? [] : [caller.person.id];
	const approvers = holderWords(await approversOf(deps.db, place, new Set(self), caller.via === "api"));
	const judgement = verdictCard(title, verdict, { approvers, may: right === null });
	const barred = policy.approvals.commitAuthors || verdict.approvals === 0 ? null : await readAuthors(deps, place, ref);
	const lock = await personLock(deps.db, place.environment.id, deps.now());
	return yes(
		card(
			...judgement.blocks,
			{ kind: "text", text: rightExplained(place, right) },
			...(lock === null ? [] : [{ kind: "text" as const, text: lockExplained(lock, caller.person) }]),
			...(barred === null ? [] : [{ kind: "text" as const, text: [barredWords(barred)] }]),
			{ kind: "divider" },
			...evidenceBlocks(evidence),
		),
	);
}

function barredWords(authors: Outcome<Authors>): string {
	if (!authors.ok)
		return `Nobody could approve it now. ${authors.refusal.message} ${authors.refusal.next ?? ""}`.trim();
	const names = [...new Set(authors.value.values())];
	return names.length === 0
		? "It has no commits that are not live, so no author is barred from approving."
		: `May not approve it, because they wrote a commit of it: ${names.join(", ")}.`;
}
