import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../deps.ts";
import { driftTurns } from "../../use-cases/drift.ts";

const LOOK_EVERY_MS = 1_000;
/** Proxies cut what is silent for a minute. */
const WORD_EVERY_MS = 15_000;

/** One look at the database a second for all who watch, and none when nobody does. */
export class Changes {
	readonly #deps: Deps;
	readonly #watchers = new Set<(chains: readonly string[]) => void>();
	#looking = false;

	constructor(deps: Deps) {
		this.#deps = deps;
	}

	/** Server-sent events: `changed` with the chains of the trail (one an environment) in which something was written. */
	async *follow(gone: AbortSignal): AsyncGenerator<string> {
		const changed = new Set<string>();
		let wake = () => {};
		const end = () => wake();
		const hear = (chains: readonly string[]) => {
			for (const chain of chains) changed.add(chain);
			wake();
		};
		this.#watchers.add(hear);
		gone.addEventListener("abort", end);
		if (!this.#looking) void this.#look();
		try {
			yield "retry: 3000\n: here it comes\n\n";
			while (!gone.aborted) {
				if (changed.size === 0)
					await new Promise<void>((resolve) => {
						const timer = setTimeout(resolve, WORD_EVERY_MS);
						wake = () => {
							clearTimeout(timer);
							resolve();
						};
					});
				if (gone.aborted) return;
				const told = [...changed].join(" ");
				changed.clear();
				yield told === "" ? ": still here\n\n" : `event: changed\ndata: ${told}\n\n`;
			}
		} finally {
			gone.removeEventListener("abort", end);
			this.#watchers.delete(hear);
		}
	}

	async #look(): Promise<void> {
		this.#looking = true;
		let seen: ReadonlyMap<string, string> | null = null;
		while (this.#watchers.size > 0) {
			const found = await this.#heads().catch(() => seen);
			if (seen !== null && found !== null) {
				const before = seen;
				const chains = [...found].filter(([chain, seq]) => before.get(chain) !== seq).map(([chain]) => chain);
				if (chains.length > 0) for (const tell of this.#watchers) tell(chains);
			}
			seen = found;
			await sleep(LOOK_EVERY_MS, undefined, { ref: false });
		}
		this.#looking = false;
	}

	/** Whatever changes writes to the trail: the heads of its chains say where something did. Only what providers were asked is not in it. */
	async #heads(): Promise<ReadonlyMap<string, string>> {
		const rows: { chain: string; seq: string }[] = await this.#deps.db.query("SELECT chain, seq FROM chain_head");
		return new Map([...rows.map(({ chain, seq }) => [chain, seq] as const), ["drift", String(driftTurns(this.#deps))]]);
	}
}
