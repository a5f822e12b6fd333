import type { MigrationInterface, QueryRunner } from "typeorm";

/** A job that ends the process which is at work on it is known by the claims that nothing was heard of. */
export class UnansweredClaims1764100300000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE job ADD COLUMN unanswered integer NOT NULL DEFAULT 0");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE job DROP COLUMN unanswered");
	}
}
