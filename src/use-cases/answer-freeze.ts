import type { Command } from "../core/command.ts";
import type { FreezeScope } from "../core/freeze.ts";
import type { Answer } from "../ports/front.ts";
import { freezesCard, frozenCard, unfrozenCard } from "../words/freeze-words.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { freezeReleases, freezesSeen, liftFreeze } from "./freeze-releases.ts";

export async function answerFreeze(
	{ deps, caller }: CommandContext,
	command: Extract<Command, { verb: "freeze" }>,
): Promise<Answer> {
	const outcome = await freezeReleases(deps, caller, command);
	if (!outcome.ok) return no(outcome.refusal);
	const { freeze, before, places, zone } = outcome.value;
	return yes(frozenCard(freeze, before, places, zone));
}

export async function answerUnfreeze({ deps, caller }: CommandContext, scope: FreezeScope | null): Promise<Answer> {
	if (scope === null) return yes(freezesCard(await freezesSeen(deps.db, caller, deps.now())));
	const outcome = await liftFreeze(deps, caller, scope);
	return outcome.ok ? yes(unfrozenCard(outcome.value.freeze, outcome.value.still)) : no(outcome.refusal);
}
