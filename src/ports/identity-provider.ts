/** What the browser keeps between the way to the provider and the way back. */
export interface Begun {
	readonly state: string;
	readonly nonce: string;
	/** Of PKCE: only who began can redeem the code. */
	readonly verifier: string;
}

/** Somebody of whom the provider says, and may say, that the address is theirs. */
export interface Vouched {
	readonly name: string;
	readonly email: string;
}

/** Somebody who tells us who a person is. Each function throws VendorError with a sentence for that person. */
export interface IdentityProvider {
	/** As people know it. */
	readonly host: string;
	/** Whether it answers and is what it should be. */
	reach(): Promise<void>;
	/** `back`: where the provider shall send the browser to. */
	begin(back: string): Promise<{ readonly url: string; readonly begun: Begun }>;
	/** `answer`: the address at which the browser came back, with its query. */
	finish(answer: URL, begun: Begun): Promise<Vouched>;
}
