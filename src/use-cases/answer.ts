import { type Outcome, type Refusal, refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Answer } from "../ports/front.ts";
import { refusalCard } from "../words/refusal-words.ts";
import type { Caller } from "./identify.ts";

/** What the answer to a command is made from. */
export interface CommandContext {
	readonly deps: Deps;
	readonly caller: Caller;
	/** `<platform>:<delivery>`: what makes two deliveries the same request. */
	readonly deliveryKey: string;
	/** The run that is meant: by number, or by the thread. */
	readonly findRun: (number: number | null) => Promise<Outcome<Run>>;
}

export function noRun(number: number): Refusal {
	return refusal("unknown_run", `There is no run #${number}.`, "deploy history <project> shows the last ones.");
}

export function yes(card: Answer["card"], runId: string | null = null): Answer {
	return { outcome: "done", code: null, card, runId, form: false, secret: false };
}

export function no(why: Refusal): Answer {
	return { outcome: "refused", code: why.code, card: refusalCard(why), runId: null, form: false, secret: false };
}
