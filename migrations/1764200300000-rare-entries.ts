import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Entries of one action, newest first. What every run writes is left out: it is found at once by time, and the hot path has no index
 * more to write to.
 */
export class RareEntries1764200300000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(
			`CREATE INDEX audit_entry_rare ON audit_entry (action, at_ms, chain, seq)
			 WHERE action NOT IN ('run.requested','run.queued','run.dispatching','run.trigger_attempted','run.succeeded')`,
		);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP INDEX audit_entry_rare");
	}
}
