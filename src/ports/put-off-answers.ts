/** Answers to people that could not be told when they were made. */
export interface PutOffAnswers {
	/** One durable insert. Those of one `orderKey` are told one after the other, in the order in which they were kept. */
	keep(answer: { readonly dedupeKey: string; readonly orderKey: string; readonly body: unknown }): Promise<void>;
	/** Whether one with this key is still to be told: what is answered after it has to wait, too. */
	wait(orderKey: string): Promise<boolean>;
}
