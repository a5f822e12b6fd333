import type { Command } from "../core/command.ts";
import { refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Answer } from "../ports/front.ts";
import { lockedCard, unlockedCard } from "../words/lock-words.ts";
import { textCard } from "../words/rich.ts";
import { stateLabel } from "../words/state-label.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { isAnswer, placeOf } from "./answer-request.ts";
import { cancelRun } from "./cancel-run.ts";
import { decideRun } from "./decide-run.ts";
import { lockEnvironment, unlockEnvironment } from "./lock-environment.ts";

type Of<V extends Command["verb"]> = Extract<Command, { verb: V }>;

export async function answerDecision(
	context: CommandContext,
	verb: "approve" | "reject",
	number: number | null,
	reason: string | null,
): Promise<Answer> {
	const found = await context.findRun(number);
	return found.ok ? decide(context, verb, found.value, reason) : no(found.refusal);
}

export async function decide(
	context: CommandContext,
	verb: "approve" | "reject",
	run: Run,
	reason: string | null,
): Promise<Answer> {
	const outcome = await decideRun(
		context.deps,
		context.caller,
		run,
		verb === "approve" ? "approved" : "rejected",
		reason,
	);
	if (!outcome.ok) return no(outcome.refusal);
	const { number, progress } = outcome.value;
	const told = verb === "approve" ? "Your approval is recorded." : "It is rejected.";
	return yes(textCard(told, ` #${number}: `, { bold: stateLabel(progress.state) }), run.id);
}

export async function answerCancel(
	context: CommandContext,
	number: number | null,
	reason: string | null,
): Promise<Answer> {
	const found = await context.findRun(number);
	return found.ok ? cancel(context, found.value, reason) : no(found.refusal);
}

export async function cancel(context: CommandContext, run: Run, reason: string | null): Promise<Answer> {
	const outcome = await cancelRun(context.deps, context.caller, run, reason);
	if (!outcome.ok) return no(outcome.refusal);
	const { number, progress } = outcome.value;
	return yes(textCard(`#${number}: `, { bold: stateLabel(progress.state) }), run.id);
}

export async function answerLock(context: CommandContext, command: Of<"lock">): Promise<Answer> {
	if (command.steal === "")
		return no(
			refusal(
				"reason_needed",
				"Taking somebody's lock needs a reason: they will read it.",
				'Say it again with: --steal "why".',
			),
		);
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	const outcome = await lockEnvironment(context.deps, context.caller, place, command);
	if (!outcome.ok) return no(outcome.refusal);
	return yes(lockedCard(place.project.slug, place.environment.slug, outcome.value.lock, outcome.value.stolenFrom));
}

export async function answerUnlock(context: CommandContext, command: Of<"unlock">): Promise<Answer> {
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	const outcome = await unlockEnvironment(context.deps, context.caller, place, command.reason);
	if (!outcome.ok) return no(outcome.refusal);
	return yes(unlockedCard(place.project.slug, place.environment.slug, outcome.value));
}
