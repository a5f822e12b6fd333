import type { ChildProcess } from "node:child_process";
import type { Logger } from "pino";

export interface KeptProcess {
	/** Ends it, in order if it can be. */
	stop(): Promise<void>;
}

interface KeepOptions {
	/** What people call it. */
	readonly name: string;
	readonly restartAfterMs: number;
	readonly stopWithinMs: number;
	readonly log: Logger;
}

/** Keeps a program running: it is started again when it ended, and when it could not be started. */
export function keepRunning(spawnIt: () => ChildProcess, options: KeepOptions): KeptProcess {
	const { name, log } = options;
	let stopping = false;
	let child: ChildProcess | null = null;
	let again: NodeJS.Timeout | undefined;

	function startAgain(): void {
		child = null;
		if (!stopping) again = setTimeout(start, options.restartAfterMs);
	}

	function start(): void {
		let one: ChildProcess;
		try {
			one = spawnIt();
		} catch (error) {
			log.error({ err: error }, `${name} could not be started: it is tried again`);
			startAgain();
			return;
		}
		child = one;
		one.on("error", (error) => {
			log.error({ err: error }, `${name} could not be started: it is tried again`);
			// There is no "exit" of what never ran.
			if (one.pid === undefined) startAgain();
		});
		one.on("exit", (code, signal) => {
			if (!stopping) log.warn({ code, signal }, `${name} ended: it is started again`);
			startAgain();
		});
	}

	start();
	return {
		async stop() {
			stopping = true;
			clearTimeout(again);
			const one = child;
			if (one === null || one.pid === undefined || one.exitCode !== null || one.signalCode !== null) return;
			const gone = new Promise((resolve) => one.once("exit", resolve));
			one.kill("SIGTERM");
			const late = setTimeout(() => one.kill("SIGKILL"), options.stopWithinMs);
			await gone;
			clearTimeout(late);
		},
	};
}
