interface Unlinked {
	/** The person of its own that it is now; null: of a provider, nobody's. */
	readonly movedTo: object | null;
	readonly sessions: number;
	/** An address that both still have. */
	readonly shared: string | null;
}

/** What became of an account that was taken from a person. `account`: as it is called there. */
export function unlinkedWords(account: string, name: string, { movedTo, sessions, shared }: Unlinked): string {
	const ended = sessions === 0 ? "" : sessions === 1 ? " 1 session is ended." : ` ${sessions} sessions are ended.`;
	if (movedTo === null)
		return `${account} is not ${name}'s any more, and nobody's: link it to whose it is, for until then no author of its commits can be told.`;
	const still =
		shared === null
			? " Of what was asked for until now, neither approves what the other asked for."
			: ` Both still have the address ${shared}, so they still count as one human: neither approves what the other asked for.`;
	return `${account} is not ${name}'s any more, but a person of its own.${ended}${still}`;
}
