export interface Named {
	readonly name: string;
	readonly email: string;
}

/** Whom the trailers of a commit's message name besides its author, anywhere in it: people paste them where they like. */
export function coAuthorsOf(message: string): readonly Named[] {
	return [...message.matchAll(/^[ \t]*co-authored-by:[ \t]*([^<>\n]{0,200})<([^<>\s]{1,254})>[ \t]*\r?$/gim)].map(
		([, name = "", email = ""]) => ({ name: name.trim() || email, email }),
	);
}

/** An address that no human reads or writes from: that of a provider's own hand, or of a program. */
export function isNobodys(email: string | null): boolean {
	return email !== null && (/^no-?reply@/i.test(email) || /\[bot\]@/i.test(email));
}
