import { type CarryOutOptions, carryOut } from "./carry-out.ts";
import { pause, TokenRefused } from "./client.ts";
import type { Outcome } from "./execute.ts";
import { openWorkFolder } from "./work-folder.ts";

export interface RunnerOptions extends Omit<CarryOutOptions, "workFolder"> {
	/** Folder for checkouts; runners may share it. */
	readonly workFolder: string;
	readonly name: string;
	readonly labels: readonly string[];
	/** Seconds that one claim waits for work. */
	readonly waitSeconds: number;
	/** Ends after one piece of work. */
	readonly once: boolean;
}

/**
 * Asks for work and carries it out, one piece at a time, until it is told to stop. Gives how the last piece ended; null: there
 * was none. Throws TokenRefused and WorkFolderUnusable.
 */
export async function runRunner(options: RunnerOptions): Promise<Outcome | null> {
	const workFolder = await openWorkFolder(options.workFolder, options.log);
	try {
		return await takeWork(options, { ...options, workFolder });
	} finally {
		await workFolder.close();
	}
}

async function takeWork(options: RunnerOptions, carry: CarryOutOptions): Promise<Outcome | null> {
	options.log.info({ name: options.name, labels: options.labels }, "Waiting for work");
	let last: Outcome | null = null;
	let failures = 0;
	while (!options.stop.aborted) {
		try {
			const work = await options.client.claim(claimOf(options), options.stop);
			failures = 0;
			if (work === null) continue;
			last = (await carryOut(work, carry)) ?? last;
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
