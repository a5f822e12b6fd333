import { openDataSource } from "./data-source.ts";

/** Any number that only we use: two replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 4_711_330_214;

/** Brings the database to this version's schema. Safe to run at the same time from several processes. */
export async function migrate(url: string): Promise<{ applied: string[] }> {
	const db = await openDataSource(url, { poolSize: 2 });
	try {
		const guard = db.createQueryRunner();
		await guard.connect();
		try {
			await guard.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
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
