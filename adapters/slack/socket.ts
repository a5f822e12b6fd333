import { setTimeout } from "node:timers/promises";
import { SocketModeReceiver } from "@slack/bolt";
import type { Logger } from "pino";
import { clientOptions } from "./api.ts";
import { type Body, isBody } from "./body.ts";
import type { IntakeReply } from "./intake.ts";
import { slackLogger } from "./slack-logger.ts";

export interface SocketOptions {
	readonly appToken: string;
	readonly apiUrl?: string;
	readonly take: (body: Body, fallbackId: string) => Promise<IntakeReply>;
	readonly log: Logger;
}

export interface Socket {
	/** Connects. Throws what Slack's library throws. */
	connect(): Promise<void>;
	close(): Promise<void>;
}

/** What one envelope of the socket brings. */
interface Envelope {
	readonly body?: unknown;
	readonly envelope_id?: unknown;
	readonly ack: (response?: unknown) => Promise<void>;
}

const HELLO_WITHIN_MS = 10_000;
const GOODBYE_WITHIN_MS = 2_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Socket Mode. We connect again by ourselves: the library's own way leaves a rejection unhandled when Slack is out of reach, which
 * would end the process.
 */
export function createSocket({ appToken, apiUrl, take, log }: SocketOptions): Socket {
	const { client } = new SocketModeReceiver({
		appToken,
		logger: slackLogger(log),
		autoReconnectEnabled: false,
		installerOptions: { clientOptions: clientOptions({ log, ...(apiUrl === undefined ? {} : { apiUrl }) }) },
	});
	let wanted = false;
	let connected = false;
	let again: NodeJS.Timeout | null = null;
	let wait = FIRST_WAIT_MS;
	/** Settles when the connection that is being opened is there, or will not be. */
	let opening: Promise<void> = Promise.resolve();

	client.on("slack_event", (envelope: Envelope) => void receive(envelope));
	client.on("connected", () => {
		connected = true;
		wait = FIRST_WAIT_MS;
	});
	client.on("disconnected", () => {
		// Slack ends each connection after some hours; the next one is opened at once.
		if (connected) reconnect(0);
		connected = false;
	});

	async function receive({ body, envelope_id, ack }: Envelope): Promise<void> {
		try {
			if (!isBody(body)) return;
			const reply = await take(body, String(envelope_id));
			// What is not acknowledged is sent again.
			if (reply.ok) await (reply.body === undefined ? ack() : ack(reply.body));
		} catch (error) {
			log.warn({ err: error }, "a request of Slack was not acknowledged; Slack sends it again");
		}
	}

	function reconnect(delay: number): void {
		if (!wanted || again !== null) return;
		again = globalThis.setTimeout(() => {
			again = null;
			wait = Math.min(wait * 2, LONGEST_WAIT_MS);
			opening = open().catch((error: unknown) => {
				log.warn({ err: error }, "Slack's socket could not be opened; it is tried again");
				reconnect(wait);
			});
		}, delay);
		again.unref();
	}

	async function open(): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = globalThis.setTimeout(() => reject(new Error("Slack did not say hello")), HELLO_WITHIN_MS);
		});
		const started = client.start();
		started.catch(() => {});
		try {
			await Promise.race([started, late]);
		} catch (error) {
			void client.disconnect();
			throw error ?? new Error("Slack's socket was closed before it was open");
		} finally {
			clearTimeout(timer);
		}
	}

	async function sayGoodbye(): Promise<void> {
		await opening;
		if (connected) await client.disconnect();
	}

	return {
		async connect() {
			wanted = true;
			await open();
		},
		async close() {
			wanted = false;
			if (again !== null) clearTimeout(again);
			again = null;
			// Slack need not say goodbye.
			await Promise.race([sayGoodbye(), setTimeout(GOODBYE_WITHIN_MS, undefined, { ref: false })]);
		},
	};
}
