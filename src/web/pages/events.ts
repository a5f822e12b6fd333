import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../deps.ts";

const LOOK_EVERY_MS = 1_000;
/** Proxies cut what is silent for a minute. */
const WORD_EVERY_MS = 15_000;

/** One look at the database a second for all who watch, and none when nobody does. */
export class Changes {
	readonly #deps: Deps;
	readonly #watchers = new Set<() => void>();
	#looking = false;

	constructor(deps: Deps) {
		this.#deps = deps;
	}

	get watchers(): number {
		return this.#watchers.size;
	}

	/** Server-sent events: `changed` when anything that the page shows may have. */
	async *follow(gone: AbortSignal): AsyncGenerator<string> {
		let changed = false;
		let wake = () => {};
		const hear = () => {
			changed = true;
			wake();
		};
		this.#watchers.add(hear);
		gone.addEventListener("abort", hear);
		if (!this.#looking) void this.#look();
		try {
			yield "retry: 3000\n: here it comes\n\n";
			while (!gone.aborted) {
				if (!changed)
					await new Promise<void>((resolve) => {
						const timer = setTimeout(resolve, WORD_EVERY_MS);
						wake = () => {
							clearTimeout(timer);
							resolve();
						};
					});
				if (gone.aborted) return;
				yield changed ? "event: changed\ndata: \n\n" : ": still here\n\n";
				changed = false;
			}
		} finally {
			gone.removeEventListener("abort", hear);
			this.#watchers.delete(hear);
		}
	}

	async #look(): Promise<void> {
		this.#looking = true;
		let seen: string | null = null;
		while (this.#watchers.size > 0) {
			// Whatever changes writes to the trail: the heads of its chains, one row an environment, say that something did.
			const found: string | null = await this.#deps.db
				.query("SELECT sum(seq)::text AS sum FROM chain_head")
				.then((rows: { sum: string }[]) => rows[0]?.sum ?? null)
				.catch(() => seen);
			if (seen !== null && found !== seen) for (const tell of this.#watchers) tell();
			seen = found;
			await sleep(LOOK_EVERY_MS, undefined, { ref: false });
		}
		this.#looking = false;
	}
}
