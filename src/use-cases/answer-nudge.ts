import type { Answer } from "../ports/front.ts";
import { holderWords } from "../words/holder-words.ts";
import { textCard } from "../words/rich.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { canDecide } from "./call-approvers.ts";
import { placeById } from "./catalog.ts";
import { nudgeRun } from "./nudge-run.ts";

export async function answerNudge(
	context: CommandContext,
	number: number | null,
	reason: string | null,
): Promise<Answer> {
	const { deps, caller, findRun } = context;
	const found = await findRun(number);
	if (!found.ok) return no(found.refusal);
	const outcome = await nudgeRun(deps, caller, found.value, reason);
	if (!outcome.ok) return no(outcome.refusal);
	const { run, lock } = outcome.value;
	const place = await placeById(deps.db.manager, run.environmentId);
	if (lock !== null)
		return yes(
			textCard(
				`#${run.number} waits for the lock of `,
				{ person: lock.person },
				` on ${run.project}/${run.environment}, who is told so now.`,
			),
			run.id,
		);
	const who = holderWords(await canDecide(deps, place, run));
	const reached = Object.keys(place.environment.channels).some((platform) => platform in deps.chats);
	const where = reached
		? "They are called on in its thread."
		: `${run.project}/${run.environment} has no channel in which they could be called on: tell them yourself.`;
	return yes(textCard(`#${run.number} waits for approval. Who can: `, ...who, `. ${where}`), run.id);
}
