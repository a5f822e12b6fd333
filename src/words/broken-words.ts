/** What a person reads of a fault of ours: nothing of it, but the id under which the log has it. */
export function brokenSentence(id: string): string {
	return `something went wrong inside of DRAVEN (error ${id}). Tell your admin: the log has it under this id.`;
}
