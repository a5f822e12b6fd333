import type { PersonLock } from "../core/person-lock.ts";
import type { Card } from "../ports/chat.ts";
import { heldBy } from "./refusal-words.ts";
import { card, textCard } from "./rich.ts";

export function lockedCard(
	project: string,
	environment: string,
	lock: PersonLock,
	stolenFrom: PersonLock | null,
): Card {
	const taken = stolenFrom === null ? "" : ` It was ${stolenFrom.person.name}'s, who is told.`;
	return card(
		{ kind: "text", text: [`🔒 ${project}/${environment} is locked by ${heldBy(lock)}.${taken}`] },
		{
			kind: "small",
			text: [`Only ${lock.person.name}'s own runs pass. deploy unlock ${project} ${environment} gives it free.`],
		},
	);
}

export function unlockedCard(project: string, environment: string, lock: PersonLock | null): Card {
	return textCard(
		lock === null
			? `${project}/${environment} was not locked.`
			: `🔓 ${project}/${environment} is free again; it was locked by ${heldBy(lock)}.`,
	);
}
