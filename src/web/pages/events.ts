import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../deps.ts";
import { driftTurns } from "../../use-cases/drift.ts";

const LOOK_EVERY_MS = 1_000;
/** Proxies cut what is silent for a minute. */
const WORD_EVERY_MS = 15_000;

/** Where the trail and the readings of drift stood when a page was made. Something that a page shows moved since when it is another. */
export async function markNow(deps: Deps): Promise<string> {
	const [row]: { sum: string }[] = await deps.db.query("SELECT coalesce(sum(seq), 0) AS sum FROM chain_head");
	return `${row?.sum ?? 0}.${driftTurns(deps)}`;
}

function markOf(heads: ReadonlyMap<string, string>): string {
	const trail = [...heads].reduce((sum, [chain, seq]) => (chain === DRIFT ? sum : sum + BigInt(seq)), 0n);
	return `${trail}.${heads.get(DRIFT) ?? 0}`;
}

const DRIFT = "drift";
/** Nobody knows where: all that is live is looked at again. */
const ANYWHERE = "*";

interface Watcher {
	/** The mark of what they were shown last; null: it was compared already, or they have none. */
	since: string | null;
	readonly hear: (chains: readonly string[], mark: string) => void;
}

/** One look at the database a second for all who watch, and none when nobody does. */
export class Changes {
	readonly #deps: Deps;
	readonly #watchers = new Set<Watcher>();
	#looking = false;

	constructor(deps: Deps) {
		this.#deps = deps;
	}

	/**
	 * Server-sent events: `changed` with the chains of the trail (one an environment) in which something was written, or * when something was
	 * since the mark that they come with, before anybody listened. Each carries the mark to come back with.
	 */
	async *follow(since: string | null, gone: AbortSignal): AsyncGenerator<string> {
		const changed = new Set<string>();
		let mark = "";
		let wake = () => {};
		const end = () => wake();
		const hear = (chains: readonly string[], now: string) => {
			for (const chain of chains) changed.add(chain);
			mark = now;
			wake();
		};
		const watcher: Watcher = { since, hear };
		this.#watchers.add(watcher);
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
				const told = changed.has(ANYWHERE) ? ANYWHERE : [...changed].join(" ");
				changed.clear();
				yield told === "" ? ": still here\n\n" : `id: ${mark}\nevent: changed\ndata: ${told}\n\n`;
			}
		} finally {
			gone.removeEventListener("abort", end);
			this.#watchers.delete(watcher);
		}
	}

	async #look(): Promise<void> {
		this.#looking = true;
		let seen: ReadonlyMap<string, string> | null = null;
		while (this.#watchers.size > 0) {
			// Whoever comes while the database is asked is compared at the next look: this one may be from before them.
			const here = [...this.#watchers];
			const found = await this.#heads().catch(() => null);
			if (found !== null) {
				this.#tell(here, seen ?? found, found);
				seen = found;
			}
			await sleep(LOOK_EVERY_MS, undefined, { ref: false });
		}
		this.#looking = false;
	}

	#tell(here: readonly Watcher[], before: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): void {
		const mark = markOf(found);
		const chains = [...found].filter(([chain, seq]) => before.get(chain) !== seq).map(([chain]) => chain);
		for (const watcher of this.#watchers) {
			const told = watcher.since === null || watcher.since === mark || !here.includes(watcher) ? chains : [ANYWHERE];
			if (here.includes(watcher)) watcher.since = null;
			if (told.length > 0) watcher.hear(told, mark);
		}
	}

	/** Whatever changes writes to the trail: the heads of its chains say where something did. Only what providers were asked is not in it. */
	async #heads(): Promise<ReadonlyMap<string, string>> {
		const rows: { chain: string; seq: string }[] = await this.#deps.db.query("SELECT chain, seq FROM chain_head");
		return new Map([...rows.map(({ chain, seq }) => [chain, seq] as const), [DRIFT, String(driftTurns(this.#deps))]]);
	}
}
