import type { MigrationInterface, QueryRunner } from "typeorm";

/** Reports look at what ended in a span of time. */
export class Reports1764200100000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("CREATE INDEX run_by_end ON run (finished_at) WHERE finished_at IS NOT NULL AND type <> 'dry-run'");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP INDEX run_by_end");
	}
}
