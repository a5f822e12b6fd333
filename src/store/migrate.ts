import type { QueryRunner } from "typeorm";
import { openDataSource } from "./data-source.ts";

/** Any number that only we use: two replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 4_711_330_214;
const TOLD_AFTER_MS = 3_000;

/**
 * Brings the database to this version's schema. Safe to run at the same time from several processes. Nothing of it is timed: an index
 * over a large table takes as long as it takes, and so does the wait for whoever migrates already (`waits` is called when it is long).
 */
export async function migrate(url: string, waits: () => void = () => {}): Promise<{ applied: string[] }> {
	const db = await openDataSource(url, { poolSize: 2, untimed: true });
	try {
		const guard = db.createQueryRunner();
		await guard.connect();
		try {
			await takeLock(guard, waits);
			const applied = await db.runMigrations();
			return { applied: applied.map((migration) => migration.name) };
		} finally {
			await guard.query("SELECT pg_advisory_unlock($1)", [MIGRATION_LOCK]);
			await guard.release();
		}
	} finally {
		await db.destroy();
	}
}

async function takeLock(guard: QueryRunner, waits: () => void): Promise<void> {
	const long = setTimeout(waits, TOLD_AFTER_MS);
	try {
		await guard.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
	} finally {
		clearTimeout(long);
	}
}
