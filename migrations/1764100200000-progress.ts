import type { MigrationInterface, QueryRunner } from "typeorm";

/** The one message of a run's thread that shows its jobs and steps. */
export class Progress1764100200000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(`CREATE TABLE run_progress (
			run_id uuid NOT NULL CONSTRAINT run_progress_run REFERENCES run(id),
			platform text NOT NULL,
			channel text NOT NULL,
			message_id text NOT NULL,
			shown text NOT NULL,
			edited_at timestamptz NOT NULL,
			PRIMARY KEY (run_id, platform)
		)`);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE run_progress");
	}
}
