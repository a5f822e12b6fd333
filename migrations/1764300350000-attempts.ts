import type { MigrationInterface, QueryRunner } from "typeorm";

/** The highest attempt that a provider spoke of: the end of one before it is no end while that one is at work. */
export class Attempts1764300350000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE run ADD COLUMN attempt integer NOT NULL DEFAULT 1");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE run DROP COLUMN attempt");
	}
}
