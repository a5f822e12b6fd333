import { VERB_NAMES, VERBS, type VerbName } from "../core/verbs.ts";
import type { Card, CardBlock } from "../ports/chat.ts";
import { card } from "./rich.ts";

/** The list of commands, or one of them; made from the grammar's own table. */
export function helpCard(topic: string | null): Card {
	const verb = VERB_NAMES.find((name) => name === topic);
	if (verb !== undefined) return card({ kind: "text", text: line(verb) });
	return card(
		{ kind: "title", text: "What I can do" },
		...VERB_NAMES.map((name): CardBlock => ({ kind: "text", text: line(name) })),
		{ kind: "small", text: ["In a run's thread, #run may be left out. @ separates the version: web@v1.4.2."] },
	);
}

function line(verb: VerbName) {
	const { usage, does } = VERBS[verb];
	return [{ code: usage }, `: ${does}`];
}
