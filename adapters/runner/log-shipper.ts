const BATCH_LINES = 200;
const BATCH_CHARS = 200_000;
const BATCH_EVERY_MS = 500;
const LOG_CHARS = 10_000_000;
const LOG_LINES = 100_000;
const LOG_CUT = "The log ends here: it is longer than 10 MB or 100000 lines. The work goes on.";

/** Sends log lines in batches, in order, one batch at a time, each line numbered from 0. */
export class LogShipper {
	readonly #post: (from: number, lines: string[]) => Promise<void>;
	readonly #waiting: string[] = [];
	#chars = 0;
	#taken = 0;
	#sent = 0;
	#over = false;
	#closing = false;
	#timer: NodeJS.Timeout | null = null;
	#sending: Promise<void> | null = null;

	/** `post` tries for as long as it makes sense; when it throws, nothing more is sent. */
	constructor(post: (from: number, lines: string[]) => Promise<void>) {
		this.#post = post;
	}

	/** Never waits. What waits to be sent is bounded by the limit of the whole log. */
	add(line: string): void {
		if (this.#over) return;
		this.#chars += line.length;
		this.#taken += 1;
		this.#over = this.#chars > LOG_CHARS || this.#taken > LOG_LINES;
		this.#waiting.push(this.#over ? LOG_CUT : line);
		if (this.#waiting.length >= BATCH_LINES) this.#flush();
		else this.#timer ??= setTimeout(() => this.#due(), BATCH_EVERY_MS);
	}

	/** Sends what is left. Never throws: what could not be sent is lost. */
	async close(): Promise<void> {
		this.#closing = true;
		this.#flush();
		await this.#sending;
		this.#over = true;
		if (this.#timer) clearTimeout(this.#timer);
	}

	#due(): void {
		this.#timer = null;
		this.#flush();
	}

	#flush(): void {
		this.#sending ??= this.#send().finally(() => {
			this.#sending = null;
		});
	}

	async #send(): Promise<void> {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		try {
			// A timer that runs means that the lines which came meanwhile are not due yet.
			while (this.#waiting.length >= BATCH_LINES || (this.#waiting.length > 0 && (this.#closing || !this.#timer))) {
				const lines = this.#nextBatch();
				await this.#post(this.#sent, lines);
				this.#sent += lines.length;
			}
		} catch {
			this.#over = true;
			this.#waiting.length = 0;
		}
	}

	#nextBatch(): string[] {
		let count = 0;
		for (let chars = 0; count < Math.min(BATCH_LINES, this.#waiting.length); count++) {
			chars += this.#waiting[count]?.length ?? 0;
			if (count > 0 && chars > BATCH_CHARS) break;
		}
		return this.#waiting.splice(0, count);
	}
}
