/**
 * What ends a command with a sentence for the person who called it, and no stack trace. `exitCode` 1: it was refused, or something
 * was found wrong; 2: the call itself is off (SPEC section 7).
 */
export class Sentence extends Error {
	override readonly name: string = "Sentence";
	readonly exitCode: 1 | 2 = 1;
}

/** The call is off: an option, an argument, a variable of the environment. */
export class CallIsOff extends Sentence {
	override readonly name: string = "CallIsOff";
	override readonly exitCode = 2;
}
