import { type CarryOutOptions, carryOut } from "./carry-out.ts";
import { pause, TokenRefused } from "./client.ts";
import type { Outcome } from "./execute.ts";
import { sweep } from "./work-folder.ts";

export interface RunnerOptions extends CarryOutOptions {
	readonly name: string;
	readonly labels: readonly string[];
	/** Seconds that one claim waits for work. */
	readonly waitSeconds: number;
	/** Ends after one piece of work. */
	readonly once: boolean;
}

/**
 * Asks for work and carries it out, one piece at a time, until it is told to stop. Gives how the last piece ended; null: there
 * was none. Throws TokenRefused.
 */
export async function runRunner(options: RunnerOptions): Promise<Outcome | null> {
	await sweep(options.workFolder);
	options.log.info({ name: options.name, labels: options.labels }, "Waiting for work");
	let last: Outcome | null = null;
	let failures = 0;
	while (!options.stop.aborted) {
		try {
			const work = await options.client.claim(claimOf(options), options.stop);
			failures = 0;
			if (work === null) continue;
			last = (await carryOut(work, options)) ?? last;
			if (options.once && last !== null) return last;
		} catch (error) {
			if (error instanceof TokenRefused) throw error;
			if (options.stop.aborted) break;
			options.log.warn(`No work: ${error instanceof Error ? error.message : "unknown error"} Trying again.`);
			await pause(failures++, options.stop);
		}
	}
	return last;
}

function claimOf(options: RunnerOptions) {
	return { runner: options.name, labels: [...options.labels], waitSeconds: options.waitSeconds };
}
