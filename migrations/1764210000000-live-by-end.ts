import type { MigrationInterface, QueryRunner } from "typeorm";

/** What is live is what went live last: runs end out of the order of their numbers when one waits and others pass. */
export class LiveByEnd1764210000000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(
			`CREATE INDEX run_by_end_there ON run (environment_id, finished_at DESC, number DESC)
			 WHERE finished_at IS NOT NULL AND started_at IS NOT NULL AND type <> 'dry-run'`,
		);
		await db.query("DROP INDEX run_succeeded");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("CREATE INDEX run_succeeded ON run (environment_id, number DESC) WHERE state = 'succeeded'");
		await db.query("DROP INDEX run_by_end_there");
	}
}
