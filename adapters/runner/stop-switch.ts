export type StopReason =
	| "cancelled"
	| "timed_out"
	/** The server said so. */
	| "lease_lost"
	/** No heartbeat came through for so long that the server will soon call this runner dead. */
	| "out_of_touch"
	| "runner_stopped";

/** Stops one piece of work. The first reason counts. */
export class StopSwitch {
	readonly #controller = new AbortController();
	#reason: StopReason | null = null;

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	get reason(): StopReason | null {
		return this.#reason;
	}

	pull(reason: StopReason): void {
		this.#reason ??= reason;
		this.#controller.abort();
	}
}
