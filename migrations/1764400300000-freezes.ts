import type { MigrationInterface, QueryRunner } from "typeorm";

/** Freezes by hand: one for each scope that somebody named. They hold by globs, so also for environments that come later. */
export class Freezes1764400300000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(`CREATE TABLE release_freeze (
			projects text NOT NULL,
			environments text NOT NULL,
			person_id uuid NOT NULL CONSTRAINT release_freeze_person REFERENCES person(id),
			person_name text NOT NULL,
			reason text NOT NULL,
			until timestamptz,
			created_at timestamptz NOT NULL,
			PRIMARY KEY (projects, environments)
		)`);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE release_freeze");
	}
}
