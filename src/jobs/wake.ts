import { Socket } from "node:net";
import type { Logger } from "pino";
import { CONNECTION_OPTIONS } from "../store/connection-options.ts";
import { NamedClient } from "../store/named-client.ts";

const CHANNEL = "draven_jobs";

export interface WakeUp {
	/** Tells this process's worker at once, and the other processes soon. */
	wake(): void;
	/** No connection is left behind, nor one that was being made. */
	stop(): Promise<void>;
}

export interface WakeUpOptions {
	/** The first pause before it connects again, ms; doubled each time, to 30 s. */
	readonly retryMs?: number;
	/** How often it looks whether the connection still stands, and how long it waits for the answer, ms. */
	readonly beatMs?: number;
	readonly answerWithinMs?: number;
}

const LONGEST_PAUSE_MS = 30_000;

/**
 * Says across processes that jobs were committed. Never inside the transaction (NOTIFY there makes commits queue up), and coalesced:
 * many commits in one moment are one notice. It is a hint; the workers' poll is what nothing depends on being lost.
 */
export async function startWakeUp(
	url: string,
	wakeHere: () => void,
	log: Logger,
	{ retryMs = 1_000, beatMs = 15_000, answerWithinMs = 5_000 }: WakeUpOptions = {},
): Promise<WakeUp> {
	let client: NamedClient | null = null;
	/** Of the connection that stands, or is being made: to end it whatever state it is in. */
	let socket: Socket | null = null;
	let due: NodeJS.Timeout | null = null;
	let retry: NodeJS.Timeout | undefined;
	let stopped = false;
	let pauses = 0;
	/** One statement at a time. */
	let sending: Promise<unknown> = Promise.resolve();
	let connecting: Promise<void> = Promise.resolve();

	function send(text: string): Promise<unknown> {
		sending = sending.then(() => client?.query(text)).catch(() => {});
		return sending;
	}

	async function connect(): Promise<void> {
		const line = new Socket();
		socket = line;
		const next = new NamedClient({
			...{ connectionString: url, application_name: "draven wake-up", stream: () => line, ...CONNECTION_OPTIONS },
			...{ query_timeout: answerWithinMs, connectionTimeoutMillis: answerWithinMs },
		});
		let stood = false;
		next.on("error", () => {});
		next.on("notification", wakeHere);
		next.on("end", () => {
			if (client === next) client = null;
			// One that failed is tried again by whoever tried it, and once.
			if (stood) later();
		});
		try {
			await next.connect();
			await next.query(`LISTEN ${CHANNEL}`);
		} catch (error) {
			line.destroy();
			throw error;
		}
		client = next;
		stood = true;
		pauses = 0;
		// What was said while nobody listened here.
		wakeHere();
	}

	function later(): void {
		if (stopped) return;
		const pause = Math.min(retryMs * 2 ** pauses, LONGEST_PAUSE_MS);
		pauses += 1;
		retry = setTimeout(() => {
			connecting = connect().catch((error: unknown) => {
				log.debug({ err: error }, "no wake-up from other processes for now: their jobs are found by polling");
				later();
			});
		}, pause).unref();
	}

	await connect();
	// A connection that went silent ends by this.
	const beat = setInterval(() => void send("SELECT 1"), beatMs).unref();
	return {
		wake() {
			wakeHere();
			due ??= setTimeout(() => {
				due = null;
				void send(`NOTIFY ${CHANNEL}`);
			}, 20).unref();
		},
		async stop() {
			stopped = true;
			clearInterval(beat);
			clearTimeout(retry);
			if (due !== null) clearTimeout(due);
			socket?.destroy();
			await connecting;
		},
	};
}
