import type { Logger } from "pino";
import type { Sql } from "./runs.ts";

export interface DatabaseClock {
	readonly now: () => Date;
	stop(): void;
}

const EVERY_MS = 10_000;
const ASKED = 3;
/** More than this between a machine and the database is told. */
const TOLD_MS = 5_000;

/**
 * The clock of the database, as every replica reads it: what is due, who holds a job and for how long must not hang on whose machine is
 * ahead. Between two looks at it the machine's own clock goes on. When the database does not answer, the last difference holds.
 */
export async function startDatabaseClock(sql: Sql, log: Logger, own: () => number = Date.now): Promise<DatabaseClock> {
	let ahead = 0;
	let told = false;

	async function compare(times: number): Promise<void> {
		let best = Number.POSITIVE_INFINITY;
		for (let n = 0; n < times; n++) {
			const before = own();
			const [row]: { at: number }[] = await sql.query(
				"SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at",
			);
			const took = own() - before;
			if (row === undefined || took < 0 || took >= best) continue;
			best = took;
			// Somewhere between the two: what is within that is no news.
			const seen = row.at - before - took / 2;
			if (Math.abs(seen - ahead) > took / 2 || times > 1) ahead = seen;
		}
		const off = Math.abs(ahead) > TOLD_MS;
		if (off && !told)
			log.warn(
				{ differsByMs: Math.round(ahead) },
				"this machine's clock and the database's differ: the database's holds. Let both set their clocks by NTP",
			);
		told = off;
	}

	await compare(ASKED);
	const timer = setInterval(() => {
		compare(1).catch(() => {});
	}, EVERY_MS).unref();
	return { now: () => new Date(Math.round(own() + ahead)), stop: () => clearInterval(timer) };
}
