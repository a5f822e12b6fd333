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

interface Where {
	readonly project: { readonly slug: string };
	readonly environment: { readonly slug: string };
}

const nameOf = ({ project, environment }: Where) => `${project.slug}/${environment.slug}`;

/** For the channel of the environment: whoever wants to deploy there has to know. */
export function lockNotice(where: Where, lock: PersonLock, takenFrom: PersonLock | null): string {
	const before = takenFrom === null ? "" : ` The lock was ${takenFrom.person.name}'s until now.`;
	return `🔒 ${nameOf(where)} is locked by ${heldBy(lock)}: only their own runs pass.${before}`;
}

export function unlockNotice(
	where: Where,
	by: { readonly person: { readonly name: string } },
	lock: PersonLock,
	reason: string | null,
): string {
	const why = reason === null ? "" : ` Why: ${reason}`;
	return `🔓 ${by.person.name} unlocked ${nameOf(where)}. It was locked by ${heldBy(lock)}.${why}`;
}

export function expiredNotice(where: Where, lock: PersonLock): string {
	return `🔓 ${nameOf(where)} is free again: the lock of ${lock.person.name} has run out.`;
}
