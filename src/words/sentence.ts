/** What a person wrote, as a sentence that others may follow. */
export function sentence(text: string): string {
	return /[.!?…]$/.test(text) ? text : `${text}.`;
}
