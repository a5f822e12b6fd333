import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Work } from "../../src/ports/runner-protocol.ts";
import { LeaseLost, pause, type RunnerClient } from "./client.ts";
import type { StopSwitch } from "./stop-switch.ts";

export interface LeaseOptions {
	readonly client: RunnerClient;
	readonly work: Work;
	readonly stop: StopSwitch;
	/** What a stopped process may take to end; it has to be gone before the lease is. */
	readonly graceMs: number;
	readonly log: Logger;
}

/**
 * A cancel reaches the work with the answer to a heartbeat, so this is what it waits at most. A hundred runners at work make 33 small
 * updates a second of it, which is little for Postgres; a long poll would be answered sooner, but hold a connection for each of them
 * and look into the table more often than they ask.
 */
const BEAT_EVERY_MS = 3_000;

/** Keeps the server told that the work is alive, and the work from living on when it cannot. */
export class Lease {
	readonly #options: LeaseOptions;
	readonly #leaseMs: number;
	/** What an answer may take: several tries fit into a lease. */
	readonly #answerMs: number;
	readonly #lost = new AbortController();
	readonly #ended = new AbortController();
	#silence: NodeJS.Timeout | null = null;

	constructor(options: LeaseOptions) {
		this.#options = options;
		this.#leaseMs = options.work.leaseSeconds * 1_000;
		this.#answerMs = this.#leaseMs / 4;
	}

	/** Aborted when the server gave the work up: whatever we still have to say of it, nobody listens. */
	get lost(): AbortSignal {
		return this.#lost.signal;
	}

	/**
	 * Heartbeats from now on. True when the first one came through: only then may the work begin, because the answer to a claim
	 * can be lost, and the server may have given the same work to somebody else since.
	 */
	async begin(): Promise<boolean> {
		const until = AbortSignal.any([this.lost, AbortSignal.timeout(this.#leaseMs / 2)]);
		for (let failures = 0; !until.aborted; failures++) {
			if (await this.#beat()) {
				void this.#keepBeating();
				return true;
			}
			await pause(failures, until);
		}
		this.end();
		return false;
	}

	end(): void {
		this.#ended.abort();
		if (this.#silence) clearTimeout(this.#silence);
	}

	async #keepBeating(): Promise<void> {
		const over = AbortSignal.any([this.#ended.signal, this.lost]);
		let failures = 0;
		while (!over.aborted) {
			if (failures > 0) await pause(failures, over);
			else await sleep(Math.min(BEAT_EVERY_MS, this.#answerMs), undefined, { signal: over }).catch(() => undefined);
			if (over.aborted) return;
			failures = (await this.#beat()) ? 0 : failures + 1;
		}
	}

	async #beat(): Promise<boolean> {
		const { client, work, stop, log } = this.#options;
		const sentAt = performance.now();
		try {
			const beaten = await client.heartbeat(work.jobId, { lease: work.lease }, this.#ended.signal, this.#answerMs);
			this.#heard(sentAt);
			if (beaten.cancel) stop.pull("cancelled");
			return true;
		} catch (error) {
			if (this.#ended.signal.aborted) return false;
			log.warn({ jobId: work.jobId }, `Heartbeat: ${error instanceof Error ? error.message : "failed"}`);
			if (error instanceof LeaseLost) this.lose();
			return false;
		}
	}

	/** The server said, to a heartbeat or to anything else, that the work is not ours any more. */
	lose(): void {
		this.#options.stop.pull("lease_lost");
		this.#lost.abort();
	}

	/** The lease runs from when the server heard us, which is not before we spoke. */
	#heard(sentAt: number): void {
		if (this.#ended.signal.aborted) return;
		const marginMs = Math.min(this.#options.graceMs + 2_000, this.#leaseMs / 2);
		if (this.#silence) clearTimeout(this.#silence);
		const left = this.#leaseMs - marginMs - (performance.now() - sentAt);
		this.#silence = setTimeout(() => this.#options.stop.pull("out_of_touch"), Math.max(0, left));
	}
}

/** How long a process may take to end, so that it is gone before the lease is. */
export function graceWithin(leaseSeconds: number, graceMs: number): number {
	return Math.min(graceMs, leaseSeconds * 400);
}
