import type { DataSource } from "typeorm";
import { startServer, type Variables } from "../support/draven.ts";
import { until } from "./until.ts";

/** A server process that is killed again and again, and replaced at the same address. */
export interface MortalServer {
	readonly url: string;
	/** kill -9, at once. */
	die(): void;
	/** Waits for a condition; meanwhile a process that died is replaced. */
	reach(condition: () => Promise<boolean>): Promise<void>;
	/** Sends it again until it is answered well, as those do who send to us. */
	deliver(send: () => Promise<{ status: number }>): Promise<void>;
	stop(): Promise<unknown>;
}

/** `db`: past the process, to let the time of what it had taken run out. */
export async function startMortalServer(db: DataSource, given: Variables): Promise<MortalServer> {
	let server = await startServer(given);
	const { url } = server;
	const variables = { ...given, PORT: new URL(url).port };

	async function replace(): Promise<void> {
		await server.kill();
		await db.query("UPDATE job SET run_at = now() WHERE done_at IS NULL AND attempts > 0 AND kind <> 'deadline'");
		await db.query("UPDATE runner_work SET lease_until = now() WHERE leased_by IS NOT NULL AND begun_at IS NULL");
		server = await startServer(variables);
	}

	async function reach(condition: () => Promise<boolean>): Promise<void> {
		await until(async () => {
			if (server.process.signalCode !== null) await replace();
			return condition();
		}, 60_000);
	}

	return {
		url,
		die: () => void server.process.kill("SIGKILL"),
		reach,
		deliver: (send) =>
			reach(async () => {
				const answer = await send().catch(() => null);
				return answer !== null && answer.status < 300;
			}),
		stop: () => server.stop(),
	};
}
