import { stripVTControlCharacters } from "node:util";

/** The protocol takes 8192 characters a line; room for the mark is left. */
const LINE_BYTES = 8_000;
const CUT_MARK = " … (line cut)";
const LF = 10;
const CR = 13;

/** Makes lines of a stream of bytes, as a terminal would show them in the end. Never holds more than one line. */
export class LineSplitter {
	readonly #emit: (line: string) => void;
	readonly #line = Buffer.alloc(LINE_BYTES);
	#length = 0;
	#cut = false;
	#returned = false;

	constructor(emit: (line: string) => void) {
		this.#emit = emit;
	}

	push(chunk: Buffer): void {
		for (const byte of chunk) {
			if (byte === LF) this.#end();
			else if (byte === CR) this.#returned = true;
			else this.#add(byte);
		}
	}

	/** The stream is over: what came after the last line end is a line too. */
	close(): void {
		if (this.#length > 0) this.#end();
	}

	#add(byte: number): void {
		// A progress bar writes over its own line: only what it says last is worth keeping.
		if (this.#returned) this.#restart();
		if (this.#length < LINE_BYTES) this.#line[this.#length++] = byte;
		else this.#cut = true;
	}

	#end(): void {
		const text = this.#line.toString("utf8", 0, this.#length);
		// Databases and browsers choke on NUL and its kin, readers on colour codes.
		const plain = stripVTControlCharacters(text).replace(/[^\P{Cc}\t]/gu, "");
		// Not the word that was cut: of a secret, half would not be known as one.
		this.#emit(this.#cut ? plain.replace(/\s\S{0,1000}$/, "") + CUT_MARK : plain);
		this.#restart();
	}

	#restart(): void {
		this.#length = 0;
		this.#cut = false;
		this.#returned = false;
	}
}
