import type { Reach } from "../core/access.ts";
import type { Command } from "../core/command.ts";
import { parseCommand } from "../core/parse-command.ts";
import { type Outcome, refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Incoming } from "../ports/chat.ts";
import type { Answer } from "../ports/front.ts";
import { runOfMessage } from "../store/run-cards.ts";
import { runById, runByNumber } from "../store/runs.ts";
import { helpCard } from "../words/help.ts";
import { type CommandContext, no, noRun, yes } from "./answer.ts";
import { answerCancel, answerDecision, answerLock, answerUnlock } from "./answer-act.ts";
import { answerDiff } from "./answer-diff.ts";
import { answerExplain } from "./answer-explain.ts";
import { answerFreeze, answerUnfreeze } from "./answer-freeze.ts";
import {
	answerAdmin,
	answerHistory,
	answerLogs,
	answerQueue,
	answerShow,
	answerStatus,
	answerWhoami,
} from "./answer-look.ts";
import { answerNudge } from "./answer-nudge.ts";
import { answerDeploy, answerPromote, answerRetry, answerRollback } from "./answer-request.ts";
import { knownNames, knownWithin } from "./catalog.ts";
import type { Caller } from "./identify.ts";
import { sees } from "./sight.ts";

/** What was said, where it was said, and how to find out by whom. */
export interface Said extends Pick<Incoming, "platform" | "channel" | "thread" | "text" | "deliveryId"> {
	/** Of a token with a scope: beyond it nothing is there. */
	readonly reach?: Reach | null;
	/** Asked once, after the words made sense; `fresh` for decisions. */
	readonly identify: (fresh: boolean) => Promise<Outcome<Caller>>;
}

/** The whole grammar, wherever it comes from. Nothing is changed unless the answer says so. */
export async function handleCommand(deps: Deps, said: Said): Promise<Answer> {
	const all = await knownNames(deps.db.manager);
	const { reach = null } = said;
	const known = reach === null ? all : knownWithin(reach, all);
	const read = parseCommand(said.text, all);
	// Corrections are made from what may be seen; a look at what lies outside is answered as one at what is not there.
	const parsed = read.ok && !looks(read.command.verb) ? read : parseCommand(said.text, known);
	if (!parsed.ok) {
		const usage = parsed.usage === null ? null : `The form that fits: ${parsed.usage}`;
		return no(refusal(parsed.code, parsed.message, usage, parsed.suggestions));
	}
	const { command } = parsed;
	const decides = command.verb === "approve" || command.verb === "reject";
	const caller = await said.identify(decides);
	if (!caller.ok) return no(caller.refusal);
	return answer(
		{
			deps,
			caller: caller.value,
			deliveryKey: `${said.platform}:${said.deliveryId}`,
			// What lies outside of a token's scope is not there for it, whatever it asks of it.
			findRun: async (number) => {
				const found = await findRun(deps, said, number);
				return found.ok && !sees(caller.value, found.value) ? { ok: false, refusal: noRun(found.value.number) } : found;
			},
		},
		command,
	);
}

function looks(verb: Command["verb"]): boolean {
	return ["status", "queue", "history", "diff", "explain"].includes(verb);
}

async function answer(context: CommandContext, command: Command): Promise<Answer> {
	switch (command.verb) {
		case "deploy":
			return answerDeploy(context, command);
		case "form":
			return { ...yes(helpCard(null)), form: true };
		case "rollback":
			return answerRollback(context, command);
		case "promote":
			return answerPromote(context, command);
		case "explain":
			return answerExplain(context, command);
		case "retry":
			return answerRetry(context, command.run, command.reason);
		case "approve":
		case "reject":
			return answerDecision(context, command.verb, command.run, command.reason);
		case "cancel":
			return answerCancel(context, command.run, command.reason);
		case "nudge":
			return answerNudge(context, command.run, command.reason);
		case "lock":
			return answerLock(context, command);
		case "unlock":
			return answerUnlock(context, command);
		case "freeze":
			return answerFreeze(context, command);
		case "unfreeze":
			return answerUnfreeze(context, command.scope);
		case "status":
			return answerStatus(context, command.project, command.environment);
		case "queue":
			return answerQueue(context, command.project, command.environment);
		case "history":
			return answerHistory(context, command.project, command.environment);
		case "diff":
			return answerDiff(context, command.project, command.environment);
		case "show":
			return answerShow(context, command.run);
		case "logs":
			return answerLogs(context, command.run);
		case "whoami":
			return answerWhoami(context);
		case "admin":
			return answerAdmin(context);
		case "help":
			return yes(helpCard(command.topic));
		default:
			return command satisfies never;
	}
}

async function findRun(deps: Deps, said: Said, number: number | null): Promise<Outcome<Run>> {
	if (number !== null) {
		const run = number > 2_147_483_647 ? null : await runByNumber(deps.db, number);
		return run === null ? { ok: false, refusal: noRun(number) } : { ok: true, value: run };
	}
	const { channel, thread, platform } = said;
	const id =
		channel === null || thread === null ? null : await runOfMessage(deps.db, platform, { channel, messageId: thread });
	const run = id === null ? null : await runById(deps.db, id);
	return run === null
		? {
				ok: false,
				refusal: refusal(
					"run_needed",
					"Which run? Its number can be left out in a run's own thread alone.",
					"Name it, for example: deploy show #12.",
				),
			}
		: { ok: true, value: run };
}
