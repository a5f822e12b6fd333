import type { MigrationInterface, QueryRunner } from "typeorm";

/** Those who clean up find what was given up long ago without reading every job. */
export class DeadJobs1764100600000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("CREATE INDEX job_dead ON job (dead_at) WHERE dead_at IS NOT NULL");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP INDEX job_dead");
	}
}
