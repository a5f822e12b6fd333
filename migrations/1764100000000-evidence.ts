import type { MigrationInterface, QueryRunner } from "typeorm";

/** What those who decide were shown is kept with the run. */
export class Evidence1764100000000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE run ADD COLUMN evidence jsonb");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE run DROP COLUMN evidence");
	}
}
