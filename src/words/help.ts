import { VERB_NAMES, VERBS, type Verb, type VerbName } from "../core/verbs.ts";
import type { Card, CardBlock, Inline, Rich } from "../ports/chat.ts";
import { card } from "./rich.ts";

/** The list of commands, or one of them with examples; made from the grammar's own table. */
export function helpCard(topic: string | null): Card {
	const verb = VERB_NAMES.find((name) => name === topic);
	if (verb !== undefined) return helpOf(verb);
	return card(
		{ kind: "title", text: "What I can do" },
		...VERB_NAMES.map((name): CardBlock => ({ kind: "text", text: line(name) })),
		{
			kind: "small",
			text: [
				"In a run's thread, #run may be left out. @ separates the version: web@v1.4.2. deploy alone opens a form, where the chat has forms. deploy help <verb> has examples.",
			],
		},
	);
}

function helpOf(name: VerbName): Card {
	const { examples, more }: Verb = VERBS[name];
	return card(
		{ kind: "text", text: line(name) },
		...(examples.length === 0 ? [] : [{ kind: "text" as const, text: exampleWords(examples) }]),
		...(more === undefined ? [] : [{ kind: "small" as const, text: [more] }]),
	);
}

function exampleWords(examples: readonly string[]): Rich {
	return ["For example: ", ...examples.flatMap((code, n): Inline[] => [...(n > 0 ? [" · "] : []), { code }])];
}

function line(name: VerbName): Rich {
	const { usage, does } = VERBS[name];
	return [{ code: usage }, `: ${does}`];
}
