import pg from "pg";
import type { Logger } from "pino";

const CHANNEL = "draven_jobs";

export interface WakeUp {
	/** Tells this process's worker at once, and the other processes soon. */
	wake(): void;
	stop(): Promise<void>;
}

/**
 * Says across processes that jobs were committed. Never inside the transaction (NOTIFY there makes commits queue up), and coalesced:
 * many commits in one moment are one notice. It is a hint; the workers' poll is what nothing depends on being lost.
 */
export async function startWakeUp(url: string, wakeHere: () => void, log: Logger): Promise<WakeUp> {
	let client: pg.Client | null = null;
	let due: NodeJS.Timeout | null = null;
	let stopped = false;

	async function connect(): Promise<void> {
		const next = new pg.Client({ connectionString: url, application_name: "draven wake-up" });
		next.on("error", () => {});
		next.on("notification", wakeHere);
		try {
			await next.connect();
			await next.query(`LISTEN ${CHANNEL}`);
		} catch (error) {
			await next.end().catch(() => {});
			throw error;
		}
		client = next;
		// Only of a connection that stood: one that failed is tried again by whoever tried it, and once.
		next.on("end", () => {
			client = null;
			if (!stopped) setTimeout(() => void reconnect(), 1_000).unref();
		});
	}

	async function reconnect(): Promise<void> {
		if (stopped) return;
		await connect().catch((error: unknown) => {
			log.debug({ err: error }, "no wake-up from other processes for now: their jobs are found by polling");
			setTimeout(() => void reconnect(), 2_000).unref();
		});
	}

	await connect();
	return {
		wake() {
			wakeHere();
			due ??= setTimeout(() => {
				due = null;
				client?.query(`NOTIFY ${CHANNEL}`).catch(() => {});
			}, 20).unref();
		},
		async stop() {
			stopped = true;
			if (due !== null) clearTimeout(due);
			await client?.end().catch(() => {});
		},
	};
}
