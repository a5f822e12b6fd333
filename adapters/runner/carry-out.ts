import type { Logger } from "pino";
import type { Work } from "../../src/ports/runner-protocol.ts";
import { LeaseLost, type RunnerClient } from "./client.ts";
import { type ExecuteOptions, execute, type Outcome } from "./execute.ts";
import { graceWithin, Lease } from "./lease.ts";
import { LogShipper } from "./log-shipper.ts";
import { StopSwitch } from "./stop-switch.ts";

export interface CarryOutOptions extends Pick<ExecuteOptions, "workFolder" | "home" | "env" | "graceMs"> {
	readonly client: RunnerClient;
	/** No new work from now on. */
	readonly stop: AbortSignal;
	/** How long the current work may go on after `stop`. */
	readonly drainMs: number;
	/** The current work is ended without further waiting. */
	readonly hurry: AbortSignal;
	readonly log: Logger;
}

/** A server that was away for longer has long called this runner dead. */
const REPORT_WITHIN_MS = 10 * 60_000;
const LAST_LINES_WITHIN_MS = 30_000;
/** Whoever stops a runner waits for it. */
const WITHIN_WHEN_STOPPED_MS = 10_000;

/** One piece of work from the first heartbeat to the last word. null: it was not begun. */
export async function carryOut(work: Work, options: CarryOutOptions): Promise<Outcome | null> {
	const log = options.log.child({ jobId: work.jobId });
	const stop = new StopSwitch();
	const graceMs = graceWithin(work.leaseSeconds, options.graceMs);
	const lease = new Lease({ client: options.client, work, stop, graceMs, log });
	const release = stopWithRunner(stop, options);
	try {
		if (!(await lease.begin())) {
			log.warn("Not begun: the server did not confirm the work.");
			return null;
		}
		log.info({ sha: work.sha, entrypoint: work.entrypoint }, "Begun");
		const logOver = new AbortController();
		const shipper = shipperOf(work, lease, options.client, logOver.signal, log);
		const outcome = await execute(work, { ...options, graceMs, stop, line: (line) => shipper.add(line), log });
		log.info(outcome, "Ended");
		deadline(LAST_LINES_WITHIN_MS, options.stop).addEventListener("abort", () => logOver.abort(), { once: true });
		await shipper.close();
		await report(work, outcome, lease, options, log);
		return outcome;
	} finally {
		release();
		lease.end();
	}
}

/** The returned function lets the runner's end go its way without this work. */
function stopWithRunner(stop: StopSwitch, options: CarryOutOptions): () => void {
	const released = new AbortController();
	let drain: NodeJS.Timeout | null = null;
	const pull = () => stop.pull("runner_stopped");
	whenAborted(options.hurry, released.signal, pull);
	whenAborted(options.stop, released.signal, () => {
		drain = setTimeout(pull, options.drainMs);
	});
	return () => {
		released.abort();
		if (drain) clearTimeout(drain);
	};
}

function shipperOf(work: Work, lease: Lease, client: RunnerClient, over: AbortSignal, log: Logger): LogShipper {
	const signal = AbortSignal.any([lease.lost, over]);
	return new LogShipper((from, lines) =>
		client.log(work.jobId, { lease: work.lease, from, lines }, signal).catch((error) => {
			if (error instanceof LeaseLost) lease.lose();
			else log.warn(`The log could not be sent: ${error instanceof Error ? error.message : "unknown error"}`);
			throw error;
		}),
	);
}

async function report(
	work: Work,
	outcome: Outcome,
	lease: Lease,
	options: CarryOutOptions,
	log: Logger,
): Promise<void> {
	const signal = AbortSignal.any([lease.lost, deadline(REPORT_WITHIN_MS, options.stop)]);
	try {
		await options.client.finish(work.jobId, { lease: work.lease, ...outcome }, signal);
	} catch (error) {
		log.error(`The end could not be reported: ${error instanceof Error ? error.message : "unknown error"}`);
	}
}

/** Aborted after `ms`, or a while after the runner was told to stop. */
function deadline(ms: number, stopped: AbortSignal): AbortSignal {
	const over = new AbortController();
	const within = (limit: number) => setTimeout(() => over.abort(), limit).unref();
	within(ms);
	whenAborted(stopped, over.signal, () => within(WITHIN_WHEN_STOPPED_MS));
	return over.signal;
}

function whenAborted(signal: AbortSignal, unless: AbortSignal, then: () => void): void {
	if (signal.aborted) then();
	else signal.addEventListener("abort", then, { once: true, signal: unless });
}
