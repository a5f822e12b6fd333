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
	againMs = AGAIN_MS,
): Promise<() => Promise<void>> {
	let again: NodeJS.Timeout | undefined;
	let trying = Promise.resolve();

	async function attempt(): Promise<"applied" | "waits"> {
		try {
			await apply();
			return "applied";
		} catch (error) {
			if (!(error instanceof ApplyRefused)) throw error;
			if (!error.passes) throw new Sentence(`${what} was not applied: ${error.message}`);
			log.warn({ because: error.problems }, `${what} is not applied yet: it is when these runs are over`);
			return "waits";
		}
	}

	function later(): void {
		again = setTimeout(() => {
			trying = attempt().then(
				(became) => {
					if (became === "waits") later();
					else log.info(`${what} is applied now`);
				},
				(error: unknown) => log.error({ err: error }, `${what} could not be applied`),
			);
		}, againMs);
	}

	if ((await attempt()) === "waits") later();
	return async () => {
		clearTimeout(again);
		await trying;
		clearTimeout(again);
	};
}
