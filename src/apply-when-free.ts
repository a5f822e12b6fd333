import type { Logger } from "pino";
import { ApplyRefused } from "./configuration/apply.ts";
import { Sentence } from "./sentence.ts";

const AGAIN_MS = 5_000;

/**
 * Applies a configuration at the start. What only waits for runs at work does not hold the start up, because without a worker they
 * would never end: it is applied when they are over. Gives what ends the waiting. Throws Sentence for every other obstacle.
 */
export async function applyWhenFree(
	apply: () => Promise<void>,
	what: string,
	log: Logger,
	/** Keeps why it waits, for who looks; null: it does not any more. */
	note: (because: readonly string[] | null) => Promise<void>,
	againMs = AGAIN_MS,
): Promise<() => Promise<void>> {
	let again: NodeJS.Timeout | undefined;
	let trying = Promise.resolve();
	let stopped = false;

	async function attempt(): Promise<"applied" | "waits"> {
		try {
			await apply();
			await note(null);
			return "applied";
		} catch (error) {
			if (!(error instanceof ApplyRefused)) throw error;
			if (!error.passes) throw new Sentence(`${what} was not applied: ${error.message}`);
			log.warn({ because: error.problems }, `${what} is not applied yet: it is when these runs are over`);
			await note(error.problems);
			return "waits";
		}
	}

	function later(): void {
		if (stopped) return;
		again = setTimeout(() => {
			trying = attempt().then(
				(became) => {
					if (became === "waits") later();
					else log.info(`${what} is applied now`);
				},
				(error: unknown) => failed(error),
			);
		}, againMs);
	}

	async function failed(error: unknown): Promise<void> {
		if (!(error instanceof Sentence)) {
			// A database that breaks off, and the like, passes.
			log.warn({ err: error }, `${what} could not be applied: it is tried again`);
			later();
			return;
		}
		log.error({ err: error }, `${what} could not be applied`);
		await note([error.message]).catch((err: unknown) => log.error({ err }, "that could not be kept"));
	}

	if ((await attempt()) === "waits") later();
	return async () => {
		stopped = true;
		clearTimeout(again);
		await trying;
		clearTimeout(again);
	};
}
